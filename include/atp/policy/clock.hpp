// SPDX-License-Identifier: Apache-2.0
/// Whether a clock can be right. Pure decisions, no I/O.
#pragma once

#include <chrono>
#include <optional>

#include "atp/core/clock.hpp"
#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {

/// After how long without an entry a run is asked what else says that so much time has gone by. A
/// monthly job stays below it.
inline constexpr std::chrono::days kClockLead{35};

/// How far the store's file system may stand apart: time zones, on media that keep local times.
inline constexpr std::chrono::hours kStoreTolerance{15};

/// No vault is older. Clocks that lost their battery begin again before it.
inline constexpr Time kClockFloor = std::chrono::sys_days{std::chrono::year{2020} / 1 / 1};

/// What there is to compare a clock with. Only `store` can contradict it for sure, and only where
/// the store is another machine or the clock of this process alone is wrong; the others are of
/// machines that may have stood wrong with it.
struct ClockEvidence {
  std::optional<Time> last_entry = {};  ///< The newest of the ledger that counts.
  std::optional<Time> vault = {};       ///< When the vault was made.
  std::optional<Time> store = {};       ///< What the store gave a file that was written just now.
  std::optional<Time> source = {};      ///< When the newest file at the source was modified.
};

enum class ClockState {
  plausible,
  alone,         ///< Far ahead of the ledger; the source alone says likewise. Worth a warning.
  ahead,         ///< Far ahead of everything.
  behind,        ///< Before what was written, or before there were vaults.
  contradicted,  ///< The store says another time.
};

struct ClockVerdict {
  ClockState state;
  Time evidence = {};  ///< The time that decided; meaningless where the clock is plausible.
  bool operator==(const ClockVerdict&) const = default;
};

ATP_EXPORT ClockVerdict judge_clock(Time now, const ClockEvidence& evidence);

}  // namespace v0
}  // namespace atp
