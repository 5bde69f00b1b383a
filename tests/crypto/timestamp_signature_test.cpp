// SPDX-License-Identifier: Apache-2.0
// The rules for time-stamp tokens: whose certificate it is, and whether that signed.
#include "crypto/timestamp_rules.hpp"

namespace atp {
namespace {

using test::algorithm;
using test::attribute;
using test::integer;
using test::join;
using test::kImprint;
using test::kOther;
using test::octets;
using test::Reply;
using test::sequence;
using test::set;
using test::TimestampRules;
using enum TimestampState;

TEST_F(TimestampRules, T050_OnlyPinnedSignersAreAccepted) {
  openssl_->certify("unpinned", {.issuer = "ca"});
  const CheckedTimestamp checked = check(signed_by("unpinned", sound("unpinned")));
  EXPECT_EQ(checked.state, untrusted_authority);
  EXPECT_EQ(checked.detail,
            "expected a pinned signer, found key " + openssl_->pin("unpinned").hex());
  EXPECT_EQ(check_timestamp(signed_by("tsa", sound()), kImprint, {}, {}, {}).state,
            untrusted_authority);
}

TEST_F(TimestampRules, T050_TheSignersCertificateIsInTheToken) {
  EXPECT_EQ(check_with(&Reply::certificates, {}).state, malformed);
  EXPECT_EQ(check_with(&Reply::certificates, *intermediate_).state, malformed);
}

TEST_F(TimestampRules, T050_TheCertificateIsTheOneThatBothNamesMean) {
  Reply reply = sound();
  reply.certificate_attribute = test::signing_certificate_v2(*intermediate_);
  EXPECT_EQ(check(reply).state, bad_signature);
  // The signer info names the intermediate, which the attribute does not.
  reply = sound();
  reply.issuer_and_serial = test::sound_reply(kImprint, *intermediate_).issuer_and_serial;
  EXPECT_EQ(check(reply).state, bad_signature);
}

TEST_F(TimestampRules, T050_ASignerDoesNotBorrowThePinnedCertificate) {
  // Another key of the same CA signs; the pinned certificate lies in the bag, first.
  openssl_->certify("borrower", {.issuer = "ca"});
  Reply reply = sound("borrower");
  reply.certificates = join({*certificate_, reply.certificates});
  EXPECT_EQ(check(signed_by("borrower", reply)).state, untrusted_authority);
  // It names the pinned one, which then did not sign.
  EXPECT_EQ(check(signed_by("borrower", sound())).state, bad_signature);
}

TEST_F(TimestampRules, T050_TheSigningCertificateIsNamedBySha256) {
  const Bytes hash = octets(sha256(*certificate_).view());
  const auto named = [](const Bytes& oid, std::initializer_list<ByteView> id) {
    return attribute(oid, sequence({sequence({sequence(id)})}));
  };
  const auto state_with = [](const Bytes& attribute) {
    return check_with(&Reply::certificate_attribute, attribute).state;
  };
  const Bytes& v2 = test::kSigningCertificateV2Oid;
  EXPECT_EQ(state_with(named(v2, {algorithm(test::kSha256Oid), hash})), verified);
  EXPECT_EQ(state_with(named(v2, {algorithm(test::kSha384Oid), hash})), bad_signature);
  EXPECT_EQ(state_with(named(v2, {octets(kOther.view())})), bad_signature);
  EXPECT_EQ(state_with(named(v2, {octets({})})), bad_signature);
  EXPECT_EQ(state_with(named(test::kSigningCertificateOid, {hash})), bad_signature);
  EXPECT_EQ(state_with({}), bad_signature);
  EXPECT_EQ(state_with(attribute(v2, sequence({sequence({})}))), malformed);
  EXPECT_EQ(state_with(attribute(v2, octets({}))), bad_signature);
  const Bytes twice = test::signing_certificate_v2(*certificate_);
  EXPECT_EQ(state_with(join({twice, twice})), bad_signature);
}

TEST_F(TimestampRules, T050_OnlyTheFirstNamedCertificateIsTheSigners) {
  const Bytes own = sequence({octets(sha256(*certificate_).view())});
  const Bytes other = sequence({octets(kOther.view())});
  const auto state_with = [](std::initializer_list<ByteView> ids) {
    return check_with(&Reply::certificate_attribute,
                      attribute(test::kSigningCertificateV2Oid, sequence({sequence(ids)})))
        .state;
  };
  EXPECT_EQ(state_with({own, other}), verified);
  EXPECT_EQ(state_with({other, own}), bad_signature);
}

// The signature.

TEST_F(TimestampRules, T050_SignedAttributesSayWhatIsSigned) {
  const auto state_with = [](Bytes Reply::*part, const Bytes& value) {
    return check_with(part, value).state;
  };
  const auto content = &Reply::content_type_attribute;
  EXPECT_EQ(state_with(content, attribute(test::kContentTypeOid, test::kDataOid)), bad_signature);
  EXPECT_EQ(state_with(content, {}), bad_signature);
  Reply reply = sound();
  reply.message_digest_attribute = Bytes();
  EXPECT_EQ(check(reply).state, bad_signature);
  reply.message_digest_attribute = attribute(test::kMessageDigestOid, octets(kOther.view()));
  EXPECT_EQ(check(reply).state, bad_signature);
}

TEST_F(TimestampRules, T050_ContentThatIsNotWhatWasSignedIsRefused) {
  Reply reply = sound();
  reply.message_digest_attribute =
      attribute(test::kMessageDigestOid, octets(sha256(test::info_of(reply)).view()));
  reply.serial = integer(0x2b);
  EXPECT_EQ(check(reply).state, bad_signature);
}

TEST_F(TimestampRules, T048_AlgorithmsAreThoseOfTheKeyAndNotWeak) {
  EXPECT_EQ(check_with(&Reply::signature_algorithm, algorithm(test::kEcdsaSha384Oid)).state,
            bad_signature);
  EXPECT_EQ(check_with(&Reply::signature_algorithm, algorithm(test::kSha256WithRsaOid)).state,
            bad_signature);
  EXPECT_EQ(check_with(&Reply::signature_algorithm, algorithm(test::kSha256Oid)).state,
            bad_signature);
  Reply reply = sound();
  reply.digest_algorithm = algorithm(test::kSha1Oid);
  reply.digest_algorithms = set({algorithm(test::kSha1Oid)});
  EXPECT_EQ(check(reply).state, bad_signature);
  EXPECT_EQ(check_with(&Reply::digest_algorithms, set({algorithm(test::kSha384Oid)})).state,
            malformed);
}

}  // namespace
}  // namespace atp
