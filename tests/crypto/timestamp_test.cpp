// SPDX-License-Identifier: Apache-2.0
// The rules for time-stamp tokens: each test has a token in which exactly one thing is wrong.
// Here: its form, what it is about, and when.
#include "atp/crypto/timestamp.hpp"

#include "crypto/timestamp_rules.hpp"
#include "support/sequence_random.hpp"

namespace atp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::attribute;
using test::der;
using test::error_kind;
using test::hex;
using test::imprint_element;
using test::integer;
using test::join;
using test::kImprint;
using test::kOther;
using test::octets;
using test::Reply;
using test::sequence;
using test::time_element;
using test::TimestampRules;
using enum TimestampState;

TEST_F(TimestampRules, T050_ASoundTokenIsVerified) {
  EXPECT_TRUE(openssl_->accepts(signed_by("tsa", sound()), kImprint));
  EXPECT_EQ(check(sound()), (CheckedTimestamp{.state = verified,
                                              .gen_time = at("2026-01-02T03:04:05Z"),
                                              .authority = "local",
                                              .certificate_ends = at("2048-01-01T00:00:00Z"),
                                              .serial = "2a"}));
}

// Structure.

TEST_F(TimestampRules, T050_TrailingBytesAreRefusedAtEveryLevel) {
  const Bytes good = signed_by("tsa", sound());
  const Bytes null = hex("0500");
  EXPECT_EQ(check(join({good, null})).state, malformed);
  EXPECT_EQ(check(ByteView(good).first(good.size() - 1)).state, malformed);
  EXPECT_EQ(check(ByteView()).state, malformed);
  EXPECT_EQ(check_with(&Reply::inside_end, null).state, malformed);
  EXPECT_EQ(check_with(&Reply::options, null).state, malformed);
}

TEST_F(TimestampRules, T050_BerThatIsNotDerIsRefused) {
  const Bytes good = signed_by("tsa", sound());
  const ByteView contents = ByteView(good).subspan(4);
  EXPECT_EQ(check(join({hex("3080"), contents, hex("0000")})).state, malformed) << "indefinite";
  EXPECT_EQ(check(join({hex("308300"), ByteView(good).subspan(2)})).state, malformed) << "padded";
  EXPECT_EQ(check_with(&Reply::options, hex("010100")).state, malformed) << "default written";
  EXPECT_EQ(check_with(&Reply::options, hex("0101ff")).state, verified);
}

TEST_F(TimestampRules, T050_ALongReplyIsRefused) {
  const auto check_filled = [](std::size_t size) {
    return check_with(&Reply::unsigned_attributes,
                      der(0xa1, {attribute(test::kDataOid, octets(Bytes(size)))}));
  };
  EXPECT_EQ(check_filled(kTimestampLimit - 4096).state, verified);
  const CheckedTimestamp checked = check_filled(kTimestampLimit);
  EXPECT_EQ(checked.state, malformed);
  EXPECT_TRUE(checked.detail.starts_with("expected at most 65536 bytes, found ")) << checked.detail;
}

TEST_F(TimestampRules, T050_OnlyGrantedCounts) {
  EXPECT_EQ(check_with(&Reply::status, sequence({integer(1)})).state, verified);
  for (const unsigned status : {2u, 3u, 4u, 5u, 6u, 0xffu})
    EXPECT_EQ(check_with(&Reply::status, sequence({integer(status)})).state, rejected) << status;
}

TEST_F(TimestampRules, T050_ARejectionSaysWhy) {
  const Bytes text = sequence({der(0x0c, {as_bytes("no \x1b[31m today")})});
  const Bytes unaccepted_policy = hex("0303000001");
  const CheckedTimestamp checked =
      check(sequence({sequence({integer(2), text, unaccepted_policy})}));
  EXPECT_EQ(checked.state, rejected);
  EXPECT_EQ(checked.detail, "expected granted, found rejection, unacceptedPolicy: no ?[31m today");
}

TEST_F(TimestampRules, T050_AGrantWithoutATokenIsRefused) {
  EXPECT_EQ(check(sequence({sequence({integer(0)})})).state, malformed);
}

