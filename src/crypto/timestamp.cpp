// SPDX-License-Identifier: Apache-2.0
#include "atp/crypto/timestamp.hpp"

#include <openssl/pem.h>

#include "crypto/timestamp_chain.hpp"
#include "crypto/timestamp_signature.hpp"
#include "crypto/timestamp_token.hpp"

namespace atp {
inline namespace v0 {
namespace {

using crypto::Certificate;
using crypto::data;
using crypto::key_digest;
using crypto::Owned;
using crypto::refuse;
using crypto::require_openssl;
using crypto::TimestampRefusal;
using crypto::TimestampToken;
using crypto::view;
using enum TimestampState;
using Integer = Owned<ASN1_INTEGER, ASN1_INTEGER_free>;
using Oid = Owned<ASN1_OBJECT, ASN1_OBJECT_free>;

constexpr std::size_t kNonceSize = 16;
constexpr auto kTolerance = std::chrono::minutes(5);

[[noreturn]] void refuse_argument(const std::string& message) {
  throw Error(ErrorKind::invalid_argument, "time-stamping authority", message);
}

Oid policy_oid(const std::string& text) {
  Oid oid = crypto::parse_oid(text);
  if (!oid) refuse_argument("expected a policy as dotted oid, found " + text);
  return oid;
}

Integer integer_of(ByteView bytes) {
  const Owned<BIGNUM, BN_free> number(
      BN_bin2bn(data(bytes), static_cast<int>(bytes.size()), nullptr));
  Integer integer(number ? BN_to_ASN1_INTEGER(number.get(), nullptr) : nullptr);
  require_openssl(integer != nullptr, "nonce");
  return integer;
}

/// Positive and of the same size whatever comes.
Bytes make_nonce(Random& random) {
  Bytes nonce(kNonceSize);
  random.fill(nonce);
  nonce.front() = (nonce.front() & std::byte{0x3f}) | std::byte{0x40};
  return nonce;
}

void set_imprint(TS_REQ* request, const Digest& imprint) {
  const Owned<TS_MSG_IMPRINT, TS_MSG_IMPRINT_free> message(TS_MSG_IMPRINT_new());
  const Owned<X509_ALGOR, X509_ALGOR_free> algorithm(X509_ALGOR_new());
  Digest copy = imprint;
  require_openssl(
      message && algorithm &&
          X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) == 1 &&
          TS_MSG_IMPRINT_set_algo(message.get(), algorithm.get()) == 1 &&
          TS_MSG_IMPRINT_set_msg(message.get(), data(MutableByteView(copy.bytes)),
                                 static_cast<int>(copy.bytes.size())) == 1 &&
          TS_REQ_set_msg_imprint(request, message.get()) == 1,
      "time-stamp request");
}

/// Those which pin the signer; what they pin is compared before anything of the token's is
/// computed.
std::vector<const TimestampAuthority*> authorities_of(
    X509* signer, std::span<const TimestampAuthority> authorities) {
  const Digest found = key_digest(signer);
  std::vector<const TimestampAuthority*> pinning;
  for (const TimestampAuthority& authority : authorities)
    if (std::ranges::find(authority.signers, found) != authority.signers.end())
      pinning.push_back(&authority);
  if (pinning.empty())
    refuse(untrusted_authority, "expected a pinned signer, found key " + found.hex());
  return pinning;
}

void check_imprint(const TimestampToken& token, const Digest& imprint) {
  TS_MSG_IMPRINT* found = TS_TST_INFO_get_msg_imprint(token.info.get());
  if (crypto::sha2_of(TS_MSG_IMPRINT_get_algo(found)) != NID_sha256)
    refuse(wrong_imprint, "expected a sha256 imprint, found another");
  const ByteView digest = view(TS_MSG_IMPRINT_get_msg(found));
  if (!std::ranges::equal(digest, imprint.view()))
    refuse(wrong_imprint, "expected imprint " + imprint.hex() + ", found " + to_hex(digest));
}

void check_nonce(const TimestampToken& token, ByteView nonce) {
  const ASN1_INTEGER* found = TS_TST_INFO_get_nonce(token.info.get());
  if (found == nullptr) refuse(wrong_nonce, "expected nonce " + to_hex(nonce) + ", found none");
  if (ASN1_INTEGER_cmp(found, integer_of(nonce).get()) != 0)
    refuse(wrong_nonce, "expected nonce " + to_hex(nonce) + ", found " + to_hex(view(found)));
}

void check_policy(const TimestampToken& token, const TimestampAuthority& authority) {
  const ASN1_OBJECT* found = TS_TST_INFO_get_policy_id(token.info.get());
  for (const std::string& policy : authority.policies)
    if (OBJ_cmp(policy_oid(policy).get(), found) == 0) return;
  refuse(wrong_policy,
         "expected policy " + authority.policies.front() + ", found " + crypto::oid_text(found));
}

void check_not_future(Time gen_time, std::optional<Time> now) {
  if (now && *now < Time::max() - kTolerance && gen_time > *now + kTolerance)
    refuse(future, "expected a time until " + format_time(*now + kTolerance) + ", found " +
                       format_time(gen_time));
}

CheckedTimestamp check_under(const TimestampToken& token, X509* signer,
                             const TimestampAuthority& authority) {
  check_policy(token, authority);
  crypto::check_usage(signer);
  const Time gen_time = crypto::gen_time(token);
  const Certificate root = crypto::parse_root(authority.root);
  const Time ends = crypto::check_chain(root.get(), token.certificates(), signer, gen_time);
  return {.state = verified,
          .gen_time = gen_time,
          .authority = authority.name,
          .certificate_ends = ends,
          .serial = to_hex(view(TS_TST_INFO_get_serial(token.info.get())))};
}

/// Under the first authority that accepts; else why the last did not.
CheckedTimestamp check_under_any(const TimestampToken& token, X509* signer,
                                 std::span<const TimestampAuthority* const> authorities) {
  std::optional<TimestampRefusal> last;
  for (const TimestampAuthority* authority : authorities) {
    try {
      return check_under(token, signer, *authority);
    } catch (const TimestampRefusal& refusal) {
      last = refusal;
    }
  }
  throw TimestampRefusal(*last);
}

CheckedTimestamp check(ByteView reply, const Digest& imprint,
                       std::span<const TimestampAuthority> authorities,
                       const std::optional<Bytes>& nonce, std::optional<Time> now) {
  const TimestampToken token = crypto::parse_timestamp_reply(reply);
  check_imprint(token, imprint);
  if (nonce) check_nonce(token, *nonce);
  X509* signer = crypto::signer_certificate(token);
  const auto pinning = authorities_of(signer, authorities);
  crypto::check_signature(token, signer);
  CheckedTimestamp checked = check_under_any(token, signer, pinning);
  check_not_future(checked.gen_time, now);
  return checked;
}

/// The one in a PEM text; what stands around it does not matter.
crypto::Certificate read_certificate(std::string_view pem) {
  const Owned<BIO, BIO_free> input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  crypto::Certificate certificate(input ? PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr)
                                        : nullptr);
  ERR_clear_error();
  if (!certificate) refuse_argument("expected a certificate in pem, found other text");
  return certificate;
}

}  // namespace

