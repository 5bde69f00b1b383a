// SPDX-License-Identifier: Apache-2.0
/// From a segment's raw bytes, frame by frame, to the roots over the records' leaves (leaf scheme
/// 1) and to the segment's SHA-256. Belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "atp/core/bytes.hpp"
#include "atp/crypto/sha256.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

inline constexpr std::size_t kSaltSize = 16;
inline constexpr std::size_t kSaltSeedSize = 32;

/// Record `number`'s salt. Throws: invalid_argument unless the seed has 32 bytes.
Bytes salt_of(ByteView salt_seed, std::uint64_t number);

/// The leaf over a record (leaf scheme 1).
Digest leaf_of(ByteView salt, ByteView record);

class FrameHasher {
 public:
  /// Throws: invalid_argument unless the seed has 32 bytes.
  explicit FrameHasher(ByteView salt_seed);

  /// Takes the next frame. The root over the records in `raw`, which end at `ends`; the first is
  /// record `first_record` of its segment. Nothing unless each end but the last is behind a line
  /// feed, and the last is that of `raw`.
  std::optional<Digest> root(ByteView raw, std::uint64_t first_record,
                             std::span<const std::size_t> ends);

  /// Of all frames taken; the object is then as new.
  Digest sha256() { return sha256_.finish(); }

 private:
  SecretBytes seed_;
  Bytes salts_;
  Sha256 sha256_;
};

}  // namespace segment
}  // namespace v0
}  // namespace atp
