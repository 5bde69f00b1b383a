// SPDX-License-Identifier: Apache-2.0
/// Recovery points as the ledger completed them. Functions that take a vault are thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/model/point_name.hpp"
#include "atp/vault/open_tenant.hpp"

namespace atp {
inline namespace v0 {

/// Whose point `id` is: by the catalog, else as `find_point` of verify/points.hpp. Throws:
/// not_found.
ATP_EXPORT PointName find_point(const Vault& vault, const std::string& id);

/// The same of a store that is only read: the catalog of the vault in `folder` is asked where there
/// is one that can be.
ATP_EXPORT PointName find_point(const Environment& environment, const Path& folder,
                                ObjectStore& store, const std::string& id);

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

/// Whether an entry completes the point of that id, by the catalog and by what came after its head.
ATP_EXPORT bool is_completed(OpenTenant& tenant, const std::string& recovery_point_id);

/// The newest completed point, by the catalog and by what came after its head; its entry and its
/// manifest are read and verified. Nothing before the first.
ATP_EXPORT std::optional<CompletedPoint> newest_point(OpenTenant& tenant);

/// Throws: corrupt unless the chains hold every manifest that `point` says it covers; a stream of
/// which they know fewer is looked at first.
ATP_EXPORT void check_coverage(SegmentChains& chains, const RecoveryPoint& point);

/// A tenant's completed points in order of the ledger: the catalog's, and those that came after its
/// head. Throws: as `OpenTenant`, and as `completed_point` for those that the catalog lacks.
ATP_EXPORT std::vector<PointRow> list_points(const Vault& vault, const TenantId& tenant);

ATP_EXPORT PointRow row_of(const CompletedPoint& point);

}  // namespace v0
}  // namespace atp