TEST_F(TimestampRules, T050_OnlySignedTimeStampsAreRead) {
  EXPECT_EQ(check_with(&Reply::type, test::kDataOid).state, malformed);
  EXPECT_EQ(check_with(&Reply::content_type, test::kDataOid).state, malformed);
  EXPECT_EQ(check_with(&Reply::content_type, test::kMessageDigestOid).state, malformed);
}

TEST_F(TimestampRules, T050_VersionsAreThoseOfTheStandards) {
  for (const unsigned version : {0u, 2u})
    EXPECT_EQ(check_with(&Reply::info_version, integer(version)).state, malformed) << version;
  EXPECT_EQ(check_with(&Reply::cms_version, integer(1)).state, malformed);
  EXPECT_EQ(check_with(&Reply::signer_version, integer(3)).state, malformed);
}

TEST_F(TimestampRules, T050_ThereIsOneSigner) {
  for (const std::size_t count : {0u, 2u}) {
    Reply reply = sound();
    reply.signers = count;
    const CheckedTimestamp checked = check(reply);
    EXPECT_EQ(checked.state, malformed);
    EXPECT_EQ(checked.detail, "expected one signer, found " + std::to_string(count));
  }
}

TEST_F(TimestampRules, T050_CriticalExtensionsAreRefusedAndOthersPassedOver) {
  const auto extensions = [](const Bytes& critical) {
    return der(0xa1, {sequence({test::kDataOid, critical, octets(hex("0500"))})});
  };
  EXPECT_EQ(check_with(&Reply::options, extensions({})).state, verified);
  EXPECT_EQ(check_with(&Reply::options, extensions(hex("0101ff"))).state, malformed);
}

TEST_F(TimestampRules, T050_AccuracyAndUnsignedAttributesAreIgnored) {
  EXPECT_EQ(check_with(&Reply::options, sequence({integer(60)})).state, verified);
  const Bytes unsigned_attributes = der(0xa1, {attribute(test::kContentTypeOid, test::kDataOid)});
  EXPECT_EQ(check_with(&Reply::unsigned_attributes, unsigned_attributes).state, verified);
}

// What it is about.

TEST_F(TimestampRules, T050_TheImprintIsTheDigestsSha256) {
  EXPECT_EQ(check_with(&Reply::imprint, imprint_element(test::kSha256Oid, kOther.view())).state,
            wrong_imprint);
  EXPECT_EQ(check_with(&Reply::imprint, imprint_element(test::kSha384Oid, kImprint.view())).state,
            wrong_imprint);
  EXPECT_EQ(
      check_with(&Reply::imprint, imprint_element(test::kSha256Oid, kImprint.view().first(20)))
          .state,
      wrong_imprint);
}

TEST_F(TimestampRules, T050_TheNonceIsTheRequests) {
  const Bytes nonce = hex("4142434445464748");
  const auto check_nonce = [&](const Bytes& options) {
    Reply reply = sound();
    reply.options = options;
    return check_timestamp(signed_by("tsa", reply), kImprint, {authority_, 1}, nonce, {}).state;
  };
  EXPECT_EQ(check_nonce(der(0x02, {nonce})), verified);
  EXPECT_EQ(check_nonce(der(0x02, {hex("4142434445464749")})), wrong_nonce);
  EXPECT_EQ(check_nonce({}), wrong_nonce);
  EXPECT_EQ(check_with(&Reply::options, der(0x02, {hex("01")})).state, verified) << "none asked";
}

TEST_F(TimestampRules, T050_ThePolicyIsAccepted) {
  EXPECT_EQ(check_with(&Reply::policy, test::kOtherPolicyOid).state, wrong_policy);
  EXPECT_EQ(check_with(&Reply::policy, hex("06082b06010401868d1f")).state, wrong_policy);
  TimestampAuthority both = *authority_;
  both.policies.emplace_back(test::kOtherPolicy);
  Reply reply = sound();
  reply.policy = test::kOtherPolicyOid;
  EXPECT_EQ(check_timestamp(signed_by("tsa", reply), kImprint, {&both, 1}, {}, {}).state, verified);
}

