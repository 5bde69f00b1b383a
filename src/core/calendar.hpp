// SPDX-License-Identifier: Apache-2.0
/// Between instants and calendar dates, without overflow at the ends of `Time`. Thread-safe.
#pragma once

#include <chrono>
#include <limits>
#include <optional>

#include "atp/core/time.hpp"

namespace atp {
inline namespace v0 {

struct TimeParts {
  std::chrono::year_month_day date;
  std::chrono::seconds second_of_day;
  std::chrono::nanoseconds nanosecond;  ///< Of the second: 0 to 999,999,999.
};

inline constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

/// `sys_days(time)` would overflow on the first day of `Time`: whole seconds go first.
inline TimeParts split_time(Time time) {
  const std::int64_t count = time.time_since_epoch().count();
  const std::int64_t remainder = count % kNanosecondsPerSecond;
  const bool borrow = remainder < 0;
  const std::chrono::sys_seconds second(
      std::chrono::seconds(count / kNanosecondsPerSecond - (borrow ? 1 : 0)));
  const auto day = std::chrono::floor<std::chrono::days>(second);
  return {std::chrono::year_month_day(day), second - day,
          std::chrono::nanoseconds(remainder + (borrow ? kNanosecondsPerSecond : 0))};
}

/// Nothing where `Time` cannot hold it; `nanosecond` is 0 to 999,999,999.
inline std::optional<Time> join_time(std::chrono::sys_seconds second,
                                     std::chrono::nanoseconds nanosecond) {
  std::int64_t seconds = second.time_since_epoch().count();
  std::int64_t rest = nanosecond.count();
  if (seconds < 0) {
    seconds += 1;
    rest -= kNanosecondsPerSecond;
  }
  std::int64_t count = 0;
  if (__builtin_mul_overflow(seconds, kNanosecondsPerSecond, &count)) return std::nullopt;
  if (__builtin_add_overflow(count, rest, &count)) return std::nullopt;
  return Time(std::chrono::nanoseconds(count));
}

}  // namespace v0
}  // namespace atp
