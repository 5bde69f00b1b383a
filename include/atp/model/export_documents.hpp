// SPDX-License-Identifier: Apache-2.0
/// What was handed over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/core/ids.hpp"
#include "atp/model/document_header.hpp"

namespace atp {
inline namespace v0 {

/// A file of an export bundle, by its path below the bundle's folder.
struct ExportedFile {
  std::string name;
  std::uint64_t bytes;
  Digest sha256;
  bool operator==(const ExportedFile&) const = default;
};

/// Between which segments of a stream the exported records lie, both ends included, in order of the
/// segments' ids.
struct ExportedRange {
  StreamId stream;
  SegmentId first;
  SegmentId last;
  bool operator==(const ExportedRange&) const = default;
};

/// `manifest.json` of an export bundle: what was handed over, to the last file.
struct ATP_EXPORT ExportManifest {
  static constexpr std::string_view type = "exportManifest";
  DocumentHeader header;
  std::string export_id;
  Region region;
  std::string recovery_point_id;
  std::uint64_t records;
  std::vector<ExportedRange> ranges = {};  ///< In order of stream.
  /// In order of their names: all but `manifest.json` and `manifest-sha256.txt`.
  std::vector<ExportedFile> files = {};
  /// A reply (RFC 3161) about `export_imprint`, which does not cover it; the signature does.
  std::optional<Bytes> timestamp = {};
  bool operator==(const ExportManifest&) const = default;
};

/// What a time-stamp inside an export manifest is about: the SHA-256 of the canonical bytes without
/// `tsa`, `signature` and `coSignatures`. Throws: invalid_argument for what is no JSON object.
ATP_EXPORT Digest export_imprint(std::string_view stored);

}  // namespace v0
}  // namespace atp
