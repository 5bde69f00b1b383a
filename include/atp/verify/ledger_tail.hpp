// SPDX-License-Identifier: Apache-2.0
/// Whether a ledger is as long as others have seen it. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "atp/core/export.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/model/problem.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

enum class PointsToAsk {
  /// That of the last key, since ids begin with their time; where that is ahead of the clock, also
  /// the last that is not: a run by a clock that stood ahead leaves its point the last for long.
  newest,
  all,
};

/// Whether a stored point had seen more entries than the `ledger_size` that the ledger has, which
/// no crash leaves, or `known_key` is not listed. Of a point that cannot be believed nothing is
/// said here. Without `now` no point is ahead. Others may have appended since the ledger was read:
/// look again before believing it.
ATP_EXPORT std::optional<Problem> find_cut_tail(ObjectStore& store, const TrustPolicy* trust,
                                                const TenantId& tenant, std::uint64_t ledger_size,
                                                PointsToAsk points, std::optional<Time> now,
                                                const std::optional<std::string>& known_key = {});

}  // namespace v0
}  // namespace atp
