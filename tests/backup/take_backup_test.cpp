// SPDX-License-Identifier: Apache-2.0
#include "atp/backup/take_backup.hpp"

#include <algorithm>

#include "atp/model/object_key.hpp"
#include "atp/policy/retention.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/points.hpp"
#include "backup/backup_fixture.hpp"
#include "backup/point_builder.hpp"

namespace atp {
namespace {

using test::error_kind;

class Backup : public test::BackupFixture {};

RecoveryPoint stored_point(const Vault& vault, const std::string& id) {
  const std::string key = layout::recovery_point(TenantId("acme"), id);
  return require_document<RecoveryPoint>(key,
                                         as_text(get_object(vault.store(), key, kDocumentLimit)),
                                         vault.trust(), TenantId("acme"));
}

TEST_F(Backup, TheFirstIsFullAndVerifies) {
  seal("a.jsonl", "{\"time\":\"2026-01-01T00:00:00Z\"}\nno JSON\n");
  seal("api/b.jsonl", "last");
  BackupOptions asked = options();
  asked.type = BackupType::incremental;
  const BackupResult result = backup(asked);
  EXPECT_EQ(result.backup_type, BackupType::full);
  EXPECT_EQ(result.status, BackupStatus::completed);
  EXPECT_EQ(result.segments_new, 2u);
  EXPECT_EQ(result.records, 3u);
  EXPECT_TRUE(verify(result.recovery_point_id).passed());
}

TEST_F(Backup, UnchangedInputMakesNoPointAndAnHourlyStatement) {
  seal("a.jsonl", "one\n");
  const BackupResult first = backup();
  const std::size_t entries = keys("ledger/acme/0/entries/").size();
  const BackupResult second = backup();
  EXPECT_EQ(second.status, BackupStatus::unchanged);
  EXPECT_EQ(second.recovery_point_id, first.recovery_point_id);
  EXPECT_EQ(second.segments_unchanged, 1u);
  EXPECT_EQ(keys("recovery-points/acme/").size(), 1u);
  EXPECT_EQ(keys("ledger/acme/0/entries/").size(), entries) << "said a minute ago";
  EXPECT_EQ(vault_->catalog().checked(TenantId("acme"))->checked_at, clock_->now());
  clock_->advance(std::chrono::hours(1));
  EXPECT_EQ(backup().status, BackupStatus::unchanged);
  EXPECT_EQ(keys("ledger/acme/0/entries/").size(), entries + 1);
}

TEST_F(Backup, AnIncrementalListsWhatIsNewAndAFullEverything) {
  seal("a.jsonl", "one\n");
  const BackupResult first = backup();
  seal("0.jsonl", "late, and before the first by name\n");
  const BackupResult second = backup();
  EXPECT_EQ(second.backup_type, BackupType::incremental);
  EXPECT_EQ(second.segments_new, 1u);
  EXPECT_EQ(stored_point(*vault_, second.recovery_point_id).segments, 1u);
  EXPECT_EQ(stored_point(*vault_, second.recovery_point_id).parent->id, first.recovery_point_id);
  BackupOptions full = options();
  full.type = BackupType::full;
  const BackupResult third = backup(full);
  EXPECT_EQ(stored_point(*vault_, third.recovery_point_id).segments, 2u);
  EXPECT_EQ(third.segments_new, 0u);
  EXPECT_EQ(keys("segments/acme/").size(), 2u) << "unchanged packages are referenced, not copied";
  for (const auto& each : {first, second, third}) {
    EXPECT_TRUE(verify(each.recovery_point_id).passed());
  }
}

TEST_F(Backup, AnAlteredSegmentIsAnAlarmAndTheFirstPackageStaysTheTruth) {
  seal("a.jsonl", "one\n");
  const BackupResult first = backup();
  seal("a.jsonl", "two\n");
  const BackupResult second = backup();
  EXPECT_EQ(second.status, BackupStatus::alarm);
  ASSERT_EQ(second.alarms.size(), 1u);
  EXPECT_EQ(second.alarms[0].segment, SegmentId("a"));
  EXPECT_EQ(stored_point(*vault_, second.recovery_point_id).alarms, second.alarms);
  EXPECT_EQ(keys("segments/acme/").size(), 1u);
  const BackupResult third = backup();
  EXPECT_EQ(third.status, BackupStatus::alarm) << "it stays an alarm";
  EXPECT_EQ(third.recovery_point_id, second.recovery_point_id) << "but needs no further point";
}

TEST_F(Backup, WhatIsNotSealedIsSkippedByName) {
  seal("a.jsonl", "one\n");
  seal("b.jsonl.open", "still written");
  seal("c.jsonl", "");
  seal("d.jsonl", std::string(kRecordLimit + 1, 'x') + "\nafter\n");
  seal("e.jsonl.gz", "no gzip");
  const BackupResult result = backup();
  EXPECT_EQ(result.status, BackupStatus::partial);
  ASSERT_EQ(result.skipped.size(), 4u);
  EXPECT_EQ(result.skipped[0].reason, "not_sealed");
  EXPECT_EQ(result.skipped[1].reason, "empty");
  EXPECT_EQ(result.skipped[2].reason, "record_too_long");
  EXPECT_EQ(result.skipped[2].detail, "record 0 at byte 0 is over 16777216 bytes");
  EXPECT_EQ(result.skipped[3].reason, "damaged");
  EXPECT_EQ(stored_point(*vault_, result.recovery_point_id).skipped, result.skipped);
  EXPECT_EQ(result.segments_new, 1u);
}

TEST_F(Backup, EmptySegmentsAreTakenWhenAskedFor) {
  seal("a.jsonl", "");
  BackupOptions asked = options();
  asked.empty_segments = EmptySegments::take;
  const BackupResult result = backup(asked);
  EXPECT_EQ(result.status, BackupStatus::completed);
  EXPECT_EQ(result.segments_new, 1u);
  EXPECT_TRUE(verify(result.recovery_point_id).passed());
}

TEST_F(Backup, AnEmptySourceMakesAPointOfNothing) {
  const BackupResult result = backup();
  EXPECT_EQ(result.status, BackupStatus::completed);
  EXPECT_EQ(result.segments_new, 0u);
  EXPECT_TRUE(verify(result.recovery_point_id).passed());
}

TEST_F(Backup, WhatIsGoneAtTheSourceIsReportedAndKept) {
  seal("a.jsonl", "one\n");
  backup();
  disk_->remove("/source/a.jsonl");
  BackupOptions full = options();
  full.type = BackupType::full;
  const BackupResult result = backup(full);
  EXPECT_EQ(result.gone, std::vector<std::string>{"default/a"});
  EXPECT_EQ(stored_point(*vault_, result.recovery_point_id).segments, 1u);
}

TEST_F(Backup, AnotherPolicyIsItsNextVersion) {
  seal("a.jsonl", "{\"eventTime\":\"2026-01-01T00:00:00Z\"}\n");
  backup();
  BackupOptions asked = options();
  asked.field_map = FieldMap{{"time", "eventTime"}};
  asked.retention = CalendarPeriod{.years = 10};
  seal("b.jsonl", "{\"eventTime\":\"2026-01-01T00:00:00Z\"}\n");
  backup(asked);
  backup(asked);
  EXPECT_EQ(keys("policies/acme/").size(), 2u);
  OpenTenant tenant(*vault_, TenantId("acme"));
  const auto policy = &tenant.policies().back();
  EXPECT_EQ(policy->version, 2u);
  EXPECT_EQ(policy->field_map.at("time"), "eventTime");
  EXPECT_EQ(policy->field_map.at("action"), "action");
  SegmentChains chains(*vault_, TenantId("acme"), SegmentChains::From::store);
  const auto first = chains.find(StreamId("default"), SegmentId("a"));
  const auto second = chains.find(StreamId("default"), SegmentId("b"));
  EXPECT_EQ(first->manifest.opaque_records, 1u);
  EXPECT_EQ(second->manifest.opaque_records, 0u);
  EXPECT_EQ(second->manifest.policy_version, 2u);
}

TEST_F(Backup, T028_EverythingIsKeptAsLongAsThePolicySays) {
  const Time sealed = clock_->now();
  seal("a.jsonl", "one\n");
  const BackupResult result = backup();
  const Time as_of = stored_point(*vault_, result.recovery_point_id).as_of;
  const Time needed = retain_document_at_least_until(as_of, kDefaultRetention);
  ASSERT_FALSE(keys("").empty());
  for (const std::string& key : keys("")) {
    if (key.starts_with("probes/")) continue;
    const auto kept = vault_->store().stat(key)->immutability.retain_until;
    ASSERT_TRUE(kept) << key;
    EXPECT_GE(*kept, key.starts_with("segments/") ? add_period(sealed, kDefaultRetention) : needed)
        << key;
  }
}

TEST_F(Backup, RetentionGrowsWithAPointThatNeedsIt) {
  seal("a.jsonl", "one\n");
  const BackupResult first = backup();
  const std::string key = layout::recovery_point(TenantId("acme"), first.recovery_point_id);
  const auto before = vault_->store().stat(key)->immutability.retain_until;
  clock_->advance(std::chrono::days(kRetentionSlack.days + 1));
  seal("b.jsonl", "two\n");
  const BackupResult second = backup();
  const Time needed = retain_document_at_least_until(
      stored_point(*vault_, second.recovery_point_id).as_of, kDefaultRetention);
  EXPECT_LT(before, needed);
  EXPECT_GE(vault_->store().stat(key)->immutability.retain_until, needed);
}

TEST_F(Backup, RereadingFindsWhatStatDoesNotShow) {
  seal("a.jsonl", "one\n");
  backup();
  EXPECT_EQ(backup().status, BackupStatus::unchanged);
  BackupOptions reread = options();
  reread.known_files = KnownFiles::reread;
  std::uint64_t read = 0;
  struct Count final : ProgressSink {
    explicit Count(std::uint64_t& bytes) : bytes_(bytes) {}
    void update(const Progress& progress) override { bytes_ = progress.bytes_done; }
    std::uint64_t& bytes_;
  } count(read);
  reread.progress = &count;
  EXPECT_EQ(backup(reread).status, BackupStatus::unchanged);
  EXPECT_EQ(read, 4u);
}

TEST_F(Backup, T018_ThousandPointsInOneSecondHaveTheirOwnIds) {
  const auto source = segment_folder(disk_, "/source");
  std::set<std::string> ids;
  BackupOptions full = options();
  full.type = BackupType::full;
  constexpr std::size_t kPoints = 100;  // ids_test draws the thousand; here each is a real point.
  for (std::size_t i = 0; i < kPoints; ++i) {
    ids.insert(take_backup(*vault_, *source, full).recovery_point_id);
  }
  EXPECT_EQ(ids.size(), kPoints);
  EXPECT_EQ(keys("recovery-points/acme/").size(), kPoints);
}

TEST_F(Backup, T031_NamesThatLookLikePathsStayInTheirTenant) {
  seal("a.jsonl", "one\n");
  backup(options("../../etc"));
  backup(options("/absolute"));
  backup(options("file:"));
  ASSERT_FALSE(keys("").empty());
  for (const std::string& key : keys("")) {
    EXPECT_TRUE(is_key(key)) << key;
    EXPECT_EQ(("/" + key).find("/."), std::string::npos) << key;
  }
  EXPECT_EQ(list_tenants(vault_->store()).size(), 3u);
}

TEST_F(Backup, T070_TenantsWithAlikeNamesShareNothing) {
  const std::vector<std::string> tenants{"a", "a-b", "A", "a/b", "a%2fb", "a.", "a=2Fb"};
  seal("s.jsonl", "one\n");
  for (const std::string& tenant : tenants) {
    const BackupResult result = backup(options(tenant));
    EXPECT_EQ(result.status, BackupStatus::completed) << tenant;
    EXPECT_EQ(result.segments_new, 1u) << tenant;
    EXPECT_TRUE(verify(result.recovery_point_id).passed()) << tenant;
  }
  EXPECT_EQ(list_tenants(vault_->store()).size(), tenants.size());
  for (const std::string& tenant : tenants) {
    EXPECT_EQ(list_points(*vault_, TenantId(tenant)).size(), 1u) << tenant;
    EXPECT_EQ(keys(layout::packages(TenantId(tenant))).size(), 1u) << tenant;
  }
}

TEST_F(Backup, T008_AFlippedBitFailsTheBackupBeforeItCompletes) {
  seal("a.jsonl", "one\ntwo\n");
  for (const PackageStage stage :
       {PackageStage::read, PackageStage::compressed, PackageStage::sealed}) {
    BackupOptions flipping = options();
    flipping.probe = [&](PackageStage at, MutableByteView bytes) {
      if (at == stage && !bytes.empty()) bytes[bytes.size() / 2] ^= std::byte{4};
    };
    EXPECT_EQ(error_kind([&] { backup(flipping); }), ErrorKind::corrupt);
    EXPECT_TRUE(keys("manifests/").empty());
    EXPECT_TRUE(keys("recovery-points/").empty());
  }
  EXPECT_EQ(backup().status, BackupStatus::completed);
}

TEST_F(Backup, AStoppedBackupIsTakenUpByTheNext) {
  seal("a.jsonl", "one\n");
  std::stop_source stop;
  stop.request_stop();
  BackupOptions stopped = options();
  stopped.stop = stop.get_token();
  EXPECT_EQ(error_kind([&] { backup(stopped); }), ErrorKind::cancelled);
  EXPECT_EQ(backup().status, BackupStatus::completed);
  EXPECT_TRUE(vault_->catalog().running_jobs().empty());
}

TEST_F(Backup, APlanReadsAndWritesNothing) {
  seal("a.jsonl", "one\n");
  const auto source = segment_folder(disk_, "/source");
  const std::uint64_t operations = disk_->operations();
  BackupPlan plan = plan_backup(*vault_, *source, options());
  EXPECT_EQ(plan.to_read, std::vector<std::string>{"a.jsonl"});
  EXPECT_EQ(plan.backup_type, BackupType::full);
  EXPECT_EQ(disk_->operations(), operations);
  backup();
  plan = plan_backup(*vault_, *source, options());
  EXPECT_TRUE(plan.to_read.empty());
  EXPECT_EQ(plan.segments_unchanged, 1u);
}

TEST(SkippedInputs, OverAThousandAreCountedAndSegmentsAreNamedFirst) {
  std::vector<SkippedInput> skipped;
  for (int i = 0; i < 1500; ++i) {
    skipped.push_back({"a" + std::to_string(10000 + i), "not_sealed", "detail"});
  }
  for (int i = 0; i < 300; ++i) {
    skipped.push_back({"z" + std::to_string(10000 + i) + ".jsonl", "damaged", "detail"});
  }
  std::vector<SkippedInput> shuffled(skipped.rbegin(), skipped.rend());
  const auto listed = bounded_list(skipped);
  EXPECT_EQ(listed, bounded_list(shuffled));
  ASSERT_EQ(listed.size(), kSkippedLimit + 1);
  EXPECT_EQ(listed.front(), (SkippedInput{".", "more", "800 others: 800 not_sealed"}));
  EXPECT_EQ(std::ranges::count(listed, "damaged", &SkippedInput::reason), 300);
  EXPECT_EQ(listed[700].name, "a10699");
  skipped.resize(kSkippedLimit);
  EXPECT_EQ(bounded_list(skipped), skipped);
}

TEST_F(Backup, OfManyFilesThatAreNoneNamesAThousandAndStaysUnchanged) {
  seal("a.jsonl", "one\n");
  for (int i = 0; i < 1200; ++i) seal(std::to_string(i) + ".open", "");
  const BackupResult result = backup();
  EXPECT_EQ(result.status, BackupStatus::partial);
  EXPECT_EQ(stored_point(*vault_, result.recovery_point_id).skipped.size(), kSkippedLimit + 1);
  EXPECT_EQ(backup().recovery_point_id, result.recovery_point_id);
}

TEST_F(Backup, APlanOfOneIsMadeOnAMediumThatIsOnlyRead) {
  seal("a.jsonl", "one\n");
  backup();
  seal("b.jsonl", "two\n");
  disk_->read_only();
  vault_ = open_vault(environment_, "/vault", load_keys(*disk_, "/keys"), VaultAccess::read_only);
  const BackupPlan plan = plan_backup(*vault_, *segment_folder(disk_, "/source"), options());
  EXPECT_EQ(plan.to_read.size(), 1u);
  for (const Finding& finding : examine(*vault_, {.mending = Mending::report_only})) {
    EXPECT_EQ(finding.state, FindingState::good) << finding.name << finding.detail;
  }
  EXPECT_EQ(derive_rows(*vault_, {}, nullptr), vault_->catalog().derived());
  EXPECT_EQ(error_kind([&] { take_backup(*vault_, *segment_folder(disk_, "/source"), options()); }),
            ErrorKind::unavailable);
  disk_->read_only(false);
}

TEST_F(Backup, AMachineWithoutDescriptorsIsNoFaultOfTheInput) {
  seal("a.jsonl", "one\n");
  backup();
  seal("b.jsonl", "two\n");
  class Exhausted final : public SegmentSource {
   public:
    explicit Exhausted(std::shared_ptr<SegmentSource> source) : source_(std::move(source)) {}
    SourceListing list(const std::stop_token& stop) override { return source_->list(stop); }
    std::unique_ptr<SegmentInput> open(const SegmentFile& file) override {
      throw Error(ErrorKind::unavailable, file.name, "no descriptor", Error::Retry::temporary);
    }

   private:
    std::shared_ptr<SegmentSource> source_;
  };
  Exhausted source(segment_folder(disk_, "/source"));
  EXPECT_EQ(error_kind([&] { take_backup(*vault_, source, options()); }), ErrorKind::unavailable);
}

/// A folder, and one input more that is skipped for a long reason.
class WordySource final : public SegmentSource {
 public:
  explicit WordySource(std::shared_ptr<SegmentSource> source) : source_(std::move(source)) {}
  SourceListing list(const std::stop_token& stop) override {
    SourceListing listing = source_->list(stop);
    listing.skipped.push_back({"b.jsonl", "damaged", std::string(kDocumentLimit, 'x')});
    return listing;
  }
  std::unique_ptr<SegmentInput> open(const SegmentFile& file) override {
    return source_->open(file);
  }

 private:
  std::shared_ptr<SegmentSource> source_;
};

TEST_F(Backup, APointTooLargeToBeReadAgainIsNotWritten) {
  seal("a.jsonl", "one\n");
  WordySource source(segment_folder(disk_, "/source"));
  try {
    take_backup(*vault_, source, options());
    ADD_FAILURE() << "a point was written";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_TRUE(error.subject().starts_with("recovery-points/acme/")) << error.subject();
  }
  EXPECT_TRUE(keys("recovery-points/").empty());
  EXPECT_EQ(backup().status, BackupStatus::completed);
}

}  // namespace
}  // namespace atp
