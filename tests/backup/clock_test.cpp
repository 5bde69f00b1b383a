// SPDX-License-Identifier: Apache-2.0
/// A clock that stands ahead, or stood: what is refused, what names it, and how a tenant goes on.
#include "atp/vault/clock.hpp"

#include <gmock/gmock.h>

#include "atp/storage/layout.hpp"
#include "atp/vault/doctor.hpp"
#include "atp/vault/rebuild.hpp"
#include "backup/backup_fixture.hpp"

namespace atp {
namespace {

using std::chrono::days;
using std::chrono::hours;
using test::error_kind;
using testing::HasSubstr;

class ClockAhead : public test::BackupFixture {
 protected:
  const TenantId tenant_{"acme"};

  /// A run whose own clock is `by` ahead of the disk's, which is another machine's.
  BackupResult backup_ahead(std::chrono::nanoseconds by, ClockTrust trust = ClockTrust::judge,
                            std::optional<BackupType> type = {}) {
    const auto ahead = std::make_shared<test::ManualClock>(clock_->now() + by);
    Environment environment = environment_;
    environment.clock = ahead;
    const auto vault = open_vault(environment, "/vault", load_keys(*disk_, "/keys"));
    const auto source = segment_folder(disk_, "/source");
    BackupOptions asked = options();
    asked.clock = trust;
    asked.type = type;
    return take_backup(*vault, *source, asked);
  }

  Ledger ledger() { return Ledger::load(vault_->store(), vault_->trust(), tenant_); }

  std::string refusal() {
    try {
      backup();
    } catch (const Error& error) {
      return error.message();
    }
    return "";
  }

  std::vector<Check> clock_checks(const std::string& id) {
    std::vector<Check> found;
    const Report report = verify_point(vault_->store(), {tenant_, id}, &vault_->trust(),
                                       vault_->keys().identities, {.now = clock_->now()});
    for (const Check& check : report.checks) {
      if (check.name.ends_with(".clock")) found.push_back(check);
    }
    return found;
  }

  Finding doctors_finding() {
    for (const Finding& finding : examine(*vault_)) {
      if (finding.name == "ledger" && finding.subject == "acme") return finding;
    }
    return {"", FindingState::bad, "", "no finding"};
  }

  std::map<std::string, Time> retained() {
    std::map<std::string, Time> times;
    for (const std::string& key : keys("")) {
      if (const auto until = vault_->store().stat(key)->immutability.retain_until) {
        times.emplace(key, *until);
      }
    }
    return times;
  }

