// SPDX-License-Identifier: Apache-2.0
// The rules for time-stamp tokens: the signer's certificate, and the chain to the pinned root.
#include "crypto/timestamp_rules.hpp"

namespace atp {
namespace {

using test::at;
using test::CertificateOptions;
using test::error_kind;
using test::join;
using test::kCaExtensions;
using test::kImprint;
using test::Reply;
using test::time_element;
using test::TimestampRules;
using enum TimestampState;

// The signer's certificate.

TEST_F(TimestampRules, T050_TheSignerIsForTimeStampingAlone) {
  const auto expect = [](const std::string& name, const std::string& usage,
                         const std::string& detail) {
    const CheckedTimestamp checked =
        check_signer(name, {.issuer = "ca", .extensions = "basicConstraints=CA:false\n" + usage});
    EXPECT_EQ(checked.state, detail.empty() ? verified : wrong_usage) << name;
    EXPECT_EQ(checked.detail, detail) << name;
  };
  const std::string alone = "expected time-stamping alone as extended key usage, found another";
  expect("plain", "extendedKeyUsage=critical,timeStamping\n", "");
  expect("uncritical", "extendedKeyUsage=timeStamping\n",
         "expected a critical extended key usage, found another");
  expect("more", "extendedKeyUsage=critical,timeStamping,emailProtection\n", alone);
  expect("unknown_more", "extendedKeyUsage=critical,timeStamping,1.2.3.4\n", alone);
  expect("others", "extendedKeyUsage=critical,codeSigning\n", alone);
  expect("any", "extendedKeyUsage=critical,anyExtendedKeyUsage\n", alone);
  expect("none", "", "expected one extended key usage, found none or several");
}

TEST_F(TimestampRules, T050_TheSignersKeyIsForSignatures) {
  const auto check_usage = [](const std::string& name, const std::string& usage) {
    return check_signer(
        name, {.issuer = "ca", .extensions = "extendedKeyUsage=critical,timeStamping\n" + usage});
  };
  EXPECT_EQ(check_usage("no_basic_constraints", "").state, verified);
  EXPECT_EQ(check_usage("repudiation", "keyUsage=critical,nonRepudiation\n").state, verified);
  EXPECT_EQ(check_usage("both", "keyUsage=critical,digitalSignature,keyAgreement\n").state,
            wrong_usage);
  const CheckedTimestamp agreement = check_usage("agreement", "keyUsage=critical,keyAgreement\n");
  EXPECT_EQ(agreement.state, wrong_usage);
  EXPECT_EQ(agreement.detail, "expected a key usage of digital signatures, found another");
}

TEST_F(TimestampRules, T050_ACaIsNoSigner) {
  const std::string usage = "extendedKeyUsage=critical,timeStamping\n";
  EXPECT_EQ(check_signer("ca_leaf", {.issuer = "ca",
                                     .extensions = "basicConstraints=critical,CA:true\n" + usage})
                .state,
            wrong_usage);
  EXPECT_EQ(
      check_signer("half_ca", {.issuer = "ca",
                               .extensions = "keyUsage=keyCertSign,digitalSignature\n" + usage})
          .state,
      wrong_usage);
  EXPECT_EQ(
      check_signer("own_root", {.issuer = "", .extensions = std::string(kCaExtensions) + usage})
          .state,
      wrong_usage);
}

// The chain.

TEST_F(TimestampRules, T050_TheChainIsJudgedAtTheTokensTime) {
  const CertificateOptions brief = {
      .issuer = "ca", .from = "20260101000000Z", .to = "20260102000000Z"};
  openssl_->certify("brief", brief);
  const TimestampAuthority pinning = openssl_->authority({"brief"});
  Reply reply = sound("brief");
  const auto check_at = [&](std::string_view time) {
    reply.time = time_element(time);
    return check_timestamp(signed_by("brief", reply), kImprint, {&pinning, 1}, {}, {});
  };
  EXPECT_EQ(check_at("20251231235959Z").state, certificate_invalid_at_gen_time);
  EXPECT_EQ(check_at("20260101000000Z").state, verified);
  EXPECT_EQ(check_at("20260101120000.5Z").certificate_ends, at("2026-01-02T00:00:00Z"));
  EXPECT_EQ(check_at("20260101235959.999Z").state, verified);
  EXPECT_EQ(check_at("20260102000000Z").state, certificate_invalid_at_gen_time);
}

TEST_F(TimestampRules, T050_EachCertificateOfTheChainIsValidThen) {
  openssl_->certify(
      "ended_ca",
      {.issuer = "root", .extensions = std::string(kCaExtensions), .to = "20260101000000Z"});
  openssl_->certify("under_ended", {.issuer = "ended_ca"});
  openssl_->certify(
      "ended_root",
      {.issuer = "", .extensions = std::string(kCaExtensions), .to = "20260101000000Z"});
  openssl_->certify("under_ended_root", {.issuer = "ended_root"});
  const TimestampAuthority authorities[] = {
      openssl_->authority({"under_ended"}),
      openssl_->authority({"under_ended_root"}, "ended_root")};
  Reply reply = test::sound_reply(kImprint, openssl_->certificate("under_ended"));
  reply.certificates = join({reply.certificates, openssl_->certificate("ended_ca")});
  EXPECT_EQ(check_timestamp(signed_by("under_ended", reply), kImprint, authorities, {}, {}).state,
            certificate_invalid_at_gen_time);
  reply.time = time_element("20251231000000Z");
  EXPECT_EQ(check_timestamp(signed_by("under_ended", reply), kImprint, authorities, {}, {})
                .certificate_ends,
            at("2026-01-01T00:00:00Z"));
  reply = test::sound_reply(kImprint, openssl_->certificate("under_ended_root"));
  EXPECT_EQ(
      check_timestamp(signed_by("under_ended_root", reply), kImprint, authorities, {}, {}).state,
      certificate_invalid_at_gen_time);
}

TEST_F(TimestampRules, T050_TheChainEndsAtThePinnedRoot) {
  openssl_->certify("other_root", {.issuer = "", .extensions = std::string(kCaExtensions)});
  // Its own root lies in the bag, as an anchor would.
  EXPECT_EQ(
      check_signer("stranger", {.issuer = "other_root"}, openssl_->certificate("other_root")).state,
      untrusted_authority);
  // Without the intermediate there is no chain.
  EXPECT_EQ(check_with(&Reply::certificates, *certificate_).state, untrusted_authority);
}

TEST_F(TimestampRules, T050_ARootIsPinnedByItsKeyAndNotItsName) {
  openssl_->certify("false_root",
                    {.issuer = "", .extensions = std::string(kCaExtensions), .subject = "root"});
  EXPECT_EQ(check_signer("under_false", {.issuer = "false_root"}, {}).state, untrusted_authority);
}

TEST_F(TimestampRules, T050_AnIntermediateIsACa) {
  openssl_->certify("leaf", {.issuer = "ca"});
  const Bytes bag = join({*intermediate_, openssl_->certificate("leaf")});
  EXPECT_EQ(check_signer("under_leaf", {.issuer = "leaf"}, bag).state, untrusted_authority);
}

TEST_F(TimestampRules, T050_AChainHasFourIntermediatesAtMost) {
  std::string issuer = "ca";
  Bytes bag = *intermediate_;
  for (const std::string number : {"2", "3", "4", "5"}) {
    openssl_->certify("ca" + number, {.issuer = issuer, .extensions = std::string(kCaExtensions)});
    issuer = "ca" + number;
    bag = join({openssl_->certificate(issuer), bag});
    EXPECT_EQ(check_signer("below" + number, {.issuer = issuer}, bag).state,
              number == "5" ? untrusted_authority : verified)
        << number;
  }
}

TEST_F(TimestampRules, T048_WeakKeysAndDigestsInTheChainAreRefused) {
  const std::string ca(kCaExtensions);
  openssl_->certify(
      "weak_ca", {.issuer = "root", .extensions = ca, .key = "RSA -pkeyopt rsa_keygen_bits:1024"});
  openssl_->certify(
      "curve_ca",
      {.issuer = "root", .extensions = ca, .key = "EC -pkeyopt ec_paramgen_curve:secp256k1"});
  openssl_->certify("sha1_ca", {.issuer = "root", .extensions = ca, .digest = "sha1"});
  for (const std::string issuer : {"weak_ca", "curve_ca", "sha1_ca"}) {
    EXPECT_EQ(
        check_signer("under_" + issuer, {.issuer = issuer}, openssl_->certificate(issuer)).state,
        untrusted_authority)
        << issuer;
  }
}

TEST_F(TimestampRules, T050_InjectedCertificatesChangeNothing) {
  // Of the intermediate's name with another key, of the signer's name, and one that has ended.
  openssl_->certify("evil_root",
                    {.issuer = "", .extensions = std::string(kCaExtensions), .subject = "root"});
  openssl_->certify(
      "evil_ca",
      {.issuer = "evil_root", .extensions = std::string(kCaExtensions), .subject = "ca"});
  openssl_->certify("evil_tsa", {.issuer = "evil_ca", .subject = "tsa"});
  openssl_->certify("old_ca",
                    {.issuer = "root", .extensions = std::string(kCaExtensions), .subject = "ca"});
  const Bytes evil = join({openssl_->certificate("evil_root"), openssl_->certificate("evil_ca"),
                           openssl_->certificate("evil_tsa"), openssl_->certificate("old_ca")});
  Reply reply = sound();
  const CheckedTimestamp without = check(reply);
  const Bytes own = reply.certificates;
  reply.certificates = join({evil, own});
  EXPECT_EQ(check(reply), without);
  reply.certificates = join({own, evil});
  EXPECT_EQ(check(reply), without);
  reply.certificates = join({own, own, openssl_->certificate("root"), own});
  EXPECT_EQ(check(reply), without);
}

TEST_F(TimestampRules, T050_ManyInjectedCertificatesAreSoonPassedOver) {
  // By name each is issued by the root or by each other, and has issued the signer.
  const std::string ca(kCaExtensions);
  openssl_->certify("no_root", {.issuer = "", .extensions = ca, .subject = "root"});
  openssl_->certify("fake", {.issuer = "no_root", .extensions = ca, .subject = "ca"});
  openssl_->certify("loop", {.issuer = "", .extensions = ca, .subject = "ca"});
  Bytes fakes;
  for (const char* name : {"fake", "loop"}) {
    Bytes fake = openssl_->certificate(name);
    for (unsigned i = 0; i < 80; ++i) {
      fake.back() = static_cast<std::byte>(i);
      fakes = join({fakes, fake});
    }
  }
  Reply reply = sound();
  const CheckedTimestamp without = check(reply);
  reply.certificates = join({fakes, reply.certificates});
  EXPECT_EQ(check(reply), without);
}

TEST_F(TimestampRules, T050_AnIntermediateMayBePinnedAsRoot) {
  const TimestampAuthority pinning = openssl_->authority({"tsa"}, "ca");
  const Bytes reply = signed_by("tsa", sound());
  EXPECT_EQ(check_timestamp(reply, kImprint, {&pinning, 1}, {}, {}).state, verified);
}

TEST_F(TimestampRules, T050_OfSeveralAuthoritiesTheFirstThatAcceptsDecides) {
  openssl_->certify("second", {.issuer = "ca"});
  TimestampAuthority other_policy = *authority_;
  other_policy.name = "other policy";
  other_policy.policies = {std::string(test::kOtherPolicy)};
  TimestampAuthority second = openssl_->authority({"second"});
  second.name = "second";
  const TimestampAuthority authorities[] = {second, other_policy, *authority_};
  const auto check_all = [&](const Bytes& reply) {
    return check_timestamp(reply, kImprint, authorities, {}, {});
  };
  EXPECT_EQ(check_all(signed_by("tsa", sound())).authority, "local");
  TimestampAuthority twin = *authority_;
  twin.name = "twin";
  const TimestampAuthority twins[] = {twin, *authority_, other_policy};
  EXPECT_EQ(check_timestamp(signed_by("tsa", sound()), kImprint, twins, {}, {}).authority, "twin");
  EXPECT_EQ(check_all(signed_by("second", sound("second"))).authority, "second");
}

// Authorities.

TEST_F(TimestampRules, T050_AuthoritiesAreChecked) {
  const auto error_with = [](auto change) {
    TimestampAuthority authority = *authority_;
    change(authority);
    const auto error = error_kind([&] { check_authority(authority); });
    EXPECT_EQ(error_kind([&] { check_timestamp({}, kImprint, {&authority, 1}, {}, {}); }), error);
    return error;
  };
  const auto bad = ErrorKind::invalid_argument;
  EXPECT_EQ(error_with([](auto&) {}), std::nullopt);
  EXPECT_EQ(error_with([](auto& a) { a.root = {}; }), bad);
  EXPECT_EQ(error_with([](auto& a) { a.root.push_back(std::byte{0}); }), bad);
  EXPECT_EQ(error_with([](auto& a) { a.root = *certificate_; }), bad) << "no ca";
  EXPECT_EQ(error_with([](auto& a) { a.signers.clear(); }), bad);
  EXPECT_EQ(error_with([](auto& a) { a.policies.clear(); }), bad);
  for (const std::string policy : {"", "1", "1.2.03", "1 2", "timeStamping", "1.2.x", "4.1.2"})
    EXPECT_EQ(error_with([&](auto& a) { a.policies.push_back(policy); }), bad) << policy;
}

TEST_F(TimestampRules, T048_RootsHaveStrongKeys) {
  const auto error_with = [](const std::string& name, const std::string& key) {
    openssl_->certify(name, {.issuer = "", .extensions = std::string(kCaExtensions), .key = key});
    return error_kind([&] { check_authority(openssl_->authority({"tsa"}, name)); });
  };
  const std::string curve = "EC -pkeyopt ec_paramgen_curve:";
  EXPECT_EQ(error_with("rsa1024", "RSA -pkeyopt rsa_keygen_bits:1024"),
            ErrorKind::invalid_argument);
  EXPECT_EQ(error_with("p224", curve + "secp224r1"), ErrorKind::invalid_argument);
  EXPECT_EQ(error_with("k256", curve + "secp256k1"), ErrorKind::invalid_argument);
  EXPECT_EQ(error_with("rsa2048", "RSA -pkeyopt rsa_keygen_bits:2048"), std::nullopt);
  EXPECT_EQ(error_with("p384", curve + "P-384"), std::nullopt);
  EXPECT_EQ(error_with("p521", curve + "P-521"), std::nullopt);
}

}  // namespace
}  // namespace atp