std::string_view to_string(TimestampState state) {
  switch (state) {
    case verified:
      return "verified";
    case malformed:
      return "malformed";
    case rejected:
      return "rejected";
    case wrong_imprint:
      return "wrong_imprint";
    case wrong_nonce:
      return "wrong_nonce";
    case wrong_policy:
      return "wrong_policy";
    case untrusted_authority:
      return "untrusted_authority";
    case bad_signature:
      return "bad_signature";
    case certificate_invalid_at_gen_time:
      return "certificate_invalid_at_gen_time";
    case wrong_usage:
      return "wrong_usage";
    case future:
      return "future";
  }
  return "unknown";
}

TimestampAuthority make_timestamp_authority(std::string name, std::string_view root_pem,
                                            std::string_view signer_pem,
                                            std::vector<std::string> policies) {
  const crypto::Certificate root = read_certificate(root_pem);
  const crypto::Certificate signer = read_certificate(signer_pem);
  TimestampAuthority authority{.name = std::move(name),
                               .root = crypto::der_of(i2d_X509, root.get()),
                               .signers = {crypto::key_digest(signer.get())},
                               .policies = std::move(policies)};
  check_authority(authority);
  return authority;
}

void check_authority(const TimestampAuthority& authority) {
  crypto::parse_root(authority.root);
  if (authority.signers.empty()) refuse_argument("expected one pinned signer or more, found none");
  if (authority.policies.empty()) refuse_argument("expected one policy or more, found none");
  for (const std::string& policy : authority.policies) policy_oid(policy);
}

TimestampRequest make_timestamp_request(const Digest& imprint,
                                        const std::optional<std::string>& policy, Random& random) {
  const Owned<TS_REQ, TS_REQ_free> request(TS_REQ_new());
  require_openssl(request && TS_REQ_set_version(request.get(), 1) == 1 &&
                      TS_REQ_set_cert_req(request.get(), 1) == 1,
                  "time-stamp request");
  set_imprint(request.get(), imprint);
  if (policy)
    require_openssl(TS_REQ_set_policy_id(request.get(), policy_oid(*policy).get()) == 1,
                    "time-stamp request");
  Bytes nonce = make_nonce(random);
  require_openssl(TS_REQ_set_nonce(request.get(), integer_of(nonce).get()) == 1,
                  "time-stamp request");
  return {crypto::der_of(i2d_TS_REQ, request.get()), std::move(nonce)};
}

CheckedTimestamp check_timestamp(ByteView reply, const Digest& imprint,
                                 std::span<const TimestampAuthority> authorities,
                                 const std::optional<Bytes>& nonce, std::optional<Time> now) {
  for (const TimestampAuthority& authority : authorities) check_authority(authority);
  CheckedTimestamp checked{.state = malformed};
  try {
    checked = check(reply, imprint, authorities, nonce, now);
  } catch (const TimestampRefusal& refusal) {
    checked = {.state = refusal.state, .detail = refusal.detail};
  }
  ERR_clear_error();
  return checked;
}

}  // namespace v0
}  // namespace atp
