// SPDX-License-Identifier: Apache-2.0
#include "atp/core/time.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include "atp/core/error.hpp"

namespace atp {
namespace {

using std::chrono::nanoseconds;

Time at(std::string_view text) {
  const auto time = parse_time(text);
  EXPECT_TRUE(time) << text;
  return time.value_or(Time{});
}

std::string canonical(std::string_view text) { return format_time(at(text)); }

std::string sum(std::string_view start, std::string_view period) {
  return format_time(add_period(at(start), CalendarPeriod::parse(period)));
}

template <class Call>
void expect_invalid(const Call& call, std::string_view what) {
  try {
    call();
    ADD_FAILURE() << what << " was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid_argument) << what;
  }
}

TEST(Time, PrintsNineDecimalsAndZ) {
  EXPECT_EQ(format_time(Time{}), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(format_time(Time(nanoseconds(-1))), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(format_time(Time(nanoseconds(1'795'420'589'000'000'007))),
            "2026-11-23T07:56:29.000000007Z");
}

TEST(Time, HoldsItsFirstAndLastInstant) {
  EXPECT_EQ(format_time(Time::min()), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(format_time(Time::max()), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(at("1677-09-21T00:12:43.145224192Z"), Time::min());
  EXPECT_EQ(at("2262-04-11T23:47:16.854775807Z"), Time::max());
}

TEST(Time, T064_RefusesWhatIsPastItsEnds) {
  for (const std::string_view text :
       {"1677-09-21T00:12:43.145224191Z", "2262-04-11T23:47:16.854775808Z", "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z", "2262-04-11T23:47:16.854775807-00:01",
        "1677-09-21T00:12:43.145224192+00:01", "0000-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59.999999999-23:59"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(Time, AppliesOffsets) {
  EXPECT_EQ(canonical("2025-10-31T01:00:00+02:00"), "2025-10-30T23:00:00.000000000Z");
  EXPECT_EQ(canonical("2025-12-31T23:30:00-00:45"), "2026-01-01T00:15:00.000000000Z");
  EXPECT_EQ(canonical("2025-10-31T01:00:00-00:00"), "2025-10-31T01:00:00.000000000Z");
  EXPECT_EQ(canonical("2025-10-31T23:59:59+23:59"), "2025-10-31T00:00:59.000000000Z");
}

TEST(Time, CutsDecimalsPastTheNinth) {
  EXPECT_EQ(canonical("2025-10-31T01:00:00.5Z"), "2025-10-31T01:00:00.500000000Z");
  EXPECT_EQ(canonical("2025-10-31T01:00:00.1234567899999999999999Z"),
            "2025-10-31T01:00:00.123456789Z");
  EXPECT_EQ(canonical("1960-10-31T01:00:00.9999999999Z"), "1960-10-31T01:00:00.999999999Z");
}

TEST(Time, RefusesWhatIsNotRfc3339) {
  for (const std::string_view text : {"",
                                      "2025-10-31",
                                      "2025-10-31T01:00Z",
                                      "2025-10-31T01:00:00",
                                      "2025-10-31t01:00:00Z",
                                      "2025-10-31T01:00:00z",
                                      "2025-10-31 01:00:00Z",
                                      "2025-10-31T24:00:00Z",
                                      "2025-10-31T23:60:00Z",
                                      "2016-12-31T23:59:60Z",
                                      "2025-02-29T00:00:00Z",
                                      "2025-04-31T00:00:00Z",
                                      "2025-00-10T00:00:00Z",
                                      "2025-13-10T00:00:00Z",
                                      "2025-10-00T00:00:00Z",
                                      "2025-10-31T01:00:00.Z",
                                      "2025-10-31T01:00:00,5Z",
                                      "2025-10-31T01:00:00+0200",
                                      "2025-10-31T01:00:00+02",
                                      "2025-10-31T01:00:00+24:00",
                                      "2025-10-31T01:00:00+01:60",
                                      "2025-10-31T01:00:00ZZ",
                                      "2025-10-31T01:00:00Z ",
                                      " 2025-10-31T01:00:00Z",
                                      "+2025-10-31T01:00:00Z",
                                      "2025-1-31T01:00:00Z",
                                      "12025-10-31T01:00:00Z",
                                      "2025-10-31T-1:00:00Z",
                                      "2025-10-31T01:00:00.5.5Z"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(Time, CanonicalFormIsTheOnlyOne) {
  EXPECT_TRUE(parse_canonical_time("2025-10-31T01:00:00.000000000Z"));
  EXPECT_FALSE(parse_canonical_time("2025-10-31T01:00:00Z"));
  EXPECT_FALSE(parse_canonical_time("2025-10-31T01:00:00.0000000000Z"));
  EXPECT_FALSE(parse_canonical_time("2025-10-31T01:00:00.000000000+00:00"));
}

TEST(Time, ReadsBackWhatItPrints) {
  std::mt19937_64 generator(3);
  for (int i = 0; i < 20'000; ++i) {
    const Time time(nanoseconds(static_cast<std::int64_t>(generator())));
    EXPECT_EQ(parse_canonical_time(format_time(time)), time);
  }
}

TEST(Time, CompactFormHasSeconds) {
  EXPECT_EQ(format_compact_time(at("2026-11-23T07:56:29.999Z")), "20261123T075629Z");
  EXPECT_EQ(format_compact_time(Time::min()), "16770921T001243Z");
}

TEST(TimeRange, IsHalfOpen) {
  const TimeRange range{Time(nanoseconds(10)), Time(nanoseconds(20))};
  const auto overlaps = [&](int first, int last) {
    return range.overlaps(Time(nanoseconds(first)), Time(nanoseconds(last)));
  };
  EXPECT_FALSE(overlaps(0, 9));
  EXPECT_TRUE(overlaps(0, 10));
  EXPECT_TRUE(overlaps(19, 30));
  EXPECT_FALSE(overlaps(20, 30));
  EXPECT_TRUE((TimeRange{Time(nanoseconds(5)), Time(nanoseconds(5))}).empty());
  EXPECT_FALSE(range.empty());
  EXPECT_TRUE(TimeRange{}.unbounded());
  EXPECT_TRUE(TimeRange{}.overlaps(Time::min(), Time::min()));
}

TEST(TimeRange, DateNamesTheWholeDay) {
  const TimeRange day = parse_time_or_day("2024-02-29");
  EXPECT_EQ(day.from, at("2024-02-29T00:00:00Z"));
  EXPECT_EQ(day.to, at("2024-03-01T00:00:00Z"));
  const TimeRange instant = parse_time_or_day("2024-02-29T12:00:00+01:00");
  EXPECT_EQ(instant.from, at("2024-02-29T11:00:00Z"));
  EXPECT_EQ(instant.to, at("2024-02-29T11:00:00.000000001Z"));
}

TEST(TimeRange, T064_RefusesDaysPastTheEndsOfTime) {
  EXPECT_NO_THROW(parse_time_or_day("2262-04-10"));
  EXPECT_NO_THROW(parse_time_or_day("1677-09-22"));
  for (const std::string_view text : {"2262-04-11", "1677-09-21", "2025-02-29", "2025-10-31Z", "",
                                      "20251031", "2262-04-11T23:47:16.854775807Z"}) {
    expect_invalid([&] { parse_time_or_day(text); }, text);
  }
}

TEST(CalendarPeriod, ReadsIso8601) {
  EXPECT_EQ(CalendarPeriod::parse("P7Y"), (CalendarPeriod{7, 0, 0}));
  EXPECT_EQ(CalendarPeriod::parse("P1Y6M"), (CalendarPeriod{1, 6, 0}));
  EXPECT_EQ(CalendarPeriod::parse("P2W"), (CalendarPeriod{0, 0, 14}));
  EXPECT_EQ(CalendarPeriod::parse("P1Y2M3W4D"), (CalendarPeriod{1, 2, 25}));
  EXPECT_EQ(CalendarPeriod::parse("P1D"), (CalendarPeriod{0, 0, 1}));
  EXPECT_EQ(CalendarPeriod::parse("P1000Y"), (CalendarPeriod{1000, 0, 0}));
  EXPECT_EQ(CalendarPeriod::parse("P365242D"), (CalendarPeriod{0, 0, 365'242}));
}

TEST(CalendarPeriod, PrintsWhatItReads) {
  for (const std::string_view text : {"P7Y", "P1Y6M", "P90D", "P18M", "P1Y2M3D", "P1000Y"}) {
    EXPECT_EQ(CalendarPeriod::parse(text).str(), text);
  }
  EXPECT_EQ(CalendarPeriod::parse("P2W").str(), "P14D");
  EXPECT_EQ(CalendarPeriod{}.str(), "P0D");
}

TEST(CalendarPeriod, T064_RefusesPeriodsThatAreNoneOrTooLong) {
  for (const std::string_view text : {"",
                                      "P",
                                      "7Y",
                                      "P7",
                                      "P7y",
                                      "p7Y",
                                      "P-7Y",
                                      "P+7Y",
                                      "P 7Y",
                                      "P7Y ",
                                      "P7.5Y",
                                      "P7,5Y",
                                      "PY",
                                      "P6M1Y",
                                      "P1Y1Y",
                                      "PT1H",
                                      "P1DT0H",
                                      "P0D",
                                      "P0Y0M0W0D",
                                      "P1001Y",
                                      "P12001M",
                                      "P52178W",
                                      "P365243D",
                                      "P1000Y1D",
                                      "P999Y13M",
                                      "P4294967297Y",
                                      "P99999999999999999999D",
                                      "P18446744073709551616Y",
                                      "P2147483648D"}) {
    expect_invalid([&] { CalendarPeriod::parse(text); }, text);
  }
}

TEST(CalendarPeriod, SevenYearsAreNot2555Days) {
  EXPECT_EQ(sum("2025-10-30T12:34:56.000000789Z", "P7Y"), "2032-10-30T12:34:56.000000789Z");
  EXPECT_EQ(sum("2025-10-30T00:00:00Z", "P2555D"), "2032-10-28T00:00:00.000000000Z");
}

TEST(CalendarPeriod, MissingDaysRoundLater) {
  EXPECT_EQ(sum("2024-02-29T23:59:59Z", "P1Y"), "2025-03-01T23:59:59.000000000Z");
  EXPECT_EQ(sum("2024-02-29T00:00:00Z", "P4Y"), "2028-02-29T00:00:00.000000000Z");
  EXPECT_EQ(sum("2025-01-31T00:00:00Z", "P1M"), "2025-03-01T00:00:00.000000000Z");
  EXPECT_EQ(sum("2025-01-31T00:00:00Z", "P1M1D"), "2025-03-02T00:00:00.000000000Z");
  EXPECT_EQ(sum("2025-10-31T00:00:00Z", "P1M"), "2025-12-01T00:00:00.000000000Z");
  EXPECT_EQ(sum("2096-02-29T00:00:00Z", "P4Y"), "2100-03-01T00:00:00.000000000Z");
}

TEST(CalendarPeriod, WorksBefore1970) {
  EXPECT_EQ(sum("1969-12-31T23:59:59.999999999Z", "P1D"), "1970-01-01T23:59:59.999999999Z");
  EXPECT_EQ(format_time(add_period(Time::min(), CalendarPeriod{1, 0, 0})),
            "1678-09-21T00:12:43.145224192Z");
}

TEST(CalendarPeriod, T064_SumsPastTheEndOfTimeAreRefused) {
  constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
  EXPECT_EQ(sum("2262-04-10T23:47:16.854775807Z", "P1D"), format_time(Time::max()));
  for (const CalendarPeriod& period :
       {CalendarPeriod{237, 0, 0}, CalendarPeriod{1000, 0, 0}, CalendarPeriod{kMost, 0, 0},
        CalendarPeriod{0, kMost, 0}, CalendarPeriod{0, 0, kMost},
        CalendarPeriod{kMost, kMost, kMost}, CalendarPeriod{-1, 0, 0}, CalendarPeriod{0, -1, 0},
        CalendarPeriod{0, 0, -1}}) {
    expect_invalid([&] { add_period(at("2025-10-30T00:00:00Z"), period); }, period.str());
  }
  expect_invalid(
      [] {
        add_period(Time::max(), CalendarPeriod{0, 0, 1});
      },
      "the last time and a day");
}

/// A calendar that only counts: the dates from 1970 to 2200, one after the other.
class CountedCalendar {
 public:
  using Date = std::array<int, 3>;

  CountedCalendar() {
    for (int year = 1970; year <= 2200; ++year) {
      for (int month = 1; month <= 12; ++month) {
        for (int day = 1; day <= month_length(year, month); ++day) {
          index_[{year, month, day}] = dates_.size();
          dates_.push_back({year, month, day});
        }
      }
    }
  }

  std::size_t size() const { return dates_.size(); }

  Time midnight(std::size_t index) const {
    return Time(std::chrono::hours(24) * static_cast<std::int64_t>(index));
  }

  std::string text(std::size_t index) const {
    std::array<char, 40> text{};
    const Date& date = dates_[index];
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT00:00:00.000000000Z", date[0], date[1],
                  date[2]);
    return text.data();
  }

  /// Past the end where the calendar ends before.
  std::size_t sum(std::size_t start, const CalendarPeriod& period) const {
    Date date = dates_[start];
    for (int i = 0; i < period.years * 12 + period.months; ++i) next_month(date);
    if (date[2] > month_length(date[0], date[1])) {
      next_month(date);
      date[2] = 1;
    }
    const auto found = index_.find(date);
    return found == index_.end() ? size() : found->second + static_cast<std::size_t>(period.days);
  }

 private:
  static int month_length(int year, int month) {
    constexpr std::array kLengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return kLengths[static_cast<std::size_t>(month) - 1] + (leap && month == 2 ? 1 : 0);
  }

  static void next_month(Date& date) {
    if (++date[1] <= 12) return;
    date[1] = 1;
    ++date[0];
  }

  std::vector<Date> dates_;
  std::map<Date, std::size_t> index_;
};

TEST(CalendarPeriod, AgreesWithACountedCalendarFrom1970To2200) {
  const CountedCalendar calendar;
  ASSERT_EQ(calendar.size(), 84'371U);
  std::mt19937 generator(4);
  std::size_t compared = 0;
  for (std::size_t day = 0; day < calendar.size(); ++day) {
    ASSERT_EQ(format_time(calendar.midnight(day)), calendar.text(day));
    const CalendarPeriod period{static_cast<int>(generator() % 30),
                                static_cast<int>(generator() % 30),
                                static_cast<int>(generator() % 800)};
    const std::size_t expected = calendar.sum(day, period);
    if (expected >= calendar.size()) continue;
    ++compared;
    ASSERT_EQ(format_time(add_period(calendar.midnight(day), period)), calendar.text(expected))
        << calendar.text(day) << " + " << period.str();
  }
  EXPECT_GT(compared, 70'000U);
}

}  // namespace
}  // namespace atp
