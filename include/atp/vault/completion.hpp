// SPDX-License-Identifier: Apache-2.0
/// The second half of taking a point: everything it needs is there and kept, and the ledger says
/// so.
#pragma once

#include <string>

#include "atp/core/export.hpp"
#include "atp/vault/points.hpp"

namespace atp {
inline namespace v0 {

/// Grows the retention of what a point needs as far as the policies ask, reads it back, and sees
/// that what the point lists is there. What older points list, and documents whose retention is
/// recorded in the catalog as long enough, are not looked at again: `doctor` looks at all of it.
/// Throws: corrupt where an object is missing; unavailable where the store keeps less than it was
/// told.
ATP_EXPORT void keep_point(OpenTenant& tenant, const RecoveryPoint& point, unsigned workers);

/// The same for a run at `time` that found nothing new: the newest point stands for it. Throws: as
/// `keep_point`.
ATP_EXPORT void keep_newest(OpenTenant& tenant, const CompletedPoint& newest, Time time,
                            unsigned workers);

/// What follows a point's manifest in the store: everything it needs is there and kept, then the
/// statement, its checkpoint. Does what is missing of it. Throws: corrupt where something that the
/// point needs is missing, which must not be said to be complete.
ATP_EXPORT void complete_point(OpenTenant& tenant, const std::string& job_id,
                               const std::string& recovery_point_id, unsigned workers);

}  // namespace v0
}  // namespace atp
