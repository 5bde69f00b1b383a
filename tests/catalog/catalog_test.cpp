// SPDX-License-Identifier: Apache-2.0
/// What every catalog must do, here asked of the SQLite one.
#include "atp/catalog/catalog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "atp/core/error.hpp"
#include "catalog/sample_rows.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"

namespace atp::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const TenantId kAcme("acme");

/// Names that mean something to SQL, to LIKE, to shells and to file systems.
const std::vector<std::string> kHostileNames{"'; DROP TABLE jobs; --",
                                             "\"acme\"",
                                             "ac%",
                                             "ac_e",
                                             "%",
                                             "_",
                                             "?1",
                                             ":a",
                                             "@a",
                                             "$a",
                                             "[acme]",
                                             "NULL",
                                             "0x4",
                                             "1",
                                             "1e5",
                                             "\\' or 1=1",
                                             ".a",
                                             "..",
                                             "a b",
                                             "/",
                                             "Ünïcödé 漢字 🙂",
                                             "ACME"};

ErrorKind kind_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "expected an error";
  return ErrorKind::cancelled;
}

class CatalogTest : public testing::Test {
 protected:
  std::shared_ptr<Catalog> reopened() {
    return open_sqlite_catalog(files_, random_, "/catalog.db", kVaultId);
  }

  std::shared_ptr<SimulatedFileSystem> files_ = std::make_shared<SimulatedFileSystem>();
  std::shared_ptr<SequenceRandom> random_ = std::make_shared<SequenceRandom>();
  std::shared_ptr<Catalog> catalog_ =
      create_sqlite_catalog(files_, random_, "/catalog.db", kVaultId);
};

TEST_F(CatalogTest, IsEmptyWhenNew) {
  EXPECT_EQ(catalog_->vault_id(), kVaultId);
  EXPECT_EQ(catalog_->derived(), DerivedRows{});
  EXPECT_THAT(catalog_->segments(kAcme), IsEmpty());
  EXPECT_THAT(catalog_->points(std::nullopt), IsEmpty());
  EXPECT_EQ(catalog_->ledger_head(kAcme), std::nullopt);
  EXPECT_THAT(catalog_->running_jobs(), IsEmpty());
  EXPECT_EQ(catalog_->job("job-1"), std::nullopt);
  EXPECT_THAT(catalog_->stats(kAcme), IsEmpty());
}

TEST_F(CatalogTest, GivesSegmentsBackInOrderOfStreamAndSequence) {
  const auto later = sample_segment(10, "acme", "b");
  const auto earlier = sample_segment(9, "acme", "b");
  const auto other_stream = sample_segment(11, "acme", "a");
  const auto other_tenant = sample_segment(9, "acm");
  catalog_->record_segments({later, other_tenant, earlier, other_stream});
  EXPECT_THAT(catalog_->segments(kAcme), ElementsAre(other_stream, earlier, later));
  EXPECT_THAT(reopened()->derived().segments,
              ElementsAre(other_tenant, other_stream, earlier, later));
}

TEST_F(CatalogTest, OrdersStreamsByTheirBytes) {
  const auto upper = sample_segment(1, "acme", "Z");
  const auto lower = sample_segment(1, "acme", "a");
  const auto beyond = sample_segment(1, "acme", "é");
  catalog_->record_segments({beyond, lower, upper});
  EXPECT_THAT(catalog_->segments(kAcme), ElementsAre(upper, lower, beyond));
}

TEST_F(CatalogTest, GivesPointsBackInOrderOfLedgerIndex) {
  catalog_->record_ledger({sample_point(12), sample_point(3)}, sample_head(13));
  catalog_->record_ledger({sample_point(5, "zeta")}, sample_head(6, "zeta"));
  EXPECT_THAT(catalog_->points(kAcme), ElementsAre(sample_point(3), sample_point(12)));
  EXPECT_THAT(catalog_->points(std::nullopt),
              ElementsAre(sample_point(3), sample_point(12), sample_point(5, "zeta")));
  EXPECT_THAT(reopened()->derived().heads, ElementsAre(sample_head(13), sample_head(6, "zeta")));
}

TEST_F(CatalogTest, KeepsTimesDigestsAndNumbersExact) {
  auto point = sample_point((1ULL << 63) - 1);
  point.created_at = Time::min();
  point.manifest = std::string("\0\xff\x80 any bytes\0", 14);
  auto head = sample_head((1ULL << 63) - 1);
  head.frontier.clear();
  catalog_->record_ledger({point}, head);
  auto stat = sample_stat(1);
  stat.path = "/srv/\xff\xfe not text";
  stat.modified = Time::max();
  catalog_->record_stats({stat});
  const auto found = reopened();
  EXPECT_THAT(found->points(kAcme), ElementsAre(point));
  EXPECT_EQ(found->ledger_head(kAcme), head);
  EXPECT_THAT(found->stats(kAcme), ElementsAre(stat));
}

