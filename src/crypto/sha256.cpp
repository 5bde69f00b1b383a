// SPDX-License-Identifier: Apache-2.0
// The EVP interface allocates a context for every hash; leaves come by the million.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "atp/crypto/sha256.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <new>

namespace atp {
namespace {

constexpr std::byte kLeafPrefix{0};
constexpr std::byte kNodePrefix{1};

SHA256_CTX* context(std::byte* state) { return reinterpret_cast<SHA256_CTX*>(state); }

}  // namespace

Sha256::Sha256() {
  static_assert(sizeof(SHA256_CTX) <= sizeof(state_) && alignof(SHA256_CTX) <= 16);
  SHA256_Init(new (state_) SHA256_CTX);
}

Sha256& Sha256::update(ByteView bytes) {
  SHA256_Update(context(state_), bytes.data(), bytes.size());
  return *this;
}

Digest Sha256::finish() {
  Digest digest;
  SHA256_Final(reinterpret_cast<unsigned char*>(digest.bytes.data()), context(state_));
  SHA256_Init(context(state_));
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

}  // namespace atp
