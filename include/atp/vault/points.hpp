// SPDX-License-Identifier: Apache-2.0
/// Recovery points as the ledger completed them. Functions are thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/vault/tenant.hpp"

namespace atp {
inline namespace v0 {

struct CompletedPoint {
  std::uint64_t ledger_index;
  RecoveryPoint point;
  Digest sha256;  ///< Of the manifest as stored.
  std::string stored;
};

/// The point that a `recovery_point.completed` statement names, verified and compared with the
/// statement's digest. Nothing for other statements. Throws: corrupt, untrusted,
/// not_found.
ATP_EXPORT std::optional<CompletedPoint> completed_point(const Vault& vault, const Ledger& ledger,
                                                         std::uint64_t index);

/// Whether an entry completes the point of that id.
ATP_EXPORT bool is_completed(const Ledger& ledger, const std::string& recovery_point_id);

/// The newest completed point. Nothing before the first.
ATP_EXPORT std::optional<CompletedPoint> newest_point(const Vault& vault, const Ledger& ledger);

/// Throws: corrupt unless the chains still hold every manifest that `point` says it covers.
ATP_EXPORT void check_coverage(const SegmentChains& chains, const RecoveryPoint& point);

/// The pages that a point lists, in its order, each compared with its reference.
/// Throws: corrupt, not_found.
ATP_EXPORT std::vector<ListPage> read_list_pages(ObjectStore& store, const RecoveryPoint& point);

/// A tenant's completed points in order of the ledger. Manifests come from the catalog where its
/// row is the one that the ledger names, else from the store. Throws: as `catch_up`.
ATP_EXPORT std::vector<PointRow> list_points(const Vault& vault, const TenantId& tenant);

ATP_EXPORT PointRow row_of(const CompletedPoint& point);

}  // namespace v0
}  // namespace atp
