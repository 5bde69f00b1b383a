// SPDX-License-Identifier: Apache-2.0
#include "backup/point_builder.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <span>
#include <tuple>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/merkle/frontier.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/anchor.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// Pages of manifests of one stream.
std::vector<ListPage> pages_of(const Vault& vault, const TenantId& tenant, const StreamId& stream,
                               const std::vector<SegmentChains::Entry>& chain) {
  std::vector<ListPage> pages;
  for (const SegmentChains::Entry& entry : chain) {
    const std::uint64_t page = entry.manifest.sequence / kDescriptorsPerPage;
    if (pages.empty() || pages.back().page != page) {
      pages.push_back({vault.id(), tenant, stream, page, {}});
    }
    pages.back().descriptors.push_back(descriptor_of(entry.manifest, entry.sha256));
  }
  return pages;
}

struct Totals {
  merkle::Frontier<Rfc9162Hasher> tree;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t stored_bytes = 0;
};

void add(Totals& totals, const ListPage& page) {
  for (const Descriptor& descriptor : page.descriptors) {
    totals.tree.push(Rfc9162Hasher::leaf(as_bytes(canonical(descriptor))));
    totals.records += descriptor.records;
    totals.stored_bytes += descriptor.bytes;
  }
}

/// Names that no segment has: there may be any number of such files.
bool is_no_segment(const SkippedInput& input) {
  return input.reason == "not_a_segment" || input.reason == "not_sealed" ||
         input.reason == "bad_name";
}

SkippedInput count_of(std::span<const SkippedInput> others) {
  std::map<std::string, std::size_t> reasons;
  for (const SkippedInput& each : others) ++reasons[each.reason];
  std::string detail = std::to_string(others.size()) + " others";
  for (const auto& [reason, count] : reasons) {
    detail +=
        (reason == reasons.begin()->first ? ": " : ", ") + std::to_string(count) + " " + reason;
  }
  return {".", "more", detail};
}

/// Throws: unsupported where it would be too large to be read again.
std::string sign_point(const Vault& vault, const std::string& key, const RecoveryPoint& point) {
  try {
    return sign_document(point, vault.signers());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_argument) throw;
    throw Error(ErrorKind::unsupported, key,
                error.message() + ": too many streams or altered segments for one tenant");
  }
}

}  // namespace

std::vector<SkippedInput> bounded_list(std::vector<SkippedInput> skipped) {
  const auto by_name = [](const SkippedInput& a, const SkippedInput& b) {
    return std::tie(a.name, a.reason, a.detail) < std::tie(b.name, b.reason, b.detail);
  };
  std::ranges::sort(skipped, by_name);
  if (skipped.size() <= kSkippedLimit) return skipped;
  std::stable_partition(skipped.begin(), skipped.end(), std::not_fn(is_no_segment));
  const SkippedInput more = count_of(std::span(skipped).subspan(kSkippedLimit));
  skipped.resize(kSkippedLimit);
  skipped.push_back(more);
  std::ranges::sort(skipped, by_name);
  return skipped;
}

Covered::Covered(const std::optional<CompletedPoint>& point) {
  if (!point) return;
  for (const StreamCoverage& each : point->point.covered_to) {
    sequences_.emplace(each.stream, each.sequences);
  }
}

std::uint64_t Covered::by(const StreamId& stream) const {
  const auto found = sequences_.find(stream);
  return found == sequences_.end() ? 0 : found->second;
}

bool Covered::lacks_any_of(const SegmentChains& chains) const {
  return std::any_of(chains.heads().begin(), chains.heads().end(),
                     [&](const auto& each) { return each.second.manifests > by(each.first); });
}

RecoveryPoint put_point(OpenTenant& open, const PointDraft& draft, const PutOptions& options,
                        const std::stop_token& stop) {
  const Vault& vault = open.vault();
  const TenantId& tenant = open.tenant();
  ObjectStore& store = vault.store();
  const Covered covered(draft.parent);
  std::vector<StreamCoverage> coverage;
  std::vector<ListReference> lists;
  Totals totals;
  for (const auto& [stream, head] : open.chains().heads()) {
    if (head.manifests == 0) continue;
    coverage.push_back({stream, head.manifests, head.sha256});
    const std::uint64_t from = covered.by(stream);
    if (from >= head.manifests) continue;
    const auto chain = open.chains().from(stream, from);
    for (const SegmentChains::Entry& entry : chain) totals.bytes += entry.manifest.bytes;
    for (const ListPage& page : pages_of(vault, tenant, stream, chain)) {
      const std::string stored = canonical(page);
      const Digest digest = sha256(as_bytes(stored));
      put_same_object(store, layout::list_page(tenant, digest), as_bytes(stored), options);
      lists.push_back({stream, page.page, digest, page.descriptors.size()});
      add(totals, page);
    }
  }
  RecoveryPoint point{.header = vault.new_header(tenant),
                      .recovery_point_id = draft.recovery_point_id,
                      .region = vault.region(),
                      .backup_type = draft.type,
                      .as_of = draft.as_of,
                      .completed_at = draft.completed_at,
                      .covered_to = std::move(coverage),
                      .lists = std::move(lists),
                      .merkle_root = totals.tree.root(),
                      .segments = totals.tree.size(),
                      .records = totals.records,
                      .bytes = totals.bytes,
                      .stored_bytes = totals.stored_bytes,
                      .skipped = draft.skipped,
                      .alarms = draft.alarms,
                      .policy_version = draft.policy_version,
                      .ledger_size_seen = draft.ledger_size_seen};
  if (draft.parent) {
    point.parent = ParentPoint{draft.parent->point.recovery_point_id, draft.parent->sha256};
  }
  const std::string key = layout::recovery_point(tenant, point.recovery_point_id);
  const std::string stored = sign_point(vault, key, point);
  require_timestamp(vault, tenant, key, sha256(as_bytes(stored)), *options.retain_until, stop);
  put_object(store, key, as_bytes(stored), options);
  return point;
}

}  // namespace v0
}  // namespace atp
