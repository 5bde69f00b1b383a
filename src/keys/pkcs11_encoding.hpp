// SPDX-License-Identifier: Apache-2.0
/// Between the forms of a token and those of X.509, for this layer's sources and tests only.
/// Thread-safe.
#pragma once

#include <optional>

#include "atp/core/bytes.hpp"

namespace atp {
inline namespace v0 {
namespace pkcs11 {

/// Of Ed25519, and of ECDSA on P-256 as a token gives it: r || s.
inline constexpr std::size_t kSignatureSize = 64;

/// The Ecdsa-Sig-Value of RFC 3279: each number in the one DER that it has, zero as well.
Bytes ecdsa_der_from_raw(std::span<const std::byte, kSignatureSize> raw);

/// What a CKA_EC_POINT of `size` bytes holds: a DER OCTET STRING of them, or, as some tokens have
/// it, just them. Nothing for anything else.
std::optional<ByteView> ec_point(ByteView attribute, std::size_t size);

}  // namespace pkcs11
}  // namespace v0
}  // namespace atp
