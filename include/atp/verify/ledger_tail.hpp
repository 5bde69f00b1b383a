// SPDX-License-Identifier: Apache-2.0
/// Whether a ledger is as long as others have seen it. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "atp/core/export.hpp"
#include "atp/core/time.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/model/problem.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

/// A problem where some stored point with a key after `after` was made when the ledger was longer
/// than `ledger_size`: its tail was cut off, as no crash does. Points that do not verify are
/// ignored. Keys begin with their time, so that after the newest known one there are few. Others
/// may have appended since the ledger was read: read it again before believing the problem.
ATP_EXPORT std::optional<Problem> find_cut_tail(ObjectStore& store, const TrustPolicy* trust,
                                                const TenantId& tenant, std::uint64_t ledger_size,
                                                const std::string& after);

/// The same of the last stored point alone, and where that is ahead of `now`, also of the last that
/// is not: a run by a clock that stood ahead leaves its point the last for long. Without `now` no
/// point is ahead.
ATP_EXPORT std::optional<Problem> find_tail_cut_by_newest(ObjectStore& store,
                                                          const TrustPolicy* trust,
                                                          const TenantId& tenant,
                                                          std::uint64_t ledger_size,
                                                          std::optional<Time> now);

}  // namespace v0
}  // namespace atp
