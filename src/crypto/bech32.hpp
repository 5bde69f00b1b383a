// SPDX-License-Identifier: Apache-2.0
/// Bech32 (BIP 173, without its length limit) of 32 bytes, as age keys are written.
#pragma once

#include <optional>
#include <string_view>

#include "atp/core/bytes.hpp"

namespace atp {
inline namespace v0 {
namespace crypto {

enum class LetterCase { lower, upper };

/// `prefix`, `1`, 52 digits and 6 of checksum; `prefix` is in `letters`, and so is all else.
SecretBytes bech32_encode(std::string_view prefix, LetterCase letters, ByteView key);
/// Exactly what `bech32_encode` prints; nothing for anything else.
std::optional<SecretBytes> bech32_decode(std::string_view prefix, LetterCase letters,
                                         std::string_view text);

}  // namespace crypto
}  // namespace v0
}  // namespace atp
