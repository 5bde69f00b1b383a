// SPDX-License-Identifier: Apache-2.0
/// What was sealed of a segment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/core/ids.hpp"
#include "atp/core/time.hpp"
#include "atp/model/document_header.hpp"

namespace atp {
inline namespace v0 {

enum class InputEncoding { none, gzip, zstd };

/// `manifests/<tenant>/<stream>/<20-digit sequence>.json`: the commit of one segment.
struct ATP_EXPORT SegmentManifest {
  static constexpr std::string_view type = "segmentManifest";
  DocumentHeader header = {};
  StreamId stream;
  SegmentId segment;
  std::uint64_t sequence;
  std::string key;  ///< The package.
  std::uint64_t stored_bytes;
  Digest stored_sha256;
  Digest index_sha256 = {};  ///< Of the plain bytes of the package's index.
  std::string key_epoch = {};
  std::uint64_t records;
  std::uint64_t opaque_records;
  std::uint64_t frames;
  std::optional<Time> first_time = {};  ///< Absent where every record is opaque.
  std::optional<Time> last_time = {};
  std::uint64_t bytes;  ///< Decoded.
  Digest sha256 = {};   ///< Of the decoded bytes.
  bool final_newline;
  InputEncoding input_encoding;
  std::uint64_t input_bytes;  ///< As found at the source.
  Digest input_sha256 = {};
  Time sealed_at = {};
  std::uint64_t policy_version;
  Digest merkle_root = {};
  std::uint64_t leaf_scheme = 1;
  std::optional<Digest> previous = {};  ///< SHA-256 of the preceding manifest as stored.
  bool operator==(const SegmentManifest&) const = default;
};

}  // namespace v0
}  // namespace atp
