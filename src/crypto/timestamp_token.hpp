// SPDX-License-Identifier: Apache-2.0
/// The structure of a time-stamp reply (RFC 3161, RFC 5652), for this layer's sources only.
#pragma once

#include <openssl/asn1.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include <algorithm>
#include <string>
#include <vector>

#include "atp/crypto/timestamp.hpp"
#include "crypto/openssl.hpp"

namespace atp {
inline namespace v0 {
namespace crypto {

/// Why a reply is not accepted: thrown by whatever looks at one, caught by `check_timestamp`.
struct TimestampRefusal {
  TimestampState state;
  std::string detail;
};

[[noreturn]] inline void refuse(TimestampState state, const std::string& detail) {
  throw TimestampRefusal{state, detail};
}
[[noreturn]] inline void refuse_form(const std::string& detail) {
  refuse(TimestampState::malformed, detail);
}

/// What `parse`, one of OpenSSL's d2i functions, makes of `der`. `malformed` unless that prints to
/// the same bytes: OpenSSL also reads BER, and goes on where something follows.
template <auto free_function, class Parse, class Print>
auto parse_der(Parse parse, Print print, ByteView der, const std::string& what) {
  const unsigned char* cursor = data(der);
  auto* raw = parse(nullptr, &cursor, static_cast<long>(der.size()));
  Owned<std::remove_pointer_t<decltype(raw)>, free_function> parsed(raw);
  if (!parsed) refuse_form("expected " + what + ", found other bytes");
  if (!std::ranges::equal(der_of(print, raw), der))
    refuse_form("expected der of " + what + " and nothing behind it, found another encoding");
  return parsed;
}

inline void free_sequence(ASN1_SEQUENCE_ANY* sequence) {
  sk_ASN1_TYPE_pop_free(sequence, ASN1_TYPE_free);
}

/// A SEQUENCE whose elements are read one by one.
class DerSequence {
 public:
  DerSequence(ByteView der, const std::string& what);
  int size() const { return sk_ASN1_TYPE_num(elements_.get()); }
  bool holds(int index, int type) const;
  /// The whole encoding of a SEQUENCE, the contents of anything else; `malformed` if another type.
  ByteView at(int index, int type) const;

 private:
  std::string what_;
  Owned<ASN1_SEQUENCE_ANY, free_sequence> elements_;
};

inline ByteView view(const ASN1_STRING* string) {
  return std::as_bytes(std::span(ASN1_STRING_get0_data(string),
                                 static_cast<std::size_t>(ASN1_STRING_length(string))));
}
/// SHA-256 of the DER SubjectPublicKeyInfo.
Digest key_digest(const X509* certificate);
std::string oid_text(const ASN1_OBJECT* oid);
/// Nothing where `text` is no dotted OID in its one spelling.
Owned<ASN1_OBJECT, ASN1_OBJECT_free> parse_oid(const std::string& text);
/// NID_sha256, NID_sha384 or NID_sha512; NID_undef for anything else.
int sha2_of(const X509_ALGOR* algorithm);

/// A reply that was granted, whose parts were found where they belong. Nothing is verified yet.
struct TimestampToken {
  Owned<PKCS7, PKCS7_free> cms;
  Owned<TS_TST_INFO, TS_TST_INFO_free> info;

  /// The DER of `info`, as signed.
  ByteView content() const;
  const PKCS7_SIGNER_INFO& signer() const;
  std::vector<X509*> certificates() const;  ///< Owned by `cms`.
};

TimestampToken parse_timestamp_reply(ByteView reply);
Time gen_time(const TimestampToken& token);

}  // namespace crypto
}  // namespace v0
}  // namespace atp
