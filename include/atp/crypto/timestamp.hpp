// SPDX-License-Identifier: Apache-2.0
/// Time-stamps (RFC 3161): requests to a time-stamping authority, and whether its reply says that a
/// digest existed at a time. Nothing is sent, stored or asked of a clock here. Thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/core/random.hpp"
#include "atp/core/time.hpp"

namespace atp {
inline namespace v0 {

/// Longer replies are `malformed`.
inline constexpr std::size_t kTimestampLimit = 64 << 10;

/// A time-stamping authority that a verifier accepts: pinned root, pinned signer.
struct TimestampAuthority {
  std::string name;                        ///< What reports call it.
  Bytes root;                              ///< DER certificate: the only trust anchor.
  std::vector<Digest> signers = {};        ///< SHA-256 of each signer's DER SubjectPublicKeyInfo.
  std::vector<std::string> policies = {};  ///< Dotted OIDs that are accepted.

  bool operator==(const TimestampAuthority&) const = default;
};

/// From certificates in PEM: the root's, and the one that signs now.
/// Throws: invalid_argument for what is no certificate, and as `check_authority`.
ATP_EXPORT TimestampAuthority make_timestamp_authority(std::string name, std::string_view root_pem,
                                                       std::string_view signer_pem,
                                                       std::vector<std::string> policies);

/// Throws: invalid_argument for a root that is no certificate, none of a CA, or whose key is weak
/// (accepted are RSA of 2048 bits or more, P-256, P-384 and P-521), for no signers, for no policies
/// and for a policy that is no OID.
ATP_EXPORT void check_authority(const TimestampAuthority& authority);

struct TimestampRequest {
  Bytes der;    ///< A TimeStampReq, to be sent as `application/timestamp-query`.
  Bytes nonce;  ///< What the reply must repeat: 16 bytes, a positive INTEGER, big endian.
};

/// Asks to stamp the SHA-256 `imprint`, under `policy` (a dotted OID) where given, with the
/// signer's certificate in the reply. Throws: invalid_argument for a policy that is no OID.
ATP_EXPORT TimestampRequest make_timestamp_request(const Digest& imprint,
                                                   const std::optional<std::string>& policy,
                                                   Random& random);

enum class TimestampState {
  verified,
  malformed,            ///< No DER TimeStampResp of RFC 3161, or one with what is not supported.
  rejected,             ///< The authority granted nothing.
  wrong_imprint,        ///< It is about another digest, or not SHA-256.
  wrong_nonce,          ///< It answers another request.
  wrong_policy,         ///< Stamped under a policy that is not accepted.
  untrusted_authority,  ///< The signer is not pinned, or no chain leads to the pinned root.
  bad_signature,        ///< Wrong, weak, or it does not say whose certificate it is for.
  certificate_invalid_at_gen_time,  ///< A certificate of the chain had ended or not begun.
  wrong_usage,  ///< The signer's certificate is not one for time-stamping alone.
  future,       ///< Stamped more than five minutes after `now`.
};

/// The enumerator's name.
ATP_EXPORT std::string_view to_string(TimestampState state);

struct CheckedTimestamp {
  TimestampState state;
  std::string detail{};     ///< Expected and found, printable ASCII; empty where verified.
  Time gen_time{};          ///< These four only where verified. Decimals past the ninth are cut.
  std::string authority{};  ///< The name of the authority.
  Time certificate_ends{};  ///< The chain's earliest notAfter, the root's too; past `gen_time`.
  std::string serial{};     ///< The token's serial number, in lower-case hexadecimal.

  bool operator==(const CheckedTimestamp&) const = default;
};

/// Checks a DER TimeStampResp as it was received or stored, for `imprint`. The chain is judged at
/// the token's own genTime: whether a certificate was revoked, or has ended since, is not looked
/// at. What a reply carries without a signature (status text, unsigned attributes, further
/// certificates) decides nothing; certificates in it serve as intermediates at most, of which a
/// chain has up to four. A token that names its certificate by SHA-1 alone (SigningCertificate, RFC
/// 2634) is `bad_signature`.
///
/// `nonce` is the request's, for whoever asked; a stored token is checked without. `now` where
/// known: a genTime more than five minutes past it is `future`. Where several authorities pin the
/// signer the first that accepts decides. A bad reply is never an exception.
/// Throws: invalid_argument as `check_authority`.
ATP_EXPORT CheckedTimestamp check_timestamp(ByteView reply, const Digest& imprint,
                                            std::span<const TimestampAuthority> authorities,
                                            const std::optional<Bytes>& nonce,
                                            std::optional<Time> now);

}  // namespace v0
}  // namespace atp
