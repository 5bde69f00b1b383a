// SPDX-License-Identifier: Apache-2.0
#include "atp/policy/retention.hpp"

#include <gtest/gtest.h>

namespace atp {
namespace {

Time at(std::string_view text) { return *parse_time(text); }

TEST(Retention, T028_SevenYearsAreSevenYearsByTheCalendar) {
  const Time sealed = at("2025-10-30T12:00:00Z");
  EXPECT_EQ(retain_segment_until(sealed, kDefaultRetention), at("2032-10-30T12:00:00Z"));
  EXPECT_NE(retain_segment_until(sealed, kDefaultRetention), sealed + std::chrono::days(2555));
}

TEST(Retention, LeapDayRoundsLater) {
  EXPECT_EQ(retain_segment_until(at("2024-02-29T00:00:00Z"), CalendarPeriod{.years = 1}),
            at("2025-03-01T00:00:00Z"));
}

TEST(Retention, DocumentsAreKeptLongerThanTheyAreNeeded) {
  const Time now = at("2026-01-31T00:00:00Z");
  const CalendarPeriod month{.months = 1};
  EXPECT_EQ(retain_document_at_least_until(now, month), at("2026-03-01T00:00:00Z"));
  EXPECT_EQ(retain_document_until(now, month), at("2026-06-01T00:00:00Z"));
}

}  // namespace
}  // namespace atp