// The time.

TEST_F(TimestampRules, T050_FractionsOfSecondsAreKept) {
  const auto time_of = [](std::string_view text) {
    return check_with(&Reply::time, time_element(text)).gen_time;
  };
  EXPECT_EQ(time_of("20260102030405.5Z"), at("2026-01-02T03:04:05.5Z"));
  EXPECT_EQ(time_of("20260102030405.000000001Z"), at("2026-01-02T03:04:05.000000001Z"));
  EXPECT_EQ(time_of("20260102030405.1234567891Z"), at("2026-01-02T03:04:05.123456789Z"));
}

TEST_F(TimestampRules, T050_TimesAreInUtcAndSpelledOneWay) {
  for (const char* text :
       {"20260102030405", "20260102030405+0000", "20260102030405.50Z", "20260102030405.Z",
        "20260102030405,5Z", "202601020304Z", "20260102030460Z", "20260102240000Z",
        "20261302030405Z", "20260230030405Z", "260102030405Z", "20260102030405z", "99990102030405Z",
        "2026-01-02T03:04:05Z", ""})
    EXPECT_EQ(check_with(&Reply::time, time_element(text)).state, malformed) << text;
}

TEST_F(TimestampRules, T050_ATimeThatIsToComeIsRefused) {
  const Bytes reply = signed_by("tsa", sound());
  const Time stamped = at("2026-01-02T03:04:05Z");
  const auto state_at = [&](Time now) {
    return check_timestamp(reply, kImprint, {authority_, 1}, {}, now).state;
  };
  EXPECT_EQ(state_at(stamped), verified);
  EXPECT_EQ(state_at(stamped - 5min), verified);
  EXPECT_EQ(state_at(stamped - 5min - 1ns), future);
  EXPECT_EQ(state_at(Time::min()), future);
  EXPECT_EQ(state_at(Time::max()), verified);
}

// Requests.

TEST(TimestampRequests, AreTheBytesOfTheStandard) {
  test::SequenceRandom random;
  const TimestampRequest request = make_timestamp_request(kImprint, {}, random);
  const Bytes sha256_with_null = sequence({test::kSha256Oid, hex("0500")});
  EXPECT_EQ(request.der,
            sequence({integer(1), sequence({sha256_with_null, octets(kImprint.view())}),
                      der(0x02, {request.nonce}), hex("0101ff")}));
  const TimestampRequest asking =
      make_timestamp_request(kImprint, std::string(test::kPolicy), random);
  EXPECT_EQ(test::elements_of(asking.der).at(2), test::kPolicyOid);
}

TEST(TimestampRequests, HaveNoncesThatArePositiveAndDiffer) {
  class Same final : public Random {
   public:
    explicit Same(std::byte byte) : byte_(byte) {}
    void fill(MutableByteView out) override { std::ranges::fill(out, byte_); }

   private:
    std::byte byte_;
  };
  for (const unsigned value : {0u, 0x7fu, 0x80u, 0xffu}) {
    Same random(static_cast<std::byte>(value));
    const Bytes nonce = make_timestamp_request(kImprint, {}, random).nonce;
    EXPECT_EQ(nonce.size(), 16u);
    EXPECT_NE(nonce.front(), std::byte{0});
    EXPECT_EQ(nonce.front() & std::byte{0x80}, std::byte{0});
  }
  test::SequenceRandom random;
  EXPECT_NE(make_timestamp_request(kImprint, {}, random).nonce,
            make_timestamp_request(kImprint, {}, random).nonce);
}

TEST(TimestampRequests, APolicyIsAnOid) {
  test::SequenceRandom random;
  for (const char* policy : {"", "policy", "1.2.3.", "1..2"})
    EXPECT_EQ(error_kind([&] { make_timestamp_request(kImprint, policy, random); }),
              ErrorKind::invalid_argument)
        << policy;
}

}  // namespace
}  // namespace atp
