// SPDX-License-Identifier: Apache-2.0
/// What follows the data frames of a decrypted package: the index in a skippable frame, then the
/// table of the zstd seekable format. Pure; docs/format.md has the bytes.
#pragma once

#include <cstdint>

#include "atp/core/bytes.hpp"
#include "atp/segment/package_index.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

inline constexpr std::size_t kSkippableHeaderSize = 8;
/// The seek table's entry for the index frame and its footer: the package's last bytes.
inline constexpr std::size_t kLocatorSize = 17;

/// The tail of a package with these frames. `index_bytes` is what `encode_index` gives, perhaps
/// with optional blocks behind. Throws: unsupported where it is too large for the format.
Bytes encode_tail(ByteView index_bytes, const PackageIndex& index);

/// The whole tail's size, from the package's last `kLocatorSize` bytes. Throws: corrupt unless they
/// are the end of a seek table over `frames` frames and an index of a possible size.
std::uint64_t tail_size(ByteView locator, std::uint64_t frames);

/// The index bytes in a tail of at least `tail_size`. Throws: corrupt.
ByteView index_bytes(ByteView tail, std::uint64_t frames);

}  // namespace segment
}  // namespace v0
}  // namespace atp
