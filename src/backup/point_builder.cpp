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

/// Pages of one stream's manifests from `from` on.
std::vector<ListPage> pages_of(const Vault& vault, const TenantId& tenant, const StreamId& stream,
                               const std::vector<SegmentChains::Entry>& chain, std::uint64_t from) {
  std::vector<ListPage> pages;
  for (std::uint64_t sequence = from; sequence < chain.size(); ++sequence) {
    const std::uint64_t page = sequence / kDescriptorsPerPage;
    if (pages.empty() || pages.back().page != page) {
      pages.push_back({vault.id(), tenant, stream, page, {}});
    }
    pages.back().descriptors.push_back(
        descriptor_of(chain[sequence].manifest, chain[sequence].sha256));
  }
  return pages;
}

struct Totals {
  merkle::Frontier<Rfc9162Hasher> tree;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t stored_bytes = 0;
};

void add(Totals& totals, const ListPage& page, const std::vector<SegmentChains::Entry>& chain) {
  for (const Descriptor& descriptor : page.descriptors) {
    totals.tree.push(Rfc9162Hasher::leaf(as_bytes(canonical(descriptor))));
    totals.records += descriptor.records;
    totals.bytes += chain[descriptor.sequence].manifest.bytes;
    totals.stored_bytes += descriptor.bytes;
  }
}

/// Names that no segment has: there may be any number of such files.
bool is_no_segment(const SkippedInput& input) {
  return input.reason == "not_a_segment" || input.reason == "not_sealed" ||
         input.reason == "bad_name" || input.reason == "hidden";
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
  std::ranges::stable_partition(skipped, std::not_fn(is_no_segment));
  const SkippedInput more = count_of(std::span(skipped).subspan(kSkippedLimit));
  skipped.resize(kSkippedLimit);
  skipped.push_back(more);
  std::ranges::sort(skipped, by_name);
  return skipped;
}

std::uint64_t covered(const std::optional<CompletedPoint>& parent, const StreamId& stream) {
  if (!parent) return 0;
  const auto& coverage = parent->point.covered_to;
  const auto found =
      std::find_if(coverage.begin(), coverage.end(),
                   [&](const StreamCoverage& each) { return each.stream == stream; });
  return found == coverage.end() ? 0 : found->sequences;
}

bool has_uncovered(const SegmentChains& chains, const std::optional<CompletedPoint>& parent) {
  return std::any_of(chains.streams().begin(), chains.streams().end(), [&](const auto& each) {
    return each.second.size() > covered(parent, each.first);
  });
}

RecoveryPoint put_point(const Vault& vault, const TenantId& tenant, const SegmentChains& chains,
                        const PointDraft& draft, const PutOptions& options,
                        const std::stop_token& stop) {
  ObjectStore& store = vault.store();
  std::vector<StreamCoverage> coverage;
  std::vector<ListReference> lists;
  Totals totals;
  for (const auto& [stream, chain] : chains.streams()) {
    if (chain.empty()) continue;
    coverage.push_back({stream, chain.size(), chain.back().sha256});
    const std::uint64_t from = covered(draft.parent, stream);
    for (const ListPage& page : pages_of(vault, tenant, stream, chain, from)) {
      const std::string stored = canonical(page);
      const Digest digest = sha256(as_bytes(stored));
      put_same_object(store, layout::list_page(tenant, digest), as_bytes(stored), options);
      lists.push_back({stream, page.page, digest, page.descriptors.size()});
      add(totals, page, chain);
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