  ClockCorrection correct(ClockTrust trust = ClockTrust::judge) {
    return correct_clock(*vault_, tenant_, trust, std::nullopt);
  }
};

TEST_F(ClockAhead, T086_WhereTheStoreSaysAnotherTimeNothingIsWritten) {
  seal("a.jsonl", "one\n");
  backup();
  seal("b.jsonl", "two\n");
  const auto before = keys("");
  for (const days gap : {days(1), days(70), days(3000), days(-1)}) {
    EXPECT_EQ(error_kind([&] { backup_ahead(gap); }), ErrorKind::clock_untrusted) << gap.count();
    EXPECT_EQ(keys(""), before) << gap.count();
  }
  EXPECT_EQ(backup_ahead(hours(14)).segments_new, 1U);
}

TEST_F(ClockAhead, T086_ThatHoldsForTheFirstRunOfATenantToo) {
  seal("a.jsonl", "one\n");
  EXPECT_EQ(error_kind([&] { backup_ahead(days(70)); }), ErrorKind::clock_untrusted);
  EXPECT_EQ(backup_ahead(days(70), ClockTrust::insist).segments_new, 1U);
}

TEST_F(ClockAhead, T086_AnEntryOfTheLastHourDoesNotVouchForWhatIsSealed) {
  seal("a.jsonl", "one\n");
  backup_ahead(days(70), ClockTrust::insist);
  EXPECT_EQ(backup_ahead(days(70)).status, BackupStatus::unchanged) << "nothing is written";
  const auto before = keys("");
  EXPECT_EQ(error_kind([&] { backup_ahead(days(70), ClockTrust::judge, BackupType::full); }),
            ErrorKind::clock_untrusted);
  seal("b.jsonl", "two\n");
  EXPECT_EQ(error_kind([&] { backup_ahead(days(70)); }), ErrorKind::clock_untrusted);
  EXPECT_EQ(keys(""), before);
}

TEST_F(ClockAhead, T086_FarAheadOfEverythingIsRefusedUntilSomebodyInsists) {
  seal("a.jsonl", "one\n");
  backup();
  clock_->advance(days(36));
  EXPECT_THAT(refusal(), HasSubstr("--clock-is-right"));
  const BackupResult result = backup(insisting());
  EXPECT_EQ(result.status, BackupStatus::unchanged);
  EXPECT_EQ(result.clock_warning, std::nullopt);
  EXPECT_EQ(backup().status, BackupStatus::unchanged) << "the entry is evidence from now on";
}

TEST_F(ClockAhead, AVaultThatRestedForAYearGoesOnWithNewFilesAndAWarning) {
  seal("a.jsonl", "one\n");
  EXPECT_EQ(backup().clock_warning, std::nullopt);
  clock_->advance(days(365));
  seal("b.jsonl", "two\n");
  const BackupResult result = backup();
  EXPECT_EQ(result.segments_new, 1U);
  ASSERT_TRUE(result.clock_warning);
  EXPECT_THAT(*result.clock_warning, HasSubstr("365 days after the newest entry"));
  EXPECT_EQ(backup().clock_warning, std::nullopt);
}

TEST_F(ClockAhead, T086_AFileOfTheFutureIsNoEvidenceForAClockThatIsThere) {
  seal("a.jsonl", "one\n");
  backup();
  const Time now = clock_->now();
  clock_->set(now + days(5000));
  seal("b.jsonl", "two\n");
  clock_->set(now + days(3000));
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::clock_untrusted);
}

TEST_F(ClockAhead, T086_AfterARunAheadTheTenantGoesOnOnceTheClockIsAccepted) {
  seal("a.jsonl", "one\n");
  backup();
  seal("b.jsonl", "two\n");
  backup_ahead(days(3000), ClockTrust::insist);
  seal("c.jsonl", "three\n");
  EXPECT_THAT(refusal(), HasSubstr("atp ledger accept-clock"));
  EXPECT_EQ(error_kind([&] { backup(insisting()); }), ErrorKind::clock_untrusted);
  const auto granted = retained();

  const ClockCorrection corrected = correct();
  EXPECT_EQ(corrected.entries, 1U);
  EXPECT_EQ(corrected.last, 2U);
  EXPECT_EQ(ledger().entries().back().statement.action, "clock.corrected");
  EXPECT_EQ(ledger().entries().back().statement.subject_id, "2");
  EXPECT_EQ(error_kind([&] { correct(); }), ErrorKind::not_found);

  const BackupResult next = backup();
  EXPECT_EQ(next.segments_new, 1U);
  EXPECT_TRUE(verify(next.recovery_point_id).passed());
  for (const auto& [key, until] : granted) EXPECT_GE(retained()[key], until) << key;
  vault_.reset();
  disk_->remove("/vault/catalog.db");
  reopen();
  EXPECT_TRUE(rebuild_catalog(*vault_, {}, nullptr).damaged.empty());
  EXPECT_EQ(backup().status, BackupStatus::unchanged) << "the ledger says so, not the catalog";
}

TEST_F(ClockAhead, T086_VerifyingAndTheDoctorNameWhatIsAhead) {
  seal("a.jsonl", "one\n");
  const std::string right = backup().recovery_point_id;
  EXPECT_TRUE(clock_checks(right).empty());
  EXPECT_EQ(doctors_finding().state, FindingState::good);
  seal("b.jsonl", "two\n");
  const std::string ahead = backup_ahead(days(70), ClockTrust::insist).recovery_point_id;

  auto found = clock_checks(ahead);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "ledger.clock");
  EXPECT_EQ(found[0].state, CheckState::not_checked);
  EXPECT_EQ(found[0].subject, layout::ledger_entry(tenant_, 0, 2));
  EXPECT_THAT(found[0].found, HasSubstr(" days ahead of this clock"));
  EXPECT_EQ(found[1].name, "point.clock");
  EXPECT_EQ(found[1].subject, layout::recovery_point(tenant_, ahead));
  EXPECT_EQ(clock_checks(right).size(), 1U);
  const Finding finding = doctors_finding();
  EXPECT_EQ(finding.state, FindingState::doubtful);
  EXPECT_THAT(finding.detail, HasSubstr(layout::ledger_entry(tenant_, 0, 2)));

