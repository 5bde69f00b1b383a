// SPDX-License-Identifier: Apache-2.0
/// What a backup must notice before it signs anything: a store that lost or was given documents, a
/// catalog that says too much, a clock that stands too early, work of others.
#include <algorithm>
#include <barrier>

#include "atp/crypto/sha256.hpp"
#include "atp/policy/retention.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/points.hpp"
#include "backup/backup_fixture.hpp"

namespace atp {
namespace {

using test::error_kind;

class Distrust : public test::BackupFixture {
 protected:
  const TenantId tenant_{"acme"};

  void lose(const std::string& key) { disk_->remove(Path("/vault/store") / key); }

  void lose_catalog() {
    vault_.reset();
    disk_->remove("/vault/catalog.db");
    reopen();
  }

  std::size_t completed_statements() {
    Ledger ledger = Ledger::load(vault_->store(), vault_->trust(), tenant_);
    return static_cast<std::size_t>(std::count_if(
        ledger.entries().begin(), ledger.entries().end(), [](const LedgerEntry& entry) {
          return entry.statement.action == "recovery_point.completed";
        }));
  }

  BackupOptions full() const {
    BackupOptions asked = options();
    asked.type = BackupType::full;
    return asked;
  }
};

TEST_F(Distrust, AGrowthOfRetentionThatFailedIsMadeGoodByTheNextRun) {
  const Time sealed = clock_->now();
  std::uint64_t nth = 1;
  for (;; ++nth) {
    seal("s" + std::to_string(nth) + ".jsonl", "one\n");
    disk_->fail_operation(nth, test::Operation::rename);  // How a retention file is replaced.
    if (!error_kind([&] { backup(); })) break;
    EXPECT_EQ(error_kind([&] { backup(); }), std::nullopt) << nth;
    const SegmentChains chains(*vault_, tenant_, SegmentChains::From::store);
    for (const auto& entry : chains.from(StreamId("default"), 0)) {
      EXPECT_GE(vault_->store().stat(entry.manifest.key)->immutability.retain_until,
                add_period(sealed, kDefaultRetention))
          << nth;
    }
    EXPECT_EQ(completed_statements(), nth);
  }
  EXPECT_GT(nth, 5u);
}

/// Two segments are being read when another run seals both. What the commit of the one learns of
/// the other holds for the other's.
TEST_F(Distrust, SegmentsThatAnotherRunSealsMeanwhileAreAdoptedAndNoneIsSealedTwice) {
  seal("s/a.jsonl", "a\n");
  seal("s/b.jsonl", "b\n");
  const auto other = open_vault(environment_, "/vault", load_keys(*disk_, "/keys"));
  std::string others;
  std::barrier both_are_read(2, [&]() noexcept {
    const auto source = segment_folder(disk_, "/source");
    others = take_backup(*other, *source, options()).recovery_point_id;
  });
  BackupOptions asked = options();
  asked.workers = 2;
  asked.probe = [&](PackageStage stage, MutableByteView) {
    if (stage == PackageStage::read) both_are_read.arrive_and_wait();
  };
  const BackupResult result = backup(asked);
  EXPECT_EQ(result.status, BackupStatus::completed);
  EXPECT_EQ(keys("manifests/acme/s/").size(), 2U);
  for (const std::string& id : {others, result.recovery_point_id}) {
    EXPECT_TRUE(verify(id).passed()) << id;
  }
  EXPECT_EQ(vault_->catalog().derived(), derive_rows(*vault_, {}, nullptr));
}

/// Another run commits one segment that this one reads from the store, and then records one more.
TEST_F(Distrust, ChainsThatCatchUpHaveNoGapBehindWhatTheyReadThemselves) {
  OpenTenant tenant(*vault_, tenant_);
  SegmentChains& chains = tenant.chains();
  const StreamId stream("default");
  for (const char* name : {"a.jsonl", "b.jsonl", "c.jsonl"}) {
    seal(name, "one\n");
    backup();
    if (name[0] == 'a') chains.look_at(stream);
  }
  chains.catch_up();
  EXPECT_EQ(chains.heads().at(stream).manifests, 3U);
  EXPECT_EQ(chains.from(stream, 0).size(), 3U);
  EXPECT_EQ(chains.from(stream, 1, 1).size(), 1U);
}

TEST_F(Distrust, ALongerRetentionIsGrownEvenWhereNothingIsNew) {
  seal("a.jsonl", "one\n");
  backup();
  BackupOptions longer = options();
  longer.retention = CalendarPeriod{.years = 10};
  EXPECT_EQ(backup(longer).status, BackupStatus::unchanged);
  const Time sealed = disk_->status("/source/a.jsonl")->modified;
  EXPECT_EQ(vault_->store().stat(keys("segments/").at(0))->immutability.retain_until,
            add_period(sealed, *longer.retention));
}

/// A crash may leave a policy that no statement speaks of.
TEST_F(Distrust, P17_AStoredPolicyCountsWhereItKeepsLonger) {
  seal("a.jsonl", "one\n");
  backup();
  const CalendarPeriod longer{.years = 10};
  OpenTenant(*vault_, tenant_).ensure_policy({}, longer, clock_->now());
  EXPECT_EQ(backup().status, BackupStatus::unchanged);
  const Time sealed = disk_->status("/source/a.jsonl")->modified;
  EXPECT_EQ(vault_->store().stat(keys("segments/").at(0))->immutability.retain_until,
            add_period(sealed, longer));
}

TEST_F(Distrust, ALongerRetentionReachesWhatWasSealedUnderAShorterOne) {
  BackupOptions asked = options();
  asked.retention = CalendarPeriod{.years = 7};
  seal("a.jsonl", "one\n");
  backup(asked);
  asked.retention = CalendarPeriod{.days = 30};
  seal("b.jsonl", "two\n");
  backup(asked);
  asked.retention = CalendarPeriod{.years = 7};
  EXPECT_EQ(backup(asked).status, BackupStatus::unchanged);
  const Time sealed = disk_->status("/source/b.jsonl")->modified;
  const auto packages = keys("segments/");
  ASSERT_EQ(packages.size(), 2U);
  for (const std::string& key : packages) {
    EXPECT_GE(vault_->store().stat(key)->immutability.retain_until,
              add_period(sealed, CalendarPeriod{.years = 6}))
        << key;
  }
}

/// An old package that is lost keeps nothing new from being backed up, and is said.
TEST_F(Distrust, AFullPointThatComesByItselfGivesWayToDamageOfOld) {
  for (std::uint64_t i = 0; i < kPointsPerFull; ++i) {
    seal("s" + std::to_string(i) + ".jsonl", "one\n");
    backup();
  }
  lose(keys("segments/").at(0));
  seal("new.jsonl", "two\n");
  EXPECT_EQ(plan_backup(*vault_, *segment_folder(disk_, "/source"), options()).backup_type,
            BackupType::full);
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::corrupt);
  EXPECT_EQ(completed_statements(), kPointsPerFull + 1);
  OpenTenant tenant(*vault_, tenant_);
  EXPECT_EQ(newest_point(tenant)->point.backup_type, BackupType::incremental);
  EXPECT_EQ(newest_point(tenant)->point.segments, 1U);
}

TEST_F(Distrust, T006_ALostNewestManifestIsNotForgotten) {
  seal("a.jsonl", "one\n");
  seal("b.jsonl", "two\n");
  backup();
  lose("manifests/acme/default/00000000000000000001.json");
  seal("c.jsonl", "three\n");
  EXPECT_NE(error_kind([&] { backup(); }), std::nullopt) << "the stream is looked at";
  lose_catalog();
  EXPECT_EQ(rebuild_catalog(*vault_, {}, nullptr).damaged.size(), 1u);
  EXPECT_NE(error_kind([&] { backup(); }), std::nullopt);
}

/// What an earlier point lists is the doctor's, and is not looked at by every run.
TEST_F(Distrust, NoStatementIsAppendedForAPointThatListsWhatIsLost) {
  seal("a.jsonl", "one\n");
  backup();
  lose(keys("segments/").at(0));
  EXPECT_EQ(error_kind([&] { backup(full()); }), ErrorKind::corrupt);
  EXPECT_EQ(completed_statements(), 1u);
  const auto findings = examine(*vault_);
  EXPECT_TRUE(std::ranges::any_of(findings, [](const Finding& finding) {
    return finding.name == "kept" && finding.state == FindingState::bad;
  }));
}

TEST_F(Distrust, AFullPointIsTakenThoughTheNewestPointIsLost) {
  seal("a.jsonl", "one\n");
  const BackupResult first = backup();
  lose(layout::recovery_point(tenant_, first.recovery_point_id));
  seal("b.jsonl", "two\n");
  EXPECT_NE(error_kind([&] { backup(); }), std::nullopt);
  const BackupResult second = backup(full());
  EXPECT_EQ(second.segments_new, 2u);
  EXPECT_TRUE(verify(second.recovery_point_id).passed());
}

TEST_F(Distrust, T086_AClockThatStandsTooEarlySealsNothing) {
  seal("a.jsonl", "one\n");
  backup();
  seal("b.jsonl", "two\n");
  const Time now = clock_->now();
  clock_->set(now - std::chrono::days(365));
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::clock_untrusted);
  clock_->set(now);
  EXPECT_EQ(backup().segments_new, 1u);
}

