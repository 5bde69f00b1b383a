// SPDX-License-Identifier: Apache-2.0
/// Instants, calendar periods and half-open ranges, all UTC. Value types; functions are
/// thread-safe.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {

/// Nanoseconds since 1970-01-01T00:00:00Z without leap seconds: 1677-09-21 to 2262-04-11.
using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

/// `2026-11-23T07:56:29.000000000Z`: RFC 3339, UTC, always nine decimals.
ATP_EXPORT std::string format_time(Time time);

/// Any RFC 3339 date-time (section 5.6) that `Time` can hold; offsets are applied, decimals past
/// the ninth are cut. Nothing for a leap second, a date alone, 24:00, lower-case `t` or `z`.
ATP_EXPORT std::optional<Time> parse_time(std::string_view text);

/// Only what `format_time` prints.
ATP_EXPORT std::optional<Time> parse_canonical_time(std::string_view text);

/// `20261123T075629Z`, as in recovery point ids.
ATP_EXPORT std::string format_compact_time(Time time);

/// `[from, to)`; an absent end is open.
struct ATP_EXPORT TimeRange {
  std::optional<Time> from = {};
  std::optional<Time> to = {};

  bool empty() const { return from && to && *from >= *to; }
  bool unbounded() const { return !from && !to; }
  /// Whether `[first, last]`, both included, has an instant in this range.
  bool overlaps(Time first, Time last) const {
    return (!to || first < *to) && (!from || last >= *from);
  }
  bool operator==(const TimeRange&) const = default;
};

/// The range that a date (`2025-10-31`: the whole day) or an RFC 3339 date-time (that instant)
/// names. Throws: invalid_argument.
ATP_EXPORT TimeRange parse_time_or_day(std::string_view text);

/// A calendar period such as 7 years: an ISO 8601 duration of years, months, weeks and days.
struct ATP_EXPORT CalendarPeriod {
  std::int32_t years = 0;
  std::int32_t months = 0;
  std::int32_t days = 0;

  /// `P7Y`, `P1Y6M`, `P90D`, `P2W`; 1 day to 1,000 years. Throws: invalid_argument.
  static CalendarPeriod parse(std::string_view text);
  std::string str() const;
  bool operator==(const CalendarPeriod&) const = default;
};

/// `start` plus years and months by the calendar, then days. A day that the target month lacks
/// rounds later (29 February + 1 year is 1 March). Throws: invalid_argument past the end of
/// `Time`.
ATP_EXPORT Time add_period(Time start, const CalendarPeriod& period);

}  // namespace v0
}  // namespace atp