TEST_F(CatalogTest, RefusesNumbersFrom2To63) {
  EXPECT_EQ(kind_of([&] { catalog_->record_segments({sample_segment(1ULL << 63)}); }),
            ErrorKind::invalid_argument);
  EXPECT_EQ(catalog_->derived(), DerivedRows{});
}

TEST_F(CatalogTest, T013_NamesThatMeanSomethingInSqlAreLiteral) {
  for (const std::string& name : kHostileNames) {
    auto job = sample_job(1);
    job.job_id = job.kind = job.recovery_point_id = name;
    job.tenant = TenantId(name);
    auto stat = sample_stat(1);
    stat.tenant = TenantId(name);
    stat.path = name;
    auto head = sample_head(1, name);
    head.origin = name;
    catalog_->record_segments({sample_segment(1, name, name)});
    catalog_->record_ledger({sample_point(0, name)}, head);
    catalog_->begin_job(job);
    catalog_->record_stats({stat});
    EXPECT_EQ(catalog_->job(name), job) << name;
    EXPECT_THAT(catalog_->stats(TenantId(name)), ElementsAre(stat));
    EXPECT_EQ(catalog_->ledger_head(TenantId(name)), head);
  }
  const auto found = reopened();
  for (const std::string& name : kHostileNames) {
    EXPECT_THAT(found->segments(TenantId(name)), ElementsAre(sample_segment(1, name, name)));
    EXPECT_THAT(found->points(TenantId(name)), ElementsAre(sample_point(0, name)));
    found->end_job(name, JobState::failed);
    EXPECT_EQ(found->job(name)->state, JobState::failed);
  }
  EXPECT_EQ(found->derived().segments.size(), kHostileNames.size());
  EXPECT_THAT(found->segments(kAcme), IsEmpty());
}

TEST_F(CatalogTest, T018_LongIdsAreKeptWhole) {
  const std::string stem(299, 'x');
  std::vector<JobRow> jobs;
  for (const char last : {'a', 'b'}) {
    auto job = sample_job(1);
    job.job_id = stem + last;
    job.recovery_point_id = stem + last;
    catalog_->begin_job(job);
    jobs.push_back(job);
  }
  auto point = sample_point(0);
  point.recovery_point_id = stem + "c";
  catalog_->record_ledger({point}, sample_head(1));
  const auto found = reopened();
  EXPECT_THAT(found->running_jobs(), ElementsAre(jobs[0], jobs[1]));
  EXPECT_THAT(found->points(kAcme), ElementsAre(point));
}

TEST_F(CatalogTest, T018_NamesThatJoinToTheSameTextAreTwo) {
  catalog_->record_segments({sample_segment(1, "a-b", "c"), sample_segment(1, "a", "b-c")});
  EXPECT_EQ(catalog_->segments(TenantId("a-b")).size(), 1U);
  EXPECT_EQ(catalog_->segments(TenantId("a")).size(), 1U);
}

TEST_F(CatalogTest, TakesAnEqualRowAgain) {
  catalog_->record_segments({sample_segment(1), sample_segment(2)});
  catalog_->record_segments({sample_segment(2), sample_segment(3)});
  catalog_->record_ledger({sample_point(0)}, sample_head(1));
  catalog_->record_ledger({sample_point(0), sample_point(1)}, sample_head(2));
  EXPECT_EQ(catalog_->segments(kAcme).size(), 3U);
  EXPECT_EQ(catalog_->points(kAcme).size(), 2U);
}

TEST_F(CatalogTest, RefusesAnotherRowInTheSamePlaceAndKeepsTheFirst) {
  catalog_->record_segments({sample_segment(1)});
  catalog_->record_ledger({sample_point(0)}, sample_head(1));
  const DerivedRows before = catalog_->derived();
  auto segment = sample_segment(1);
  segment.manifest += ' ';
  auto point = sample_point(0);
  point.recovery_point_id += ' ';
  EXPECT_EQ(kind_of([&] {
              catalog_->record_segments({sample_segment(2), segment});
            }),
            ErrorKind::corrupt);
  EXPECT_EQ(kind_of([&] {
              catalog_->record_ledger({sample_point(1), point}, sample_head(2));
            }),
            ErrorKind::corrupt);
  EXPECT_EQ(catalog_->derived(), before);
}

TEST_F(CatalogTest, MovesALedgerHeadOnlyForward) {
  catalog_->record_ledger({}, sample_head(5));
  catalog_->record_ledger({sample_point(2)}, sample_head(3));
  EXPECT_EQ(catalog_->ledger_head(kAcme), sample_head(5));
  EXPECT_EQ(catalog_->points(kAcme).size(), 1U);
  catalog_->record_ledger({}, sample_head(5));
  catalog_->record_ledger({}, sample_head(6));
  EXPECT_EQ(catalog_->ledger_head(kAcme), sample_head(6));
  auto next_term = sample_head(1);
  next_term.term = 1;
  next_term.origin = "vault.invalid/0123456789abcdef/1";
  catalog_->record_ledger({}, next_term);
  EXPECT_EQ(catalog_->ledger_head(kAcme), next_term);
}

