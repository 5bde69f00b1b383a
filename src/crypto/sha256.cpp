// SPDX-License-Identifier: Apache-2.0
#include "atp/crypto/sha256.hpp"

#include <algorithm>
#include <new>

#include "crypto/sha256_context.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::byte kLeafPrefix{0};
constexpr std::byte kNodePrefix{1};

}  // namespace

Sha256::Sha256() {
  static_assert(sizeof(SHA256_CTX) <= sizeof(state_) && alignof(SHA256_CTX) <= 16);
  SHA256_Init(new (state_) SHA256_CTX);
}

Sha256& Sha256::update(ByteView bytes) {
  SHA256_Update(&crypto::sha256_context(state_), bytes.data(), bytes.size());
  return *this;
}

Digest Sha256::finish() {
  Digest digest;
  SHA256_Final(reinterpret_cast<unsigned char*>(digest.bytes.data()),
               &crypto::sha256_context(state_));
  SHA256_Init(&crypto::sha256_context(state_));
  return digest;
}

Digest sha256(ByteView bytes) { return Sha256().update(bytes).finish(); }

Digest Rfc9162Hasher::empty() { return sha256({}); }

Digest Rfc9162Hasher::leaf(ByteView entry) {
  return Sha256().update({&kLeafPrefix, 1}).update(entry).finish();
}

Digest Rfc9162Hasher::node(const Digest& left, const Digest& right) {
  std::array<std::byte, 65> input;
  input[0] = kNodePrefix;
  std::ranges::copy(left.bytes, input.begin() + 1);
  std::ranges::copy(right.bytes, input.begin() + 33);
  return sha256(input);
}

}  // namespace v0
}  // namespace atp
