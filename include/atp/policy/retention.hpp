// SPDX-License-Identifier: Apache-2.0
/// How long things are kept. Pure decisions, no I/O.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

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

/// What a package is kept for at least, from when it was written, whatever its file and its records
/// say of their age. A shorter retention of the policy was asked for: then that.
inline constexpr CalendarPeriod kMinimumAge{.years = 1};

/// How far a file's or a record's time may lie ahead of the clock. Beyond it, one of them is wrong.
inline constexpr std::chrono::days kFutureTolerance{1};

/// Whether `time` lies so far ahead of the clock that the clock, or it, is wrong.
inline bool is_of_the_future(Time time, Time now) { return time > now + kFutureTolerance; }

/// What is known of a segment's age.
struct SegmentDates {
  Time written_at;                      ///< By the clock, when its package was written.
  Time file_time;                       ///< When its file was modified last.
  std::optional<Time> newest_record{};  ///< Absent where no record has a time.
};

/// Until when a segment is kept. Of several policies each member is the latest.
struct SegmentTerm {
  Time by_dates{};  ///< The retention, counted from the later of file and newest record.
  Time until{};     ///< That, or the minimum age where it is later.

  /// Whether it came when its period was over: then only the minimum age keeps it.
  bool was_over(const SegmentDates& dates) const { return by_dates <= dates.written_at; }
  bool operator==(const SegmentTerm&) const = default;
};

/// The one place where a segment's retention is computed. No date counts that is later than
/// `written_at`: nobody can have a segment kept for ever with a date that is yet to come.
inline SegmentTerm segment_term(const SegmentDates& dates, const CalendarPeriod& retention) {
  const Time newest = std::max(dates.file_time, dates.newest_record.value_or(dates.file_time));
  const Time by_dates = add_period(std::min(newest, dates.written_at), retention);
  const Time minimum =
      std::min(add_period(dates.written_at, retention), add_period(dates.written_at, kMinimumAge));
  return {by_dates, std::max(by_dates, minimum)};
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
