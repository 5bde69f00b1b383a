// SPDX-License-Identifier: Apache-2.0
#include "segment/frame_hasher.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "atp/core/error.hpp"
#include "atp/crypto/chacha20.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/merkle/frontier.hpp"
#include "segment/records.hpp"

namespace atp::segment {
namespace {

constexpr std::uint64_t kSaltsPerBlock = 4;  // The key stream is cut at multiples of 64 bytes.

/// SHA-256(0x00 || salt || record), without putting the three together.
Digest leaf(ByteView salt, ByteView record) {
  std::array<std::byte, 1 + kSaltSize> prefix{};
  std::ranges::copy(salt, prefix.begin() + 1);
  return Sha256().update(prefix).update(record).finish();
}

}  // namespace

FrameHasher::FrameHasher(ByteView salt_seed) : seed_(salt_seed) {
  if (salt_seed.size() == kSaltSeedSize) return;
  throw Error(ErrorKind::invalid_argument, "salt seed",
              "expected 32 bytes, found " + std::to_string(salt_seed.size()));
}

std::optional<Digest> FrameHasher::root(ByteView raw, std::uint64_t first_record,
                                        std::uint32_t records) {
  const std::uint64_t lead = first_record % kSaltsPerBlock;
  salts_.resize((lead + records) * kSaltSize);
  chacha20_stream(seed_.view(), (first_record - lead) * kSaltSize, salts_);
  ByteView salts = ByteView(salts_).subspan(lead * kSaltSize);

  merkle::Frontier<Rfc9162Hasher> tree;
  bool too_many = false;
  for_each_record(raw, [&](ByteView record) {
    too_many = too_many || salts.empty();
    if (too_many) return;
    tree.push(leaf(salts.first(kSaltSize), record));
    salts = salts.subspan(kSaltSize);
  });
  if (too_many || tree.size() != records) return std::nullopt;
  return tree.root();
}

}  // namespace atp::segment
