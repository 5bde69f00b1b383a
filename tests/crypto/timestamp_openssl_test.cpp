// SPDX-License-Identifier: Apache-2.0
// Real replies of `openssl ts`: what we accept it accepts, too, and not always the other way round.
#include "atp/crypto/timestamp.hpp"
#include "crypto/timestamp_rules.hpp"

namespace atp {
namespace {

using test::kImprint;
using test::kOther;
using test::ReplyOptions;
using enum TimestampState;

class TimestampCommand : public test::TimestampRules {
 protected:
  static ReplyOptions with_chain(const std::string& signer = "tsa") {
    return {.signer = signer, .certificates = "ca"};
  }
};

TEST_F(TimestampCommand, T050_AnswersOurRequests) {
  SystemRandom random;
  const auto start = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto request = make_timestamp_request(kImprint, std::string(test::kPolicy), random);
  const Bytes reply = openssl_->reply_to(request.der, with_chain());
  const CheckedTimestamp checked = check_timestamp(reply, kImprint, {authority_, 1}, request.nonce,
                                                   std::chrono::system_clock::now());
  EXPECT_EQ(checked.state, verified) << checked.detail;
  EXPECT_GE(checked.gen_time, start);
  EXPECT_TRUE(openssl_->accepts(reply, kImprint));
  const Bytes other = make_timestamp_request(kImprint, {}, random).nonce;
  EXPECT_EQ(check_timestamp(reply, kImprint, {authority_, 1}, other, {}).state, wrong_nonce);
  EXPECT_EQ(check_timestamp(reply, kOther, {authority_, 1}, {}, {}).state, wrong_imprint);
}

TEST_F(TimestampCommand, T050_KeysAndDigestsOfAllKindsAreVerified) {
  openssl_->certify("rsa", {.issuer = "ca", .key = "RSA -pkeyopt rsa_keygen_bits:2048"});
  openssl_->certify("p384", {.issuer = "ca", .key = "EC -pkeyopt ec_paramgen_curve:P-384"});
  const TimestampAuthority pinning = openssl_->authority({"tsa", "rsa", "p384"});
  for (const char* signer : {"tsa", "rsa", "p384"}) {
    for (const char* digest : {"sha256", "sha384", "sha512", "sha1"}) {
      ReplyOptions options = with_chain(signer);
      options.settings = std::string("signer_digest=") + digest + "\nclock_precision_digits=6\n";
      const Bytes reply = openssl_->reply(kImprint, options);
      const CheckedTimestamp checked = check_timestamp(reply, kImprint, {&pinning, 1}, {}, {});
      const bool weak = std::string(digest) == "sha1";
      EXPECT_EQ(checked.state, weak ? bad_signature : verified)
          << signer << " " << digest << ": " << checked.detail;
      EXPECT_TRUE(openssl_->accepts(reply, kImprint)) << signer << " " << digest;
    }
  }
}

TEST_F(TimestampCommand, T050_ARefusalIsRejected) {
  ReplyOptions options = with_chain();
  options.query = "-tspolicy 1.2.3.4";
  const CheckedTimestamp checked = check(openssl_->reply(kImprint, options));
  EXPECT_EQ(checked.state, rejected);
  EXPECT_EQ(
      checked.detail,
      "expected granted, found rejection, unacceptedPolicy: Requested policy is not supported.");
}

TEST_F(TimestampCommand, T050_AnotherPolicyIsRefused) {
  ReplyOptions options = with_chain();
  options.query = "-tspolicy " + std::string(test::kOtherPolicy);
  const Bytes reply = openssl_->reply(kImprint, options);
  EXPECT_EQ(check(reply).state, wrong_policy);
  EXPECT_TRUE(openssl_->accepts(reply, kImprint));
}

TEST_F(TimestampCommand, T050_ACertificateNamedBySha1IsRefused) {
  ReplyOptions options = with_chain();
  options.settings = "ess_cert_id_alg=sha1\n";
  const Bytes reply = openssl_->reply(kImprint, options);
  const CheckedTimestamp checked = check(reply);
  EXPECT_EQ(checked.state, bad_signature);
  EXPECT_EQ(checked.detail,
            "expected one signed attribute id-smime-aa-signingCertificateV2, found 0");
  EXPECT_TRUE(openssl_->accepts(reply, kImprint));
}

TEST_F(TimestampCommand, T050_AnotherSignerOfTheSameRootIsRefused) {
  openssl_->certify("another", {.issuer = "ca"});
  const Bytes reply = openssl_->reply(kImprint, with_chain("another"));
  EXPECT_EQ(check(reply).state, untrusted_authority);
  EXPECT_TRUE(openssl_->accepts(reply, kImprint));
}

TEST_F(TimestampCommand, T050_AnEndedSignerIsRefused) {
  openssl_->certify("ended", {.issuer = "ca", .to = "20250201000000Z"});
  const TimestampAuthority pinning = openssl_->authority({"ended"});
  const Bytes reply = openssl_->reply(kImprint, with_chain("ended"));
  EXPECT_EQ(check_timestamp(reply, kImprint, {&pinning, 1}, {}, {}).state,
            certificate_invalid_at_gen_time);
  EXPECT_FALSE(openssl_->accepts(reply, kImprint));
}

TEST_F(TimestampCommand, T050_ATokenWithoutItsIntermediateHasNoChain) {
  EXPECT_EQ(check(openssl_->reply(kImprint)).state, untrusted_authority);
  EXPECT_EQ(check(openssl_->reply(kImprint, {.certificates = "ca root"})).state, verified);
}

// A time-stamp of one certificate below its root, so that all of the token is the signer's.
class TimestampTampering : public TimestampCommand {
 protected:
  static TimestampAuthority certify_below_root(const std::string& name, const std::string& key) {
    openssl_->certify(name, {.issuer = "root", .key = key});
    return openssl_->authority({name});
  }
  /// Where a flipped bit is not noticed.
  static std::vector<std::size_t> unnoticed(const Bytes& reply, const TimestampAuthority& pinning) {
    std::vector<std::size_t> found;
    Bytes changed = reply;
    for (std::size_t bit = 0; bit < 8 * changed.size(); ++bit) {
      const std::byte mask{static_cast<unsigned char>(1u << bit % 8)};
      changed[bit / 8] ^= mask;
      const auto state = check_timestamp(changed, kImprint, {&pinning, 1}, {}, {}).state;
      if (state == verified) found.push_back(bit);
      changed[bit / 8] ^= mask;
    }
    return found;
  }
  static std::size_t place_of(const Bytes& part, const Bytes& whole) {
    return static_cast<std::size_t>(
        std::search(whole.begin(), whole.end(), part.begin(), part.end()) - whole.begin());
  }
};

// PKIStatus: 0 is granted, 1 is granted with changes. Nobody signs it, and both are grants.
TEST_F(TimestampTampering, T050_OfAllBitsOnlyTheKindOfGrantIsNotAuthenticated) {
  const auto pinning = certify_below_root("direct", "EC -pkeyopt ec_paramgen_curve:P-256");
  const Bytes reply = openssl_->reply(kImprint, {.signer = "direct"});
  ASSERT_EQ(check_timestamp(reply, kImprint, {&pinning, 1}, {}, {}).state, verified);
  const std::size_t status = place_of(test::sequence({test::integer(0)}), reply) + 4;
  EXPECT_EQ(unnoticed(reply, pinning), std::vector<std::size_t>{8 * status});
}

// rsaEncryption leaves the digest to the signer info; sha256WithRSAEncryption says the same again.
TEST_F(TimestampTampering, T050_AnRsaSignatureHasTwoNamesAndNoThird) {
  const auto pinning = certify_below_root("direct_rsa", "RSA -pkeyopt rsa_keygen_bits:2048");
  const Bytes reply = openssl_->reply(kImprint, {.signer = "direct_rsa"});
  const Bytes name = test::join({test::hex("06092a864886f70d010101"), test::hex("050004820100")});
  const std::size_t last_arc = place_of(name, reply) + 10;
  ASSERT_LT(last_arc, reply.size());
  std::vector<unsigned> accepted;
  for (unsigned arc = 0; arc < 256; ++arc) {
    Bytes changed = reply;
    changed[last_arc] = static_cast<std::byte>(arc);
    if (check_timestamp(changed, kImprint, {&pinning, 1}, {}, {}).state == verified)
      accepted.push_back(arc);
  }
  EXPECT_EQ(accepted, (std::vector<unsigned>{1, 11}));
}

}  // namespace
}  // namespace atp
