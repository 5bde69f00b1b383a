// SPDX-License-Identifier: Apache-2.0
/// From a point to one of its segments, past all others.
#include <optional>
#include <variant>

#include "atp/storage/layout.hpp"
#include "atp/verify/resolved_point.hpp"
#include "atp/verify/stored_point.hpp"
#include "verify/checks.hpp"
#include "verify/point_chain.hpp"
#include "verify/shared_documents.hpp"

namespace atp {
inline namespace v0 {
namespace {

using verify::Context;
using verify::failed;

class SegmentSearch {
 public:
  SegmentSearch(const Context& context, const SegmentName& name, std::vector<Check>& checks)
      : context_(context), name_(name), checks_(checks) {}

  /// What the point lists of the segment; nothing where it does not.
  std::optional<Descriptor> find_in(const RecoveryPoint& point) {
    std::vector<const ListReference*> pages;
    for (const ListReference& reference : point.lists) {
      if (reference.stream == name_.stream) pages.push_back(&reference);
    }
    if (auto found = bisect(point, pages)) return found;
    for (const ListReference* reference : pages) {
      if (!reference) continue;
      if (auto found = look_into(point, *reference).found) return found;
    }
    return std::nullopt;
  }

 private:
  struct Look {
    std::optional<Descriptor> found;
    int side = 0;  ///< Where segments are sealed in order of their names: below 0 before the page.
  };

  Look look_into(const RecoveryPoint& point, const ListReference& reference) {
    throw_if_stopped(context_.stop);
    auto read = read_list_page(context_.store, point, reference);
    if (const auto* problem = std::get_if<Problem>(&read)) {
      checks_.push_back(failed("point.list", *problem));
      return {};
    }
    const auto& descriptors = std::get<ListPage>(read).descriptors;
    for (const Descriptor& each : descriptors) {
      const bool is_it = each.kind == DescriptorKind::segment && each.name == name_.segment.str();
      if (is_it) return {each};
    }
    if (descriptors.empty()) return {};
    return {std::nullopt, name_.segment.str() < descriptors.front().name ? -1 : 1};
  }

  /// Most sources seal segments in order of their names. Pages that were looked into become null.
  std::optional<Descriptor> bisect(const RecoveryPoint& point,
                                   std::vector<const ListReference*>& pages) {
    std::size_t low = 0;
    std::size_t high = pages.size();
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      const Look look = look_into(point, *pages[middle]);
      pages[middle] = nullptr;
      if (look.found) return look.found;
      if (look.side < 0) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return std::nullopt;
  }

  const Context& context_;
  const SegmentName& name_;
  std::vector<Check>& checks_;
};

std::optional<SegmentManifest> read_manifest(const Context& context, const Descriptor& descriptor,
                                             std::vector<Check>& checks) {
  constexpr const char* kName = "manifest.chain";
  const std::string key = layout::manifest(context.tenant, descriptor.stream, descriptor.sequence);
  auto stored = verify::read_document<SegmentManifest>(context, kName, key, context.tenant, checks);
  if (!stored) return std::nullopt;
  if (descriptor_of(stored->document, stored->sha256) == descriptor) {
    return std::move(stored->document);
  }
  checks.push_back(failed(
      kName, key, "the manifest that the point lists, SHA-256 " + descriptor.manifest_sha256.hex(),
      "another, SHA-256 " + stored->sha256.hex()));
  return std::nullopt;
}

}  // namespace

ResolvedPoint resolve_segment(ObjectStore& store, const PointName& name, const SegmentName& segment,
                              const TrustPolicy& trust, const std::stop_token& stop) {
  const Context context{store, &trust, name.tenant, 1, stop};
  ResolvedPoint resolved{.tenant = context.tenant};
  std::vector<Check>& checks = resolved.checks;
  verify::check_vault(context, checks);
  const verify::PointChain points =
      verify::read_point_chain(context, name.id, LedgerDepth::statement, checks);
  if (points.points.empty()) return resolved;
  resolved.point = points.points.front().point;
  resolved.sha256 = points.points.front().sha256;
  SegmentSearch search(context, segment, checks);
  for (const verify::LinkedPoint& link : points.points) {
    const auto descriptor = search.find_in(link.point);
    if (!descriptor) continue;
    auto manifest = read_manifest(context, *descriptor, checks);
    if (manifest) {
      resolved.epochs = verify::read_epochs(context, {manifest->key_epoch}, checks);
    }
    resolved.segments.push_back(
        {segment.stream, descriptor->sequence, *descriptor, std::move(manifest)});
    break;
  }
  return resolved;
}

}  // namespace v0
}  // namespace atp