TEST_F(Distrust, APointCopiedToAnotherNameIsNotCompletedUnderIt) {
  seal("a.jsonl", "one\n");
  const BackupResult first = backup();
  const Bytes stored = get_object(
      vault_->store(), layout::recovery_point(tenant_, first.recovery_point_id), kDocumentLimit);
  put_object(vault_->store(), layout::recovery_point(tenant_, "RP-forged"), stored, {});
  vault_->catalog().begin_job(
      {std::string(32, '7'), tenant_, "backup", JobState::running, clock_->now(), "RP-forged"});
  EXPECT_EQ(backup().status, BackupStatus::unchanged);
  EXPECT_EQ(completed_statements(), 1u);
  EXPECT_EQ(vault_->catalog().job(std::string(32, '7'))->state, JobState::failed);
}

TEST_F(Distrust, APointThatNobodyTrustedSignedIsGivenUpWithItsJob) {
  seal("a.jsonl", "one\n");
  const BackupResult first = backup();
  Bytes stored = get_object(
      vault_->store(), layout::recovery_point(tenant_, first.recovery_point_id), kDocumentLimit);
  std::byte& digit = stored[as_text(stored).find("\"signature\":\"") + 20];
  digit = digit == std::byte{'A'} ? std::byte{'B'} : std::byte{'A'};
  put_object(vault_->store(), layout::recovery_point(tenant_, "RP-forged"), stored, {});
  vault_->catalog().begin_job(
      {std::string(32, '7'), tenant_, "backup", JobState::running, clock_->now(), "RP-forged"});
  EXPECT_EQ(backup().status, BackupStatus::unchanged);
  EXPECT_EQ(completed_statements(), 1u);
  EXPECT_EQ(vault_->catalog().job(std::string(32, '7'))->state, JobState::failed);
}

