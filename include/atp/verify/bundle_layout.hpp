// SPDX-License-Identifier: Apache-2.0
/// The one place that knows how the files of an export bundle are named, below its folder.
/// Functions are thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/model/export_documents.hpp"
#include "atp/verify/record_proof.hpp"

namespace atp {
inline namespace v0 {
namespace bundle {

inline constexpr const char* kManifest = "manifest.json";
inline constexpr const char* kSums = "manifest-sha256.txt";
inline constexpr const char* kCheckpoint = "checkpoint.txt";

/// `data/<stream>/<segment>.jsonl`.
ATP_EXPORT std::string data_file(const SegmentName& segment);
/// `proofs/<stream>/<segment>/<20-digit number>.txt`.
ATP_EXPORT std::string proof_file(const RecordPlace& place);
/// Whose proof file it is; nothing for another name.
ATP_EXPORT std::optional<RecordPlace> place_of_proof(std::string_view name);

/// What `manifest-sha256.txt` says, as sha256sum(1) prints and checks it.
ATP_EXPORT std::string sums_of(const ExportManifest& manifest, std::string_view stored_manifest);

/// Of segments in order of stream and segment.
ATP_EXPORT std::vector<ExportedRange> ranges_of(std::span<const SegmentName> segments);

}  // namespace bundle
}  // namespace v0
}  // namespace atp
