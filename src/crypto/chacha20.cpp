// SPDX-License-Identifier: Apache-2.0
#include "atp/crypto/chacha20.hpp"

#include <sodium.h>

#include <algorithm>
#include <string>

#include "atp/core/error.hpp"
#include "crypto/primitives.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::uint64_t kBlockSize = 64;
constexpr std::uint64_t kStreamSize = std::uint64_t{1} << 38;

}  // namespace

void chacha20_stream(ByteView key, std::uint64_t offset, MutableByteView out) {
  if (key.size() != crypto_stream_chacha20_ietf_KEYBYTES)
    throw Error(ErrorKind::invalid_argument, "chacha20 key",
                "expected 32 bytes, found " + std::to_string(key.size()));
  if (offset % kBlockSize != 0)
    throw Error(ErrorKind::invalid_argument, "chacha20 stream",
                "expected an offset that 64 divides, found " + std::to_string(offset));
  if (offset > kStreamSize || out.size() > kStreamSize - offset)
    throw Error(ErrorKind::invalid_argument, "chacha20 stream",
                "expected a range below 2^38 bytes, found one of " + std::to_string(out.size()) +
                    " from " + std::to_string(offset));
  if (out.empty()) return;
  crypto::prepare_sodium();
  constexpr unsigned char nonce[crypto_stream_chacha20_ietf_NONCEBYTES] = {};
  std::ranges::fill(out, std::byte{});
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  crypto_stream_chacha20_ietf_xor_ic(bytes, bytes, out.size(), nonce,
                                     static_cast<std::uint32_t>(offset / kBlockSize),
                                     reinterpret_cast<const unsigned char*>(key.data()));
}

}  // namespace v0
}  // namespace atp