  correct();
  found = clock_checks(ahead);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].state, CheckState::attested);
  EXPECT_EQ(found[0].subject, layout::ledger_entry(tenant_, 0, 3));
  EXPECT_EQ(doctors_finding().state, FindingState::good);
}

TEST_F(ClockAhead, T052_ATailThatIsCutOffIsSeenThoughThePointOfTheFutureIsTheLast) {
  seal("a.jsonl", "one\n");
  backup_ahead(days(3000), ClockTrust::insist);
  correct();
  for (const char* name : {"b.jsonl", "c.jsonl"}) {
    seal(name, name);
    backup();
  }
  const auto verified = [&] {
    return verify_ledger(vault_->store(), tenant_, &vault_->trust(), {}, clock_->now()).passed();
  };
  EXPECT_TRUE(verified());
  std::map<Path, Bytes> cut;
  for (const std::uint64_t index : {3, 4}) {
    for (const std::string& key : {layout::ledger_entry(tenant_, 0, index),
                                   layout::ledger_checkpoint(tenant_, 0, index + 1)}) {
      const Path path = Path("/vault/store") / key;
      cut.emplace(path, read_file(*disk_, path, 1 << 20));
      disk_->remove(path);
    }
  }
  EXPECT_FALSE(verified());
  for (const auto& [path, bytes] : cut) {
    disk_->open(path, OpenMode::create_new)->write_at(0, bytes);
  }
}

TEST_F(ClockAhead, T086_AClockBehindTheVaultOrTheStoreCorrectsNothing) {
  const Time made = clock_->now();
  seal("a.jsonl", "one\n");
  backup();
  clock_->set(made - days(100));
  EXPECT_EQ(error_kind([&] { correct(); }), ErrorKind::clock_untrusted);
  EXPECT_EQ(correct(ClockTrust::insist).entries, 2U) << "where the vault was made ahead, too";
}

/// There was no vault in the year 2000: nobody can be right who says so.
TEST_F(ClockAhead, T086_AClockThatLostItsBatteryIsNotRightWhoeverInsists) {
  seal("a.jsonl", "one\n");
  const Time now = clock_->now();
  clock_->set(*parse_time("2000-01-01T00:00:00Z"));
  EXPECT_EQ(error_kind([&] { backup(insisting()); }), ErrorKind::clock_untrusted);
  EXPECT_TRUE(keys("ledger/").empty());
  clock_->set(now);
  backup();
  clock_->set(*parse_time("2000-01-01T00:00:00Z"));
  EXPECT_EQ(error_kind([&] { correct(ClockTrust::insist); }), ErrorKind::clock_untrusted);
}

TEST_F(ClockAhead, T086_AVaultThatWasMadeAheadIsNamedAndCanBeUsed) {
  const Time now = clock_->now();
  clock_->set(now - days(100));
  seal("a.jsonl", "one\n");
  EXPECT_THAT(refusal(), HasSubstr("--clock-is-right"));
  const auto findings = examine(*vault_, {.mending = Mending::report_only});
  EXPECT_EQ(findings.front().state, FindingState::doubtful);
  EXPECT_EQ(backup(insisting()).segments_new, 1U);
  EXPECT_EQ(backup().status, BackupStatus::unchanged) << "the entry is evidence from now on";
}

}  // namespace
}  // namespace atp
