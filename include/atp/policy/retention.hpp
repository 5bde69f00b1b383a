// SPDX-License-Identifier: Apache-2.0
/// How long things are kept. Pure decisions, no I/O.
#pragma once

#include <chrono>
#include <cstdint>

#include "atp/core/time.hpp"

namespace atp {
inline namespace v0 {

/// What a package is kept for before a recovery point refers to it.
inline constexpr std::chrono::days kGracePeriod{14};

/// What documents are kept for beyond the retention, so that a point taken a little later does not
/// have to grow each of them again.
inline constexpr CalendarPeriod kRetentionSlack{.days = 92};

inline constexpr CalendarPeriod kDefaultRetention{.years = 7};

/// How many points a chain of incremental ones has, with the full one that it begins with.
inline constexpr std::uint64_t kPointsPerFull = 24;

/// Until when a segment sealed at `sealed_at` is kept.
inline Time retain_segment_until(Time sealed_at, const CalendarPeriod& retention) {
  return add_period(sealed_at, retention);
}

/// What a document that a point taken at `now` needs must at least be kept for.
inline Time retain_document_at_least_until(Time now, const CalendarPeriod& retention) {
  return add_period(now, retention);
}

/// What such a document is given when it is written, and when it is grown.
inline Time retain_document_until(Time now, const CalendarPeriod& retention) {
  return add_period(retain_document_at_least_until(now, retention), kRetentionSlack);
}

}  // namespace v0
}  // namespace atp
