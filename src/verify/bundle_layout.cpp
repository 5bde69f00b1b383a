// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/bundle_layout.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"

namespace atp {
inline namespace v0 {
namespace bundle {
namespace {

std::string folder_of(const SegmentName& segment) {
  return segment.stream.encoded() + "/" + segment.segment.encoded();
}

/// Takes what stands before the next slash off `text`.
std::string_view take_element(std::string_view& text) {
  const auto slash = text.find('/');
  const std::string_view element = text.substr(0, slash);
  text = slash == text.npos ? std::string_view() : text.substr(slash + 1);
  return element;
}

}  // namespace

std::string data_file(const SegmentName& segment) {
  return "data/" + folder_of(segment) + ".jsonl";
}

std::string proof_file(const RecordPlace& place) {
  return "proofs/" + folder_of(place.segment) + "/" + format_sequence(place.number) + ".txt";
}

std::optional<RecordPlace> place_of_proof(std::string_view name) {
  constexpr std::string_view kSuffix = ".txt";
  std::string_view rest = name;
  if (take_element(rest) != "proofs" || !rest.ends_with(kSuffix)) return std::nullopt;
  rest.remove_suffix(kSuffix.size());
  try {
    const StreamId stream = StreamId::decode(take_element(rest));
    const SegmentId segment = SegmentId::decode(take_element(rest));
    RecordPlace place{{stream, segment}, parse_sequence(rest)};
    return proof_file(place) == name ? std::optional(std::move(place)) : std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_argument) throw;
    return std::nullopt;
  }
}

std::string sums_of(const ExportManifest& manifest, std::string_view stored_manifest) {
  std::vector<std::pair<std::string, Digest>> sums;
  for (const ExportedFile& file : manifest.files) sums.emplace_back(file.name, file.sha256);
  sums.emplace_back(kManifest, sha256(as_bytes(stored_manifest)));
  std::ranges::sort(sums);
  std::string text;
  for (const auto& [name, digest] : sums) text += digest.hex() + "  " + name + "\n";
  return text;
}

std::vector<ExportedRange> ranges_of(std::span<const SegmentName> segments) {
  std::vector<ExportedRange> ranges;
  for (const SegmentName& each : segments) {
    if (ranges.empty() || ranges.back().stream != each.stream) {
      ranges.push_back({each.stream, each.segment, each.segment});
    } else {
      ranges.back().last = each.segment;
    }
  }
  return ranges;
}

}  // namespace bundle
}  // namespace v0
}  // namespace atp
