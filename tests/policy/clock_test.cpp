// SPDX-License-Identifier: Apache-2.0
#include "atp/policy/clock.hpp"

#include <gtest/gtest.h>

namespace atp {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

const Time kNow = *parse_time("2026-06-01T00:00:00Z");

ClockState judge(const ClockEvidence& evidence) { return judge_clock(kNow, evidence).state; }

TEST(JudgeClock, T086_AnEntryLaterThanTheClockPutsItBehind) {
  EXPECT_EQ(judge({.last_entry = kNow + minutes(5)}), ClockState::plausible);
  EXPECT_EQ(judge_clock(kNow, {.last_entry = kNow + minutes(6)}),
            (ClockVerdict{ClockState::behind, kNow + minutes(6)}));
}

TEST(JudgeClock, T086_TheVaultsOwnDateCountsWhereThereIsNoEntry) {
  EXPECT_EQ(judge({.vault = kNow + days(1)}), ClockState::behind);
  EXPECT_EQ(judge({.last_entry = kNow - days(1), .vault = kNow + days(1)}), ClockState::plausible);
  EXPECT_EQ(judge({.vault = kNow - days(3000)}), ClockState::plausible);
}

TEST(JudgeClock, T086_AClockThatLostItsBatteryIsBehindWithoutAnyEvidence) {
  EXPECT_EQ(judge_clock(*parse_time("2000-01-01T00:00:00Z"), {}).state, ClockState::behind);
}

TEST(JudgeClock, T086_AStoreThatSaysAnotherTimeContradictsWhateverElseThereIs) {
  const ClockEvidence good{.last_entry = kNow - minutes(1), .source = kNow};
  for (const hours gap : {hours(16), hours(24), hours(24 * 2000)}) {
    ClockEvidence evidence = good;
    evidence.store = kNow - gap;
    EXPECT_EQ(judge(evidence), ClockState::contradicted) << gap.count();
  }
  ClockEvidence evidence = good;
  evidence.store = kNow + hours(16);
  EXPECT_EQ(judge(evidence), ClockState::contradicted);
  evidence.store = kNow - hours(14);
  EXPECT_EQ(judge(evidence), ClockState::plausible) << "a time zone";
  evidence.store = Time{};
  EXPECT_EQ(judge(evidence), ClockState::plausible) << "a file system without times";
}

TEST(JudgeClock, T086_FarAheadOfTheLedgerWantsSomethingElseAsLate) {
  EXPECT_EQ(judge({.last_entry = kNow - days(35)}), ClockState::plausible);
  EXPECT_EQ(judge_clock(kNow, {.last_entry = kNow - days(36)}),
            (ClockVerdict{ClockState::ahead, kNow - days(36)}));
  EXPECT_EQ(judge({.last_entry = kNow - days(400), .source = kNow - days(36)}), ClockState::ahead);
  EXPECT_EQ(judge({.last_entry = kNow - days(400), .source = kNow - days(2)}), ClockState::alone);
}

}  // namespace
}  // namespace atp
