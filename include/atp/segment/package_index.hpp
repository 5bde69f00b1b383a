// SPDX-License-Identifier: Apache-2.0
/// The index inside a package: the salt seed and one entry a frame. It lies in a zstd skippable
/// frame after the data, so stock tools pass over it. docs/format.md has the bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/core/time.hpp"
#include "atp/merkle/tree.hpp"

namespace atp {
inline namespace v0 {

struct FrameEntry {
  std::uint64_t offset = 0;  ///< In the decrypted package.
  std::uint32_t compressed_size = 0;
  std::uint32_t raw_size = 0;
  std::uint64_t first_record = 0;
  std::uint32_t records = 0;
  Digest root = {};                     ///< RFC 9162 over the frame's leaves.
  std::optional<Time> first_time = {};  ///< Of its records that are not opaque; absent without any.
  std::optional<Time> last_time = {};
  std::uint32_t opaque_records = 0;  ///< They match every time range.
  bool operator==(const FrameEntry&) const = default;
};

struct PackageIndex {
  SecretBytes salt_seed;  ///< 32 bytes.
  std::vector<FrameEntry> frames = {};
};

/// The index's plain bytes, whose SHA-256 stands in the manifest.
ATP_EXPORT Bytes encode_index(const PackageIndex& index);

/// Checks the shape and that frames follow one another without gaps, are aligned and within their
/// limits. Throws: corrupt; unsupported for an unknown block that is not optional.
ATP_EXPORT PackageIndex decode_index(ByteView bytes);

/// The segment's root from its frames' roots.
ATP_EXPORT Digest merkle_root(const PackageIndex& index);

/// From the root of frame `frame` to that of the segment: the end of the inclusion proof of each
/// record in it (RFC 9162, 2.1.3.1). Throws: invalid_argument where there is no such frame.
ATP_EXPORT merkle::Proof path_of_frame(const PackageIndex& index, std::size_t frame);

}  // namespace v0
}  // namespace atp
