// SPDX-License-Identifier: Apache-2.0
/// What dates from outside, of files and of records, may do to how long segments are kept.
#include "atp/policy/retention.hpp"
#include "atp/storage/layout.hpp"
#include "backup/backup_fixture.hpp"

namespace atp {
namespace {

using std::chrono::days;
using test::error_kind;

class Dates : public test::BackupFixture {
 protected:
  /// Writes a source file whose modification time is `modified`.
  void seal_at(const std::string& name, const std::string& text, Time modified) {
    const Time now = clock_->now();
    clock_->set(modified);
    seal(name, text);
    clock_->set(now);
  }

  Time kept_until(const std::string& segment) {
    for (const std::string& key : keys("segments/acme/default/")) {
      if (key.find("/" + segment + ".") == std::string::npos) continue;
      return *vault_->store().stat(key)->immutability.retain_until;
    }
    ADD_FAILURE() << "no package of " << segment;
    return {};
  }

  static std::string record(std::string_view time) {
    return "{\"time\":\"" + std::string(time) + "\"}\n";
  }
};

TEST_F(Dates, T028_AFileOf1970IsKeptAYearAndTheRunSaysSo) {
  seal("new.jsonl", "one\n");
  seal_at("epoch.jsonl", "two\n", Time{});
  seal_at("old.jsonl", "three\n", *parse_time("1980-01-01T00:00:00Z"));
  const BackupResult result = backup();
  SegmentChains chains(*vault_, TenantId("acme"), SegmentChains::From::store);
  const Time written =
      chains.find(StreamId("default"), SegmentId("epoch"))->manifest.header.created_at;
  EXPECT_EQ(kept_until("epoch"), add_period(written, kMinimumAge));
  ASSERT_TRUE(result.kept);
  EXPECT_EQ(result.kept->overdue, 2U);
  EXPECT_EQ(result.kept->first_overdue, result.kept->first);
  EXPECT_EQ(result.kept->first, std::min(kept_until("epoch"), kept_until("old")));
  EXPECT_EQ(result.kept->last, kept_until("new"));
}

TEST_F(Dates, T028_RetentionRunsFromTheNewestRecordWhereTheFileIsOlder) {
  const Time newest = clock_->now() - days(3);
  seal_at("a.jsonl", record(format_time(newest)), Time{});
  const BackupResult result = backup();
  EXPECT_EQ(kept_until("a"), add_period(newest, kDefaultRetention));
  EXPECT_EQ(result.kept->overdue, 0U);
}

TEST_F(Dates, T028_WhatIsNotNewIsNotSaidAgain) {
  seal_at("a.jsonl", "one\n", Time{});
  EXPECT_EQ(backup().kept->overdue, 1U);
  EXPECT_EQ(backup().kept, std::nullopt);
}

TEST_F(Dates, T028_AShortRetentionIsPossibleAndHoldsForOldFilesToo) {
  BackupOptions asked = options();
  asked.retention = CalendarPeriod{.days = 30};
  seal_at("a.jsonl", "one\n", Time{});
  backup(asked);
  EXPECT_GT(kept_until("a"), clock_->now() + days(29));
  EXPECT_LE(kept_until("a"), clock_->now() + days(30));
}

TEST_F(Dates, T086_WhatIsDatedAheadOfTheClockIsSkippedByNameAndNothingElse) {
  const Time ahead = clock_->now() + days(40);
  seal_at("file.jsonl", "one\n", ahead);
  seal("record.jsonl", record("2099-01-01T00:00:00Z"));
  seal("good.jsonl", record(format_time(clock_->now() + std::chrono::hours(23))));
  const BackupResult result = backup();
  EXPECT_EQ(result.status, BackupStatus::partial);
  EXPECT_EQ(result.segments_new, 1U);
  ASSERT_EQ(result.skipped.size(), 2U);
  for (const SkippedInput& each : result.skipped) EXPECT_EQ(each.reason, "dated_ahead");
  EXPECT_EQ(keys("segments/acme/").size(), 1U);
  const std::string id = result.recovery_point_id;
  EXPECT_EQ(backup().recovery_point_id, id) << "the same finding is no news";
  clock_->set(ahead);
  EXPECT_EQ(backup().segments_new, 1U) << "once the clock says so, the file is taken";
}

TEST_F(Dates, T086_WhoeverInsistsHasItKeptFromNow) {
  seal_at("file.jsonl", "one\n", *parse_time("2099-01-01T00:00:00Z"));
  seal("record.jsonl", record("2200-01-01T00:00:00Z"));
  EXPECT_EQ(backup(insisting()).status, BackupStatus::completed);
  for (const char* segment : {"file", "record"}) {
    EXPECT_LE(kept_until(segment), add_period(clock_->now(), kDefaultRetention)) << segment;
    EXPECT_GT(kept_until(segment), add_period(clock_->now() - days(1), kDefaultRetention))
        << segment;
  }
}

}  // namespace
}  // namespace atp
