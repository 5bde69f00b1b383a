// SPDX-License-Identifier: Apache-2.0
/// From a frame's raw bytes to the root over its records' leaves (leaf scheme 1). Belongs to one
/// thread at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "atp/core/bytes.hpp"

namespace atp::segment {

inline constexpr std::size_t kSaltSize = 16;
inline constexpr std::size_t kSaltSeedSize = 32;

class FrameHasher {
 public:
  /// Throws: invalid_argument unless the seed has 32 bytes.
  explicit FrameHasher(ByteView salt_seed);

  /// The root over the records in `raw`, the first of which is record `first_record` of its
  /// segment; nothing unless there are exactly `records`.
  std::optional<Digest> root(ByteView raw, std::uint64_t first_record, std::uint32_t records);

 private:
  SecretBytes seed_;
  Bytes salts_;
};

}  // namespace atp::segment