TEST_F(Distrust, ALostPolicyIsNotReplacedByAnOlderOne) {
  seal("a.jsonl", "one\n");
  BackupOptions longer = options();
  longer.retention = CalendarPeriod{.years = 10};
  backup();
  seal("b.jsonl", "two\n");
  backup(longer);
  lose(layout::policy(tenant_, 2));
  seal("c.jsonl", "three\n");
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::corrupt);
}

TEST_F(Distrust, T038_ALostKeyEpochIsNotBegunAgain) {
  seal("a.jsonl", "one\n");
  backup();
  const std::string epoch = keys("keys/acme/").at(0);
  lose(epoch);
  seal("b.jsonl", "two\n");
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::corrupt);
  EXPECT_EQ(error_kind([&] { backup(full()); }), ErrorKind::corrupt);
}

TEST_F(Distrust, T052_ARebuildDoesNotForgetThatTheLedgerWasLonger) {
  seal("a.jsonl", "one\n");
  backup();
  backup();
  lose(keys("ledger/acme/0/entries/").back());
  lose(keys("ledger/acme/0/checkpoints/").back());
  EXPECT_EQ(rebuild_catalog(*vault_, {}, nullptr).damaged.size(), 1u);
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::corrupt);
}

TEST_F(Distrust, T016_AForgedPointRowIsNotListed) {
  seal("a.jsonl", "one\n");
  const BackupResult first = backup();
  DerivedRows rows = vault_->catalog().derived();
  PointRow forged = rows.points.at(0);
  forged.ledger_index = 1000;
  forged.recovery_point_id = "RP-forged";
  rows.points.push_back(forged);
  rows.points.at(0).manifest.back() = ' ';
  vault_->catalog().replace_derived(rows);
  const auto listed = list_points(*vault_, tenant_);
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].recovery_point_id, first.recovery_point_id);
  EXPECT_EQ(sha256(as_bytes(listed[0].manifest)), listed[0].manifest_sha256);
}

TEST_F(Distrust, AJobThatEndedMeanwhileIsNotFinishedTwice) {
  seal("a.jsonl", "one\n");
  const BackupResult first = backup();
  const std::string job =
      *Ledger::load(vault_->store(), vault_->trust(), tenant_).entries().back().statement.job_id;
  OpenTenant stale(*vault_, tenant_);
  EXPECT_EQ(finish_lost_jobs(stale, 1), 0u);
  vault_->catalog().end_job(job, JobState::running);  // As if the process had died just before.
  EXPECT_EQ(finish_lost_jobs(stale, 1), 1u);
  EXPECT_EQ(completed_statements(), 1u);
  EXPECT_EQ(vault_->catalog().job(job)->state, JobState::completed);
  EXPECT_EQ(list_points(*vault_, tenant_).size(), 1u);
  EXPECT_EQ(list_points(*vault_, tenant_)[0].recovery_point_id, first.recovery_point_id);
}

TEST_F(Distrust, SkippedFilesAreNotCountedAsUnchanged) {
  seal("a.jsonl.gz", "no gzip");
  seal("b.jsonl", "one\n");
  backup();
  const BackupResult second = backup();
  EXPECT_EQ(second.segments_unchanged, 1u);
  EXPECT_EQ(second.status, BackupStatus::partial);
}

}  // namespace
}  // namespace atp
