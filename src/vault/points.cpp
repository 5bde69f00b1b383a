// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/points.hpp"

#include <algorithm>
#include <map>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/model/acts.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/recovery.hpp"

namespace atp {
inline namespace v0 {

std::optional<CompletedPoint> completed_point(const Vault& vault, const Ledger& ledger,
                                              std::uint64_t index) {
  const Statement& statement = ledger.entries()[index].statement;
  if (statement.action != acts::kPointCompleted.action) return std::nullopt;
  const std::string key =
      layout::recovery_point(ledger.tenant(), statement.subject_id.value_or(std::string()));
  const Bytes stored = require_object(vault.store(), key, kDocumentLimit);
  const Digest digest = sha256(stored);
  if (statement.subject_sha256 != digest) {
    throw Error(
        ErrorKind::corrupt, key,
        "SHA-256 is " + digest.hex() + ", the ledger says " +
            (statement.subject_sha256 ? statement.subject_sha256->hex() : std::string("nothing")));
  }
  RecoveryPoint point =
      require_document<RecoveryPoint>(key, as_text(stored), vault.trust(), ledger.tenant());
  if (point.recovery_point_id != statement.subject_id) {
    throw Error(ErrorKind::corrupt, key, "holds point " + point.recovery_point_id);
  }
  return CompletedPoint{index, std::move(point), digest, std::string(as_text(stored))};
}

bool is_completed(const Ledger& ledger, const std::string& recovery_point_id) {
  return std::ranges::any_of(ledger.entries(), [&](const LedgerEntry& entry) {
    return entry.statement.action == acts::kPointCompleted.action &&
           entry.statement.subject_id == recovery_point_id;
  });
}

std::optional<CompletedPoint> newest_point(const Vault& vault, const Ledger& ledger) {
  for (std::uint64_t index = ledger.size(); index-- > 0;) {
    if (auto point = completed_point(vault, ledger, index)) return point;
  }
  return std::nullopt;
}

void check_coverage(const SegmentChains& chains, const RecoveryPoint& point) {
  for (const StreamCoverage& covered : point.covered_to) {
    const auto found = chains.streams().find(covered.stream);
    const std::size_t length = found == chains.streams().end() ? 0 : found->second.size();
    if (length >= covered.sequences &&
        found->second[covered.sequences - 1].sha256 == covered.head) {
      continue;
    }
    throw Error(ErrorKind::corrupt, layout::manifests(*point.header.tenant, covered.stream),
                "expected the " + std::to_string(covered.sequences) + " manifests that " +
                    point.recovery_point_id + " covers, found " + std::to_string(length) +
                    (length >= covered.sequences ? ", others" : ""));
  }
}

std::vector<ListPage> read_list_pages(ObjectStore& store, const RecoveryPoint& point) {
  std::vector<ListPage> pages;
  for (const ListReference& reference : point.lists) {
    const std::string key = layout::list_page(*point.header.tenant, reference.sha256);
    const Bytes stored = require_object(store, key, kDocumentLimit);
    const Digest digest = sha256(stored);
    if (digest != reference.sha256) {
      throw Error(ErrorKind::corrupt, key,
                  "SHA-256 is " + digest.hex() + ", the point says " + reference.sha256.hex());
    }
    ListPage page = parse_list_page(as_text(stored));
    if (page.vault_id != point.header.vault_id || page.tenant != *point.header.tenant ||
        page.stream != reference.stream || page.page != reference.page ||
        page.descriptors.size() != reference.descriptors) {
      throw Error(ErrorKind::corrupt, key, "is another page than the point lists");
    }
    pages.push_back(std::move(page));
  }
  return pages;
}

std::vector<PointRow> list_points(const Vault& vault, const TenantId& tenant) {
  std::map<std::uint64_t, PointRow> cached;
  for (PointRow& row : vault.catalog().points(tenant)) {
    const std::uint64_t index = row.ledger_index;
    cached.insert_or_assign(index, std::move(row));
  }
  const Ledger ledger = catch_up(vault, tenant);
  std::vector<PointRow> rows;
  for (std::uint64_t index = 0; index < ledger.size(); ++index) {
    const Statement& statement = ledger.entries()[index].statement;
    const auto row = cached.find(index);
    if (row != cached.end() && row->second.recovery_point_id == statement.subject_id &&
        sha256(as_bytes(row->second.manifest)) == statement.subject_sha256) {
      rows.push_back(std::move(row->second));
    } else if (const auto point = completed_point(vault, ledger, index)) {
      rows.push_back(row_of(*point));
    }
  }
  return rows;
}

PointRow row_of(const CompletedPoint& point) {
  return {*point.point.header.tenant,    point.ledger_index, point.point.recovery_point_id,
          point.point.header.created_at, point.sha256,       point.stored};
}

}  // namespace v0
}  // namespace atp
