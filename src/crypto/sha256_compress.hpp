// SPDX-License-Identifier: Apache-2.0
/// The compression function of SHA-256 (FIPS 180-4, section 6.2.2) on two messages at once. The SHA
/// instructions of x86 wait for one another within a message, so that two side by side take hardly
/// longer than one; no library that we know does this. Elsewhere OpenSSL does one after the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace atp {
inline namespace v0 {
namespace crypto {

inline constexpr std::size_t kSha256Block = 64;

using Sha256State = std::array<std::uint32_t, 8>;

inline constexpr Sha256State kSha256Start{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/// Takes the next `count` blocks of a message into its state, eight words.
void sha256_compress(std::uint32_t* state, const std::byte* blocks, std::size_t count);

/// The same for two messages.
void sha256_compress_pair(std::uint32_t* state_a, const std::byte* blocks_a, std::uint32_t* state_b,
                          const std::byte* blocks_b, std::size_t count);

}  // namespace crypto
}  // namespace v0
}  // namespace atp
