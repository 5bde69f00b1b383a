// SPDX-License-Identifier: Apache-2.0
#include "atp/policy/clock.hpp"

namespace atp {
inline namespace v0 {

ClockVerdict judge_clock(Time now, const ClockEvidence& evidence) {
  const auto& written = evidence.last_entry ? evidence.last_entry : evidence.vault;
  if (written && now + kClockTolerance < *written) return {ClockState::behind, *written};
  if (now < kClockFloor) return {ClockState::behind, kClockFloor};
  // A file system that keeps no times says 1970.
  const auto& store = evidence.store;
  if (store && *store >= kClockFloor &&
      (now > *store + kStoreTolerance || now + kStoreTolerance < *store)) {
    return {ClockState::contradicted, *store};
  }
  // The age of a vault says nothing of a tenant who is new in it.
  const auto& last = evidence.last_entry;
  if (!last || now <= *last + kClockLead) return {ClockState::plausible};
  const bool is_seconded = evidence.source && now <= *evidence.source + kClockLead;
  return {is_seconded ? ClockState::alone : ClockState::ahead, *last};
}

}  // namespace v0
}  // namespace atp
