// SPDX-License-Identifier: Apache-2.0
#include "crypto/sha256_pair.hpp"

#include <algorithm>
#include <cstring>

#include "crypto/sha256_compress.hpp"
#include "crypto/sha256_context.hpp"

namespace atp {
inline namespace v0 {
namespace crypto {
namespace {

constexpr std::size_t kLengthSize = 8;  // Of the length in bits that ends a padded message.

/// What OpenSSL keeps is a number of bits, in two halves.
void add_length(SHA256_CTX& context, std::uint64_t bytes) {
  const std::uint64_t bits = (std::uint64_t{context.Nh} << 32 | context.Nl) + bytes * 8;
  context.Nl = static_cast<SHA_LONG>(bits);
  context.Nh = static_cast<SHA_LONG>(bits >> 32);
}

Digest digest_of(const Sha256State& state) {
  Digest digest;
  for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
    digest.bytes[i] = static_cast<std::byte>(state[i / 4] >> (24 - 8 * (i % 4)));
  }
  return digest;
}

}  // namespace

Sha256Pair::Sha256Pair(Sha256& running, ByteView bytes) : running_(running), bytes_(bytes) {
  const std::size_t open = sha256_context(running.state_).num;
  const std::size_t to_block_end = (kSha256Block - open) % kSha256Block;
  take(std::min(bytes.size(), to_block_end));
}

Digest Sha256Pair::hash(ByteView prefix, ByteView message) {
  set_message(prefix, message);
  Sha256State state = kSha256Start;
  const std::size_t blocks = message_.size() / kSha256Block;
  const std::size_t paired = std::min(blocks, bytes_.size() / kSha256Block);
  SHA256_CTX& running = sha256_context(running_.state_);
  sha256_compress_pair(running.h, bytes_.data(), state.data(), message_.data(), paired);
  add_length(running, paired * kSha256Block);
  bytes_ = bytes_.subspan(paired * kSha256Block);
  sha256_compress(state.data(), message_.data() + paired * kSha256Block, blocks - paired);
  return digest_of(state);
}

void Sha256Pair::finish() { take(bytes_.size()); }

void Sha256Pair::take(std::size_t size) {
  running_.update(bytes_.first(size));
  bytes_ = bytes_.subspan(size);
}

/// FIPS 180-4, section 5.1.1.
void Sha256Pair::set_message(ByteView prefix, ByteView message) {
  const std::size_t size = prefix.size() + message.size();
  const std::size_t padded =
      (size + 1 + kLengthSize + kSha256Block - 1) / kSha256Block * kSha256Block;
  message_.resize(padded);
  std::ranges::copy(prefix, message_.begin());
  std::memcpy(message_.data() + prefix.size(), message.data(), message.size());
  std::fill(message_.begin() + size, message_.end(), std::byte{0});
  message_[size] = std::byte{0x80};
  for (std::size_t i = 0; i < kLengthSize; ++i) {
    message_[padded - 1 - i] = static_cast<std::byte>(std::uint64_t{size} * 8 >> (8 * i));
  }
}

}  // namespace crypto
}  // namespace v0
}  // namespace atp
