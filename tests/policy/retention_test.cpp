// SPDX-License-Identifier: Apache-2.0
#include "atp/policy/retention.hpp"

#include <gtest/gtest.h>

namespace atp {
namespace {

Time at(std::string_view text) { return *parse_time(text); }

constexpr CalendarPeriod kTenYears{.years = 10};

TEST(Retention, T028_SevenYearsAreSevenYearsByTheCalendar) {
  const Time sealed = at("2025-10-30T12:00:00Z");
  const Time until = segment_term({sealed, sealed, {}}, kDefaultRetention).until;
  EXPECT_EQ(until, at("2032-10-30T12:00:00Z"));
  EXPECT_NE(until, sealed + std::chrono::days(2555));
}

TEST(Retention, LeapDayRoundsLater) {
  const Time leap = at("2024-02-29T00:00:00Z");
  EXPECT_EQ(segment_term({leap, leap, {}}, CalendarPeriod{.years = 1}).until,
            at("2025-03-01T00:00:00Z"));
}

TEST(Retention, ItRunsFromTheLaterOfFileAndNewestRecord) {
  const Time written = at("2026-06-01T00:00:00Z");
  const Time early = at("2024-01-01T00:00:00Z");
  const Time late = at("2026-05-01T00:00:00Z");
  const Time expected = at("2036-05-01T00:00:00Z");
  EXPECT_EQ(segment_term({written, late, early}, kTenYears).until, expected);
  EXPECT_EQ(segment_term({written, early, late}, kTenYears).until, expected);
  EXPECT_EQ(segment_term({written, late, {}}, kTenYears).until, expected);
}

TEST(Retention, NoDateKeepsASegmentLongerThanFromWhenItWasWritten) {
  const Time written = at("2026-06-01T00:00:00Z");
  const Time expected = at("2036-06-01T00:00:00Z");
  EXPECT_EQ(segment_term({written, at("2200-01-01T00:00:00Z"), {}}, kTenYears).until, expected);
  EXPECT_EQ(segment_term({written, written, at("2200-01-01T00:00:00Z")}, kTenYears).until,
            expected);
}

TEST(Retention, WhatCameWhenItsPeriodWasOverIsKeptAYear) {
  const SegmentDates dates{at("2026-06-01T00:00:00Z"), at("1970-01-01T00:00:00Z"), {}};
  const SegmentTerm term = segment_term(dates, kTenYears);
  EXPECT_EQ(term.by_dates, at("1980-01-01T00:00:00Z"));
  EXPECT_EQ(term.until, at("2027-06-01T00:00:00Z"));
  EXPECT_TRUE(term.was_over(dates));
  const SegmentDates last_day{at("2026-06-01T00:00:00Z"), at("2016-06-02T00:00:00Z"), {}};
  EXPECT_FALSE(segment_term(last_day, kTenYears).was_over(last_day));
  EXPECT_EQ(segment_term(last_day, kTenYears).until, at("2027-06-01T00:00:00Z"));
}

TEST(Retention, AShorterPeriodThanTheMinimumAgeHoldsFromWhenThePackageWasWritten) {
  const CalendarPeriod month{.days = 30};
  const Time written = at("2026-06-01T00:00:00Z");
  EXPECT_EQ(segment_term({written, written, {}}, month).until, at("2026-07-01T00:00:00Z"));
  EXPECT_EQ(segment_term({written, at("1970-01-01T00:00:00Z"), {}}, month).until,
            at("2026-07-01T00:00:00Z"));
}

TEST(Retention, ADayAheadOfTheClockIsNotYetOfTheFuture) {
  const Time now = at("2026-06-01T00:00:00Z");
  EXPECT_FALSE(is_of_the_future(now + std::chrono::days(1), now));
  EXPECT_TRUE(is_of_the_future(now + std::chrono::days(1) + std::chrono::nanoseconds(1), now));
}

TEST(Retention, DocumentsAreKeptLongerThanTheyAreNeeded) {
  const Time now = at("2026-01-31T00:00:00Z");
  const CalendarPeriod month{.months = 1};
  EXPECT_EQ(retain_document_at_least_until(now, month), at("2026-03-01T00:00:00Z"));
  EXPECT_EQ(retain_document_until(now, month), at("2026-06-01T00:00:00Z"));
}

}  // namespace
}  // namespace atp
