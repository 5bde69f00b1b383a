// SPDX-License-Identifier: Apache-2.0
#include "segment/frame_hasher.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "atp/core/error.hpp"
#include "atp/crypto/chacha20.hpp"
#include "atp/merkle/frontier.hpp"
#include "crypto/sha256_pair.hpp"
#include "segment/records.hpp"

namespace atp {
inline namespace v0 {
namespace segment {
namespace {

constexpr std::uint64_t kSaltsPerBlock = 4;  // The key stream is cut at multiples of 64 bytes.

bool are_ends_of(ByteView raw, std::span<const std::size_t> ends) {
  if (ends.empty() || ends.back() != raw.size()) return false;
  return std::ranges::all_of(ends.first(ends.size() - 1),
                             [&](std::size_t end) { return raw[end - 1] == kLineFeed; });
}

}  // namespace

Bytes salt_of(ByteView salt_seed, std::uint64_t number) {
  Bytes salts(kSaltsPerBlock * kSaltSize);
  chacha20_stream(salt_seed, number / kSaltsPerBlock * salts.size(), salts);
  const auto salt = ByteView(salts).subspan(number % kSaltsPerBlock * kSaltSize, kSaltSize);
  return {salt.begin(), salt.end()};
}

Digest leaf_of(ByteView salt, ByteView record) {
  const std::byte leaf_prefix[] = {std::byte{0}};
  return Sha256().update(leaf_prefix).update(salt).update(record).finish();
}

FrameHasher::FrameHasher(ByteView salt_seed) : seed_(salt_seed) {
  if (salt_seed.size() == kSaltSeedSize) return;
  throw Error(ErrorKind::invalid_argument, "salt seed",
              "expected 32 bytes, found " + std::to_string(salt_seed.size()));
}

std::optional<Digest> FrameHasher::root(ByteView raw, std::uint64_t first_record,
                                        std::span<const std::size_t> ends) {
  const std::uint64_t lead = first_record % kSaltsPerBlock;
  salts_.resize((lead + ends.size()) * kSaltSize);
  chacha20_stream(seed_.view(), (first_record - lead) * kSaltSize, salts_);
  ByteView salts = ByteView(salts_).subspan(lead * kSaltSize);

  merkle::Frontier<Rfc9162Hasher> tree;
  std::array<std::byte, 1 + kSaltSize> prefix{};  // 0x00 || salt
  crypto::Sha256Pair pair(sha256_, raw);
  for_each_record(raw, ends, [&](ByteView record) {
    std::ranges::copy(salts.first(kSaltSize), prefix.begin() + 1);
    salts = salts.subspan(kSaltSize);
    tree.push(pair.hash(prefix, record));
  });
  pair.finish();
  if (!are_ends_of(raw, ends)) return std::nullopt;
  return tree.root();
}

}  // namespace segment
}  // namespace v0
}  // namespace atp
