// SPDX-License-Identifier: Apache-2.0
#include "crypto/timestamp_token.hpp"

#include <array>

#include "atp/crypto/sha256.hpp"

namespace atp {
inline namespace v0 {
namespace crypto {
namespace {

using enum TimestampState;

constexpr std::size_t kTextLimit = 200;
constexpr std::array<std::string_view, 6> kStatusNames = {
    "granted", "grantedWithMods",   "rejection",
    "waiting", "revocationWarning", "revocationNotification"};

struct FailureName {
  int bit;
  std::string_view name;
};
constexpr std::array<FailureName, 8> kFailureNames = {{{0, "badAlg"},
                                                       {2, "badRequest"},
                                                       {5, "badDataFormat"},
                                                       {14, "timeNotAvailable"},
                                                       {15, "unacceptedPolicy"},
                                                       {16, "unacceptedExtension"},
                                                       {17, "addInfoNotAvailable"},
                                                       {25, "systemFailure"}}};

/// Somebody else's text, so that it does no harm in a report or a terminal.
std::string printable(ByteView bytes) {
  std::string text(as_text(bytes.first(std::min(bytes.size(), kTextLimit))));
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::string describe(const TS_STATUS_INFO& info, long status) {
  std::string text = status >= 0 && status < static_cast<long>(kStatusNames.size())
                         ? std::string(kStatusNames[static_cast<std::size_t>(status)])
                         : "an unknown status";
  if (const ASN1_BIT_STRING* failure = TS_STATUS_INFO_get0_failure_info(&info)) {
    for (const FailureName& known : kFailureNames)
      if (ASN1_BIT_STRING_get_bit(failure, known.bit) == 1) text += ", " + std::string(known.name);
  }
  const STACK_OF(ASN1_UTF8STRING)* lines = TS_STATUS_INFO_get0_text(&info);
  for (int i = 0; i < sk_ASN1_UTF8STRING_num(lines) && text.size() < kTextLimit; ++i)
    text += ": " + printable(view(sk_ASN1_UTF8STRING_value(lines, i)));
  return text;
}

void check_status(ByteView der) {
  const auto info = parse_der<TS_STATUS_INFO_free>(d2i_TS_STATUS_INFO, i2d_TS_STATUS_INFO, der,
                                                   "a status of a time-stamp reply");
  const long status = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(info.get()));
  if (status != TS_STATUS_GRANTED && status != TS_STATUS_GRANTED_WITH_MODS)
    refuse(rejected, "expected granted, found " + describe(*info, status));
}

void require_version(long expected, long found, const std::string& what) {
  if (found != expected)
    refuse_form("expected " + what + " of version " + std::to_string(expected) + ", found " +
                std::to_string(found));
}

void check_signed_data(const PKCS7& cms) {
  if (OBJ_obj2nid(cms.type) != NID_pkcs7_signed || cms.d.sign == nullptr)
    refuse_form("expected signed data, found " + oid_text(cms.type));
  const PKCS7_SIGNED& data = *cms.d.sign;
  require_version(3, ASN1_INTEGER_get(data.version), "signed data");
  if (OBJ_obj2nid(data.contents->type) != NID_id_smime_ct_TSTInfo)
    refuse_form("expected a time-stamp as content, found " + oid_text(data.contents->type));
  const ASN1_TYPE* content = data.contents->d.other;
  if (content == nullptr || content->type != V_ASN1_OCTET_STRING)
    refuse_form("expected content in an octet string, found none");
}

void check_signers(const PKCS7_SIGNED& data) {
  const int count = std::max(sk_PKCS7_SIGNER_INFO_num(data.signer_info), 0);
  if (count != 1) refuse_form("expected one signer, found " + std::to_string(count));
  const PKCS7_SIGNER_INFO& signer = *sk_PKCS7_SIGNER_INFO_value(data.signer_info, 0);
  require_version(1, ASN1_INTEGER_get(signer.version), "signer info");
  for (int i = 0; i < sk_X509_ALGOR_num(data.md_algs); ++i)
    if (sha2_of(sk_X509_ALGOR_value(data.md_algs, i)) == sha2_of(signer.digest_alg)) return;
  refuse_form(
      "expected the signer's digest algorithm among those of the signed data, found others");
}

void check_extensions(TS_TST_INFO* info) {
  const int critical = TS_TST_INFO_get_ext_by_critical(info, 1, -1);
  if (critical < 0) return;
  X509_EXTENSION* extension = TS_TST_INFO_get_ext(info, critical);
  refuse_form("expected no critical extension, found " +
              oid_text(X509_EXTENSION_get_object(extension)));
}

}  // namespace

Digest key_digest(const X509* certificate) {
  return sha256(der_of(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate)));
}

std::string oid_text(const ASN1_OBJECT* oid) {
  std::array<char, 128> text{};
  OBJ_obj2txt(text.data(), text.size(), oid, 1);
  return text.data();
}

Owned<ASN1_OBJECT, ASN1_OBJECT_free> parse_oid(const std::string& text) {
  Owned<ASN1_OBJECT, ASN1_OBJECT_free> oid(OBJ_txt2obj(text.c_str(), 1));
  ERR_clear_error();
  if (oid && oid_text(oid.get()) != text) oid.reset();
  return oid;
}

int sha2_of(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* oid = nullptr;
  int parameter = V_ASN1_UNDEF;
  X509_ALGOR_get0(&oid, &parameter, nullptr, algorithm);
  const int nid = OBJ_obj2nid(oid);
  const bool known = nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
  return known && (parameter == V_ASN1_UNDEF || parameter == V_ASN1_NULL) ? nid : NID_undef;
}

DerSequence::DerSequence(ByteView der, const std::string& what)
    : what_(what),
      elements_(parse_der<free_sequence>(d2i_ASN1_SEQUENCE_ANY, i2d_ASN1_SEQUENCE_ANY, der, what)) {
}

bool DerSequence::holds(int index, int type) const {
  return index < size() && sk_ASN1_TYPE_value(elements_.get(), index)->type == type;
}

ByteView DerSequence::at(int index, int type) const {
  if (!holds(index, type))
    refuse_form("expected " + std::string(ASN1_tag2str(type)) + " at " + std::to_string(index) +
                " of " + what_ + ", found none");
  return view(sk_ASN1_TYPE_value(elements_.get(), index)->value.asn1_string);
}

ByteView TimestampToken::content() const {
  return view(cms->d.sign->contents->d.other->value.octet_string);
}

const PKCS7_SIGNER_INFO& TimestampToken::signer() const {
  return *sk_PKCS7_SIGNER_INFO_value(cms->d.sign->signer_info, 0);
}

std::vector<X509*> TimestampToken::certificates() const {
  std::vector<X509*> found;
  for (int i = 0; i < sk_X509_num(cms->d.sign->cert); ++i)
    found.push_back(sk_X509_value(cms->d.sign->cert, i));
  return found;
}

TimestampToken parse_timestamp_reply(ByteView reply) {
  if (reply.size() > kTimestampLimit)
    refuse_form("expected at most " + std::to_string(kTimestampLimit) + " bytes, found " +
                std::to_string(reply.size()));
  const DerSequence parts(reply, "a time-stamp reply");
  check_status(parts.at(0, V_ASN1_SEQUENCE));
  if (parts.size() != 2)
    refuse_form("expected a status and a token, found " + std::to_string(parts.size()) + " parts");

  TimestampToken token{
      parse_der<PKCS7_free>(d2i_PKCS7, i2d_PKCS7, parts.at(1, V_ASN1_SEQUENCE), "a signed token"),
      nullptr};
  check_signed_data(*token.cms);
  check_signers(*token.cms->d.sign);
  token.info = parse_der<TS_TST_INFO_free>(d2i_TS_TST_INFO, i2d_TS_TST_INFO, token.content(),
                                           "a time-stamp");
  require_version(1, TS_TST_INFO_get_version(token.info.get()), "a time-stamp");
  check_extensions(token.info.get());
  return token;
}

Time gen_time(const TimestampToken& token) {
  const ByteView bytes = view(TS_TST_INFO_get_time(token.info.get()));
  const std::string text(as_text(bytes));
  const bool padded = text.find('.') != std::string::npos && text.ends_with("0Z");
  if (text.size() >= 15 && text.find_first_not_of("0123456789.Z") == std::string::npos && !padded) {
    const std::string spelled = text.substr(0, 4) + "-" + text.substr(4, 2) + "-" +
                                text.substr(6, 2) + "T" + text.substr(8, 2) + ":" +
                                text.substr(10, 2) + ":" + text.substr(12);
    if (const std::optional<Time> time = parse_time(spelled)) return *time;
  }
  refuse_form("expected a time in utc as YYYYMMDDhhmmss[.f]Z, found " + printable(bytes));
}

}  // namespace crypto
}  // namespace v0
}  // namespace atp