TEST_F(CatalogTest, RefusesAForkedLedgerHeadAndThePointsThatCameWithIt) {
  catalog_->record_ledger({}, sample_head(5));
  auto other_root = sample_head(5);
  other_root.root = sample_digest(1);
  auto other_origin = sample_head(6);
  other_origin.origin = "elsewhere.invalid/0123456789abcdef/0";
  for (const auto& head : {other_root, other_origin}) {
    EXPECT_EQ(kind_of([&] { catalog_->record_ledger({sample_point(1)}, head); }),
              ErrorKind::corrupt);
  }
  EXPECT_EQ(catalog_->ledger_head(kAcme), sample_head(5));
  EXPECT_THAT(catalog_->points(kAcme), IsEmpty());
}

TEST_F(CatalogTest, ReplacesDerivedRowsAndNothingElse) {
  catalog_->record_segments({sample_segment(1), sample_segment(2)});
  catalog_->record_ledger({sample_point(0)}, sample_head(9));
  catalog_->begin_job(sample_job(1));
  catalog_->record_stats({sample_stat(1)});
  const DerivedRows rows{
      .segments = {sample_segment(7)}, .points = {sample_point(3)}, .heads = {sample_head(4)}};
  catalog_->replace_derived(rows);
  EXPECT_EQ(reopened()->derived(), rows);
  EXPECT_THAT(catalog_->running_jobs(), ElementsAre(sample_job(1)));
  EXPECT_THAT(catalog_->stats(kAcme), ElementsAre(sample_stat(1)));
}

TEST_F(CatalogTest, KeepsDerivedRowsWhereTheNewOnesContradictThemselves) {
  catalog_->record_segments({sample_segment(1)});
  const DerivedRows before = catalog_->derived();
  auto other = sample_segment(7);
  other.manifest += ' ';
  EXPECT_EQ(kind_of([&] {
              catalog_->replace_derived({.segments = {sample_segment(7), other}});
            }),
            ErrorKind::corrupt);
  EXPECT_EQ(catalog_->derived(), before);
}

TEST_F(CatalogTest, ListsRunningJobsByTheirStart) {
  for (const std::uint64_t number : {3, 1, 2}) catalog_->begin_job(sample_job(number));
  catalog_->end_job("job-1", JobState::completed);
  EXPECT_THAT(reopened()->running_jobs(), ElementsAre(sample_job(2), sample_job(3)));
  catalog_->end_job("job-2", JobState::failed);
  EXPECT_EQ(catalog_->job("job-1")->state, JobState::completed);
  EXPECT_EQ(catalog_->job("job-2")->state, JobState::failed);
  EXPECT_THAT(catalog_->running_jobs(), ElementsAre(sample_job(3)));
}

TEST_F(CatalogTest, RefusesAJobTwiceAndTheEndOfAnUnknownOne) {
  catalog_->begin_job(sample_job(1));
  EXPECT_EQ(kind_of([&] { catalog_->begin_job(sample_job(1)); }), ErrorKind::already_exists);
  EXPECT_EQ(kind_of([&] { catalog_->end_job("job-2", JobState::completed); }),
            ErrorKind::not_found);
}

TEST_F(CatalogTest, KeepsTheFirstHaltOfATenantUntilItIsLifted) {
  const HaltRow first{TenantId("acme"), *parse_time("2026-01-01T00:00:00Z"),
                      "ledger/acme/0/entries/1", "expected a, found b"};
  HaltRow second = first;
  second.message = "another";
  catalog_->halt(first);
  catalog_->halt(second);
  EXPECT_EQ(catalog_->find_halt(first.tenant), first);
  EXPECT_EQ(catalog_->find_halt(TenantId("acm")), std::nullopt);
  catalog_->replace_derived({});
  EXPECT_EQ(catalog_->find_halt(first.tenant), first);
  catalog_->lift_halt(first.tenant);
  catalog_->lift_halt(first.tenant);
  EXPECT_EQ(catalog_->find_halt(first.tenant), std::nullopt);
}

TEST_F(CatalogTest, RemembersTheLastStatOfAPath) {
  catalog_->record_stats({sample_stat(1), sample_stat(2)});
  auto changed = sample_stat(1);
  changed.size += 1;
  changed.sha256 = sample_digest(77);
  catalog_->record_stats({changed});
  EXPECT_THAT(reopened()->stats(kAcme), ElementsAre(changed, sample_stat(2)));
}

}  // namespace
}  // namespace atp::test
