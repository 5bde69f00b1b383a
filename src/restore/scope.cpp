// SPDX-License-Identifier: Apache-2.0
#include "restore/scope.hpp"

#include <set>

#include "atp/core/error.hpp"
#include "atp/model/json.hpp"
#include "atp/model/problem.hpp"
#include "atp/source/segment_source.hpp"
#include "atp/storage/layout.hpp"

namespace atp {
inline namespace v0 {
namespace restore {
namespace {

bool is_selected(const SegmentManifest& manifest, const RestoreOptions& options) {
  if (options.stream && manifest.stream != *options.stream) return false;
  if (options.segment_stream && manifest.stream != *options.segment_stream) return false;
  if (options.segment && manifest.segment != *options.segment) return false;
  if (manifest.opaque_records > 0 || !manifest.first_time) return true;  // They match every range.
  return options.time.overlaps(*manifest.first_time, *manifest.last_time);
}

bool is_plain(std::string_view name) {
  return !name.starts_with('.') && name.find('/') == std::string_view::npos;
}

Item item_of(const TenantId& tenant, const ResolvedSegment& segment) {
  const SegmentManifest& manifest = *segment.manifest;
  const std::string& stream = manifest.stream.str();
  for (const std::string& name : {stream, manifest.segment.str()}) {
    if (is_plain(name)) continue;
    throw Error(ErrorKind::corrupt, layout::manifest(tenant, manifest.stream, manifest.sequence),
                "expected a plain file name, found `" + name + "`");
  }
  return {&segment, stream == kDefaultStream ? std::string() : stream,
          manifest.segment.str() + ".jsonl"};
}

/// Files and folders share one folder when streams are restored together with flat files.
void refuse_collisions(const std::vector<Item>& items) {
  const std::string unfinished(kUnfinishedRestore);
  std::set<std::string> flat{unfinished};
  for (const Item& item : items) {
    if (item.folder.empty()) flat.insert(item.file);
  }
  for (const Item& item : items) {
    if (flat.count(item.folder) == 0) continue;
    throw Error(ErrorKind::invalid_argument, item.folder,
                "is the name of a stream and of another file; restore the stream by itself");
  }
}

bool names_all(const RestoreOptions& options) {
  return !options.stream && !options.segment_stream && !options.segment && options.time.unbounded();
}

}  // namespace

std::vector<Item> select_items(const ResolvedPoint& resolved, const RestoreOptions& options) {
  if (options.time.empty()) {
    throw Error(ErrorKind::invalid_argument, "time range", "expected from before to, found none");
  }
  std::vector<Item> items;
  for (const ResolvedSegment& segment : resolved.segments) {
    if (is_selected(*segment.manifest, options)) items.push_back(item_of(resolved.tenant, segment));
  }
  if (items.empty() && !names_all(options)) {
    throw Error(ErrorKind::not_found, resolved.point->recovery_point_id,
                "has no segment in the scope asked for");
  }
  refuse_collisions(items);
  return items;
}

std::string identify(const ResolvedPoint& resolved, const RestoreOptions& options) {
  Json::Object scope;
  if (options.stream) scope.emplace("stream", options.stream->str());
  if (options.segment_stream) scope.emplace("segmentStream", options.segment_stream->str());
  if (options.segment) scope.emplace("segment", options.segment->str());
  if (options.time.from) scope.emplace("from", format_time(*options.time.from));
  if (options.time.to) scope.emplace("to", format_time(*options.time.to));
  return Json(Json::Object{{"formatVersion", 1},
                           {"manifestSha256", resolved.sha256.hex()},
                           {"recoveryPointId", resolved.point->recovery_point_id},
                           {"scope", std::move(scope)},
                           {"type", "restore"}})
      .str();
}

}  // namespace restore
}  // namespace v0
}  // namespace atp
