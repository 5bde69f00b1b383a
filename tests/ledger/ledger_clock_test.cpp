// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/ledger_clock.hpp"

#include <gtest/gtest.h>

#include "atp/model/acts.hpp"

namespace atp {
namespace {

using std::chrono::days;

const Time kStart = *parse_time("2026-06-01T00:00:00Z");

class LedgerClock : public testing::Test {
 protected:
  void append(int day, const std::string& action = "checked",
              const std::optional<std::string>& subject = {}) {
    DocumentHeader header{};
    header.created_at = kStart + days(day);
    Statement statement{.header = std::move(header),
                        .index = entries_.size(),
                        .action = action,
                        .subject_id = subject};
    entries_.push_back({std::move(statement), {}});
  }
  void correct(int day, const std::string& subject) {
    append(day, std::string(acts::kClockCorrected.action), subject);
  }

  std::vector<LedgerEntry> entries_ = {};
};

TEST_F(LedgerClock, AnEmptyLedgerTellsNoTime) {
  EXPECT_EQ(newest_plausible(entries_), std::nullopt);
}

TEST_F(LedgerClock, T086_TheLatestEntryCountsWhereverItStands) {
  append(0);
  append(5);
  append(1);
  EXPECT_EQ(newest_plausible(entries_), (DatedEntry{1, kStart + days(5)}));
}

TEST_F(LedgerClock, T086_WhatACorrectionNamesDoesNotCount) {
  append(0);
  append(3000);
  append(3001);
  correct(1, "2");
  EXPECT_EQ(newest_plausible(entries_), (DatedEntry{3, kStart + days(1)}));
  EXPECT_EQ(corrected_entries(entries_), 3U);
}

TEST_F(LedgerClock, T086_WhatIsAheadBehindTheNamedEntriesCounts) {
  append(3000);
  append(2000);
  correct(1, "0");
  EXPECT_EQ(newest_plausible(entries_), (DatedEntry{1, kStart + days(2000)}));
  append(4000);
  EXPECT_EQ(newest_plausible(entries_), (DatedEntry{3, kStart + days(4000)}));
}

TEST_F(LedgerClock, T086_ACorrectionByAClockThatWasAheadItselfIsCorrectedByTheNext) {
  append(3000);
  correct(400, "0");
  correct(1, "1");
  EXPECT_EQ(newest_plausible(entries_), (DatedEntry{2, kStart + days(1)}));
}

TEST_F(LedgerClock, ACorrectionThatNamesNoEntryBeforeItselfIsNone) {
  for (const std::string subject : {"", "1", "2", "00", "+0", "-1", "0x0", "0 ", "x",
                                    "18446744073709551615", "18446744073709551616"}) {
    entries_.clear();
    append(3000);
    correct(1, subject);
    EXPECT_EQ(corrected_entries(entries_), 0U) << subject;
    EXPECT_EQ(newest_plausible(entries_), (DatedEntry{0, kStart + days(3000)})) << subject;
  }
  entries_.clear();
  append(3000);
  append(1, std::string(acts::kClockCorrected.action));
  EXPECT_EQ(corrected_entries(entries_), 0U);
  append(1, "halt.resolved", "0");
  EXPECT_EQ(corrected_entries(entries_), 0U);
}

}  // namespace
}  // namespace atp
