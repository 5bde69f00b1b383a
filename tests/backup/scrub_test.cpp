// SPDX-License-Identifier: Apache-2.0
/// A change of what is old is found by runs that look at what is new, within a number of runs that
/// follows from how much there is.
#include "atp/vault/scrub.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "atp/model/json.hpp"
#include "atp/storage/layout.hpp"
#include "atp/storage/memory_store.hpp"
#include "backup/backup_fixture.hpp"

namespace atp {
namespace {

using test::error_kind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ScrubTest : public test::BackupFixture {
 protected:
  static constexpr int kPoints = 20;

  void SetUp() override {
    for (int i = 0; i < kPoints; ++i) {
      seal("h" + std::to_string(i) + ".jsonl", "one\n");
      backup();
    }
  }

  Path path(const std::string& key) const { return Path("/vault/store") / key; }
  Bytes read(const std::string& key) { return read_file(*disk_, path(key), 1 << 20); }
  void write(const std::string& key, ByteView bytes) {
    if (disk_->status(path(key))) disk_->remove(path(key));
    disk_->open(path(key), OpenMode::create_new)->write_at(0, bytes);
  }

  /// The subjects of what the runs find damaged until one finds something; nothing in time.
  std::vector<std::string> found_within(int runs) {
    for (int i = 0; i < runs; ++i) {
      std::vector<std::string> found;
      for (const Problem& each : backup().scrub.damaged) found.push_back(each.subject);
      if (!found.empty()) return found;
    }
    return {};
  }

  const TenantId tenant_{"acme"};
};

/// Signed by a trusted key, and of its place: only the tree shows it.
TEST_F(ScrubTest, ARewrittenOldEntryHaltsTheTenantWithinAPass) {
  const std::string key = layout::ledger_entry(tenant_, 0, 11);
  const Bytes before = read(key);
  Json json = parse_json(as_text(before));
  json.as_object().insert_or_assign("nonce", std::string(32, '7'));
  json.as_object().erase("signature");
  json.as_object().emplace("signature",
                           to_base64(vault_->signers().current().sign(as_bytes(json.str()))));
  write(key, as_bytes(json.str()));
  int runs = 0;
  seal("altered.jsonl", "one\n");
  backup();
  seal("altered.jsonl", "other\n");
  std::optional<BackupResult> last;
  while (runs < kPoints && !(last && last->scrub.halted)) {
    last = backup();
    ++runs;
  }
  EXPECT_LT(runs, 8) << "some 20 entries, 4 a run";
  EXPECT_THAT(last->scrub.damaged, SizeIs(1));
  EXPECT_EQ(last->status, BackupStatus::alarm) << "what else it found is not lost";
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::precondition_failed);
  write(key, before);
  resolve_halt(*vault_, tenant_, std::nullopt, {}, {});
  EXPECT_TRUE(backup().scrub.damaged.empty());
}

/// Not even when the tenant began can be read, and nothing says what was read again.
TEST_F(ScrubTest, ADamagedFirstEntryHaltsTheTenantOnceTheRunIsDone) {
  BackupOptions none = options();
  none.scrub.operations = 0;
  const TenantId other("other");
  none.tenant = other;
  backup(none);
  const std::string key = layout::ledger_entry(other, 0, 0);
  const Bytes before = read(key);
  write(key, as_bytes("{}"));
  const BackupResult result = backup(options("other"));
  EXPECT_TRUE(result.scrub.halted);
  EXPECT_EQ(result.status, BackupStatus::unchanged);
  write(key, before);
}

TEST_F(ScrubTest, AChangedManifestIsSaidByEveryRunUntilItIsPutBack) {
  const std::string key = layout::manifest(tenant_, StreamId("default"), 13);
  const Bytes before = read(key);
  write(key, as_bytes("{}"));
  EXPECT_THAT(found_within(9), ElementsAre(key)) << "20 segments, 3 a run";
  for (int i = 0; i < 10; ++i) EXPECT_THAT(found_within(1), ElementsAre(key));
  const auto doctors = [&] {
    for (const Finding& finding : examine(*vault_, {.mending = Mending::report_only})) {
      if (finding.name == "scrub") return finding.error;
    }
    return std::optional(ErrorKind::not_found);
  };
  EXPECT_EQ(doctors(), ErrorKind::corrupt);
  write(key, before);
  EXPECT_EQ(doctors(), std::nullopt);
  EXPECT_THAT(found_within(16), IsEmpty());
}

TEST_F(ScrubTest, APackageThatIsChangedOrLostIsFoundAndNewSegmentsAreTakenAllTheSame) {
  const std::string key = keys("segments/").at(7);
  const Bytes before = read(key);
  Bytes changed = before;
  changed[changed.size() / 2] ^= std::byte{1};
  for (const bool lost : {false, true}) {
    if (lost) {
      disk_->remove(path(key));
    } else {
      write(key, changed);
    }
    EXPECT_THAT(found_within(9), ElementsAre(key)) << lost;
    seal("new" + std::to_string(lost) + ".jsonl", "two\n");
    const BackupResult result = backup();
    EXPECT_EQ(result.segments_new, 1U);
    EXPECT_EQ(result.scrub.damaged.size(), 1U);
    write(key, before);
    EXPECT_THAT(found_within(1), IsEmpty());
  }
}

/// What is known to be damaged keeps nothing else from being looked at, and each run names it.
TEST_F(ScrubTest, ManyDamagedPackagesAreAllFoundAndNamedByEveryRunUntilTheyAreWhole) {
  std::map<std::string, Bytes> lost;
  for (const std::string& key : keys("segments/")) {
    lost.emplace(key, read(key));
    disk_->remove(path(key));
  }
  std::size_t named = 0;
  for (int i = 0; i < 9; ++i) {
    const std::size_t now = backup().scrub.damaged.size();
    EXPECT_GE(now, named);
    named = now;
  }
  EXPECT_EQ(named, lost.size());
  for (const auto& [key, bytes] : lost) write(key, bytes);
  for (int i = 0; i < 12; ++i) named = backup().scrub.damaged.size();
  EXPECT_EQ(named, 0U) << "those that are whole come back two a run";
}

/// A file of somebody's among packages, and one package that cannot be read.
TEST_F(ScrubTest, AStrayAndAnUnreadableObjectCostThemselvesAlone) {
  write("segments/acme/README", as_bytes("ours"));
  for (int i = 0; i < 40; ++i) EXPECT_EQ(backup().scrub.trouble, std::nullopt);
  const Time now = clock_->now();
  const Path folder = path(keys("segments/").at(3));
  const Bytes package = read_file(*disk_, folder, 1 << 20);
  disk_->remove(folder);
  create_directories(*disk_, folder);
  for (int i = 0; i < 40; ++i) backup();
  const Scrub scrub = backup().scrub;
  EXPECT_GE(scrub.dates_since, now);
  EXPECT_GE(scrub.entries_since, now);
  EXPECT_GE(scrub.packages_since, now);
  EXPECT_TRUE(scrub.trouble || !scrub.damaged.empty());
  const auto findings = examine(*vault_, {.mending = Mending::mend});
  EXPECT_TRUE(std::ranges::any_of(findings, [](const Finding& finding) {
    return finding.name == "scrub" && finding.state == FindingState::bad;
  }));
  disk_->remove(folder);
  disk_->open(folder, OpenMode::create_new)->write_at(0, package);
  for (int i = 0; i < 3; ++i) backup();
  EXPECT_TRUE(backup().scrub.damaged.empty());
  disk_->remove(path("segments/acme/README"));
}

TEST_F(ScrubTest, P20_AShortenedRetentionIsGrownAgainAndSaid) {
  const std::string key = keys("segments/").at(15);
  const auto until = vault_->store().stat(key)->immutability.retain_until;
  const Path file = path(key);
  write((Path(key).parent_path() / ("." + file.filename().string() + ".retention")).string(),
        as_bytes("{\"legalHold\":false,\"retainUntil\":\"2000-01-01T00:00:00.000000000Z\"}\n"));
  std::vector<std::string> regrown;
  for (int i = 0; i < 40 && regrown.empty(); ++i) regrown = backup().scrub.regrown;
  EXPECT_THAT(regrown, ElementsAre(key));
  EXPECT_EQ(vault_->store().stat(key)->immutability.retain_until, until);
  for (int i = 0; i < 40; ++i) EXPECT_THAT(backup().scrub.regrown, IsEmpty());
}

TEST_F(ScrubTest, P20_TheDoctorSaysThatARetentionWasShortened) {
  const std::string key = layout::manifest(tenant_, StreamId("default"), 3);
  const Path file = path(key);
  write((Path(key).parent_path() / ("." + file.filename().string() + ".retention")).string(),
        as_bytes("{\"legalHold\":false,\"retainUntil\":\"2000-01-01T00:00:00.000000000Z\"}\n"));
  const auto found = [&] {
    for (const Finding& finding : examine(*vault_)) {
      if (finding.name == "scrub") return finding;
    }
    return Finding{};
  };
  const Finding finding = found();
  EXPECT_EQ(finding.state, FindingState::mended);
  EXPECT_THAT(finding.detail, HasSubstr(key));
  EXPECT_EQ(found().state, FindingState::good);
}

/// What honest runs do is nobody's tampering.
TEST_F(ScrubTest, AnotherPolicyAndAHaltShortenNothing) {
  BackupOptions asked = options();
  for (const int years : {20, 1, 3}) {
    asked.retention = CalendarPeriod{.years = static_cast<std::uint16_t>(years)};
    EXPECT_THAT(backup(asked).scrub.regrown, IsEmpty());
    seal("of" + std::to_string(years) + ".jsonl", "one\n");
    EXPECT_THAT(backup(asked).scrub.regrown, IsEmpty());
    halt_for(*vault_, tenant_, Error(ErrorKind::corrupt, "ledger/acme/", "for a test"));
    resolve_halt(*vault_, tenant_, std::nullopt, {}, {});
    for (int i = 0; i < 30; ++i) EXPECT_THAT(backup().scrub.regrown, IsEmpty()) << years;
  }
}

/// Where listings tell dates, a thousand objects are one request.
TEST_F(ScrubTest, P20_DatesAreReadFromListingsWhereTheyTellThem) {
  const auto memory = memory_store(clock_);
  const std::string key = keys("segments/").at(15);
  for (const std::string& each : keys("")) {
    auto until = vault_->store().stat(each)->immutability.retain_until;
    if (each == key) until = clock_->now() + std::chrono::days(1);
    put_object(*memory, each, read(each), {.retain_until = until});
  }
  const auto copy = vault_on(memory);
  OpenTenant tenant(*copy, tenant_);
  std::vector<std::string> regrown;
  for (int i = 0; i < 3; ++i) {
    for (const std::string& each : scrub_old(tenant, {}, {}).regrown) regrown.push_back(each);
  }
  EXPECT_THAT(regrown, ElementsAre(key));
}

/// Who takes so few backups that no pass ends is told, until somebody reads all of it.
TEST_F(ScrubTest, P20_WhatWasNotReadAgainFor60DaysIsSaidAndTheDoctorReadsIt) {
  BackupOptions none = options();
  none.scrub.operations = 0;
  EXPECT_FALSE(backup(none).scrub.overdue);
  clock_->advance(std::chrono::days(34));
  backup(none);
  clock_->advance(std::chrono::days(30));
  EXPECT_TRUE(backup(none).scrub.overdue);
  const auto state_of = [&](Mending mending) {
    for (const Finding& finding : examine(*vault_, {.mending = mending})) {
      if (finding.name == "scrub") return finding.state;
    }
    return FindingState::bad;
  };
  EXPECT_EQ(state_of(Mending::report_only), FindingState::doubtful);
  const Time now = clock_->now();
  clock_->set(now + std::chrono::days(3000));
  examine(*vault_, {.mending = Mending::mend});
  clock_->set(now);
  EXPECT_EQ(state_of(Mending::report_only), FindingState::doubtful) << "read by a wrong clock";
  vault_->catalog().replace_derived(vault_->catalog().derived());
  EXPECT_EQ(state_of(Mending::mend), FindingState::good);
  EXPECT_FALSE(backup(none).scrub.overdue);
}

TEST_F(ScrubTest, PassesEndAndBeginAnew) {
  const Time now = clock_->now();
  for (int i = 0; i < 40; ++i) backup();
  const Scrub scrub = backup().scrub;
  EXPECT_GE(scrub.entries_since, now);
  EXPECT_GE(scrub.packages_since, now);
  EXPECT_GE(scrub.dates_since, now);
}

/// What the catalog says of a pass is no evidence against the ledger.
TEST_F(ScrubTest, APassThatTheCatalogHasWrongBeginsAnew) {
  for (const char* state : {"2 00", "rubbish", "99999 ", ""}) {
    ScrubRow row{tenant_, ScrubKind::entries, clock_->now(), clock_->now(), "", state};
    vault_->catalog().record_scrub(row);
    EXPECT_EQ(error_kind([&] { backup(); }), std::nullopt) << state;
  }
  const std::string wrong = "1 " + std::string(64, '0');
  vault_->catalog().record_scrub(
      {tenant_, ScrubKind::entries, clock_->now(), clock_->now(), "", wrong});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(error_kind([&] { backup(); }), std::nullopt);
  EXPECT_FALSE(find_halt(*vault_, tenant_));
}

/// That old objects cannot be reached today keeps nothing new from being backed up.
TEST_F(ScrubTest, TroubleOfTheStoreIsSaidAndIsNoDamage) {
  std::optional<std::string> trouble;
  for (std::uint64_t nth = 1; nth < 400 && !trouble; ++nth) {
    disk_->fail_operation(nth, test::Operation::read);
    try {
      const BackupResult result = backup();
      EXPECT_THAT(result.scrub.damaged, IsEmpty());
      trouble = result.scrub.trouble;
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), ErrorKind::corrupt) << error.what();
    }
  }
  disk_->no_faults();
  EXPECT_TRUE(trouble);
}

}  // namespace
}  // namespace atp
