// SPDX-License-Identifier: Apache-2.0
/// Calendar periods: ISO 8601 durations and their sums with instants.
#include <algorithm>
#include <array>

#include "atp/core/error.hpp"
#include "atp/core/time.hpp"
#include "core/calendar.hpp"

namespace atp {
inline namespace v0 {
namespace {

// 400 Gregorian years are 4,800 months and 146,097 days: months and days compare as whole numbers.
constexpr std::int64_t kCycleMonths = 4'800;
constexpr std::int64_t kCycleDays = 146'097;
constexpr std::int64_t kLongestMonths = 12'000;
constexpr std::size_t kMostDigits = 7;

struct Counts {
  std::int64_t years = 0;
  std::int64_t months = 0;
  std::int64_t weeks = 0;
  std::int64_t days = 0;
};

/// Takes `<digits><unit>` off the front of `text`; 0 where another unit stands there.
std::int64_t take_count(std::string_view& text, char unit) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits > kMostDigits || text[digits] != unit) return 0;
  std::int64_t count = 0;
  for (const char digit : text.substr(0, digits)) count = count * 10 + (digit - '0');
  text.remove_prefix(digits + 1);
  return count;
}

bool within_limits(const Counts& counts) {
  const std::int64_t months = counts.years * 12 + counts.months;
  const std::int64_t days = counts.weeks * 7 + counts.days;
  const bool any = months > 0 || days > 0;
  return any && months * kCycleDays + days * kCycleMonths <= kLongestMonths * kCycleDays;
}

std::string count_text(std::int32_t count, char unit) {
  return count == 0 ? std::string() : std::to_string(count) + unit;
}

}  // namespace

CalendarPeriod CalendarPeriod::parse(std::string_view text) {
  std::string_view rest = text;
  Counts counts;
  if (rest.starts_with('P')) {
    rest.remove_prefix(1);
    counts.years = take_count(rest, 'Y');
    counts.months = take_count(rest, 'M');
    counts.weeks = take_count(rest, 'W');
    counts.days = take_count(rest, 'D');
  }
  if (!rest.empty() || !within_limits(counts)) {
    throw Error(ErrorKind::invalid_argument, std::string(text),
                "expected a period such as P7Y, P1Y6M, P2W or P90D, 1 day to 1,000 years");
  }
  return {static_cast<std::int32_t>(counts.years), static_cast<std::int32_t>(counts.months),
          static_cast<std::int32_t>(counts.weeks * 7 + counts.days)};
}

std::string CalendarPeriod::str() const {
  const std::string counts =
      count_text(years, 'Y') + count_text(months, 'M') + count_text(days, 'D');
  return counts.empty() ? "P0D" : "P" + counts;
}

Time add_period(Time start, const CalendarPeriod& period) {
  using namespace std::chrono;
  if (period.years < 0 || period.months < 0 || period.days < 0) {
    throw Error(ErrorKind::invalid_argument, period.str(), "a period cannot be negative");
  }
  const TimeParts parts = split_time(start);
  const std::int64_t month_index =
      static_cast<std::int64_t>(static_cast<int>(parts.date.year())) * 12 +
      static_cast<unsigned>(parts.date.month()) - 1 + std::int64_t{period.years} * 12 +
      period.months;
  std::optional<Time> sum;
  if (month_index / 12 <= 9999) {
    const year_month month{year(static_cast<int>(month_index / 12)),
                           std::chrono::month(static_cast<unsigned>(month_index % 12) + 1)};
    const std::chrono::day last = (month / std::chrono::last).day();
    // The day after the last one is the first of the next month.
    const auto day =
        std::min(static_cast<unsigned>(parts.date.day()), static_cast<unsigned>(last) + 1);
    const sys_seconds midnight = sys_days(month / 1);
    const seconds later = seconds((std::int64_t{day} - 1 + period.days) * 86'400);
    sum = join_time(midnight + later + parts.second_of_day, parts.nanosecond);
  }
  if (sum) return *sum;
  throw Error(
      ErrorKind::invalid_argument, period.str(),
      "added to " + format_time(start) + " it is past the last time, " + format_time(Time::max()));
}

}  // namespace v0
}  // namespace atp
