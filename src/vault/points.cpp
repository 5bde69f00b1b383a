// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/points.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/model/acts.hpp"
#include "atp/model/signed_document.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/vault_folder.hpp"
#include "atp/verify/points.hpp"
#include "atp/verify/stored_point.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// The catalog is an index, and no authority.
bool holds(const Vault& vault, const PointRow& row) {
  const auto checked = check_document<RecoveryPoint>(row.manifest, &vault.trust(), row.tenant);
  return checked.document && checked.document->recovery_point_id == row.recovery_point_id &&
         checked.document->ledger_size_seen <= row.ledger_index &&
         sha256(as_bytes(row.manifest)) == row.manifest_sha256;
}

/// A catalog may be of another time than the store.
std::optional<PointName> find_in(Catalog& catalog, ObjectStore& store, const std::string& id) {
  const auto rows = catalog.find_points(id);
  if (rows.size() != 1) return std::nullopt;
  PointName name{rows.front().tenant, id};
  if (!store.stat(layout::recovery_point(name.tenant, name.id))) return std::nullopt;
  return name;
}

}  // namespace

PointName find_point(const Vault& vault, const std::string& id) {
  if (vault.catalog_problem().empty()) {
    if (auto found = find_in(vault.catalog(), vault.store(), id)) return std::move(*found);
  }
  return find_point(vault.store(), id);
}

PointName find_point(const Environment& environment, const Path& folder, ObjectStore& store,
                     const std::string& id) {
  try {
    const auto catalog =
        open_sqlite_catalog(environment.files, environment.random, vault_paths(folder).catalog, "");
    if (auto found = find_in(*catalog, store, id)) return std::move(*found);
  } catch (const Error&) {
    // Of a medium that cannot be written, or of a catalog that is lost: the store knows, too.
  }
  return find_point(store, id);
}

std::optional<CompletedPoint> completed_point(const Vault& vault, const Ledger& ledger,
                                              std::uint64_t index) {
  const Statement statement = ledger.entry(index).statement;
  if (statement.action != acts::kPointCompleted.action) return std::nullopt;
  const PointName name{ledger.tenant(), statement.subject_id.value_or(std::string())};
  StoredPoint stored = require_point(vault.store(), vault.trust(), name);
  if (statement.subject_sha256 != stored.sha256) {
    throw Error(
        ErrorKind::corrupt, layout::recovery_point(name.tenant, name.id),
        "SHA-256 is " + stored.sha256.hex() + ", the ledger says " +
            (statement.subject_sha256 ? statement.subject_sha256->hex() : std::string("nothing")));
  }
  return CompletedPoint{index, std::move(stored.point), stored.sha256, std::move(stored.stored)};
}

bool is_completed(OpenTenant& tenant, const std::string& recovery_point_id) {
  const bool in_tail = std::ranges::any_of(tenant.ledger().tail(), [&](const LedgerEntry& entry) {
    return entry.statement.action == acts::kPointCompleted.action &&
           entry.statement.subject_id == recovery_point_id;
  });
  if (in_tail) return true;
  return std::ranges::any_of(tenant.vault().catalog().find_points(recovery_point_id),
                             [&](const PointRow& row) { return row.tenant == tenant.tenant(); });
}

std::optional<CompletedPoint> newest_point(OpenTenant& tenant) {
  const Ledger& ledger = tenant.ledger();
  for (std::uint64_t index = ledger.size(); index-- > ledger.first();) {
    if (auto point = completed_point(tenant.vault(), ledger, index)) return point;
  }
  if (ledger.first() == 0) return std::nullopt;
  const auto rows = tenant.vault().catalog().newest_points(tenant.tenant(), 1);
  if (rows.empty()) return std::nullopt;
  const PointRow& row = rows.front();
  auto point = completed_point(tenant.vault(), ledger, row.ledger_index);
  if (point && point->sha256 == row.manifest_sha256) return point;
  throw Error(ErrorKind::corrupt, layout::ledger_entry(tenant.tenant(), 0, row.ledger_index),
              "does not complete " + row.recovery_point_id + ", as the catalog says");
}

void check_coverage(SegmentChains& chains, const RecoveryPoint& point) {
  for (const StreamCoverage& covered : point.covered_to) {
    auto found = chains.heads().find(covered.stream);
    if (found == chains.heads().end() || found->second.manifests < covered.sequences) {
      chains.look_at(covered.stream);
      found = chains.heads().find(covered.stream);
    }
    const SegmentChains::Head head =
        found == chains.heads().end() ? SegmentChains::Head{} : found->second;
    const bool enough = head.manifests >= covered.sequences;
    const bool same =
        enough && (head.manifests == covered.sequences
                       ? head.sha256 == covered.head
                       : chains.from(covered.stream, covered.sequences - 1, 1).front().sha256 ==
                             covered.head);
    if (same) continue;
    throw Error(ErrorKind::corrupt, layout::manifests(*point.header.tenant, covered.stream),
                "expected the " + std::to_string(covered.sequences) + " manifests that " +
                    point.recovery_point_id + " covers, found " + std::to_string(head.manifests) +
                    (enough ? ", others" : ""));
  }
}

std::vector<PointRow> list_points(const Vault& vault, const TenantId& tenant) {
  OpenTenant open(vault, tenant);
  std::vector<PointRow> rows;
  std::uint64_t known = 0;
  for (PointRow& row : vault.catalog().points(tenant)) {
    if (row.ledger_index >= open.ledger().size()) break;
    known = row.ledger_index + 1;
    if (holds(vault, row)) {
      rows.push_back(std::move(row));
    } else if (const auto point = completed_point(vault, open.ledger(), row.ledger_index)) {
      rows.push_back(row_of(*point));
    }
  }
  for (std::uint64_t index = std::max(known, open.ledger().first()); index < open.ledger().size();
       ++index) {
    if (const auto point = completed_point(vault, open.ledger(), index)) {
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
