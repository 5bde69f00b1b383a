// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "atp/storage/layout.hpp"
#include "atp/vault/doctor.hpp"
#include "atp/vault/points.hpp"
#include "atp/vault/rebuild.hpp"
#include "backup/backup_fixture.hpp"

namespace atp {
namespace {

using test::error_kind;

class Recovery : public test::BackupFixture {
 protected:
  const TenantId tenant_{"acme"};

  Bytes catalog_bytes() { return read_file(*disk_, "/vault/catalog.db", 1 << 30); }
  void put_catalog(ByteView bytes) {
    disk_->remove("/vault/catalog.db");
    disk_->open("/vault/catalog.db", OpenMode::create_new)->write_at(0, bytes);
  }
};

TEST_F(Recovery, ARebuiltCatalogEqualsTheOneItReplacesRowForRow) {
  seal("a.jsonl", "one\n");
  backup();
  seal("api/b.jsonl", "two\n");
  backup();
  backup();
  backup(options("other"));
  const DerivedRows before = vault_->catalog().derived();
  vault_.reset();
  disk_->remove("/vault/catalog.db");
  reopen();
  const RebuildResult result = rebuild_catalog(*vault_, {}, nullptr);
  EXPECT_EQ(result.points, 3u);
  EXPECT_EQ(result.segments, 4u);
  EXPECT_EQ(vault_->catalog().derived(), before);
  EXPECT_EQ(backup().status, BackupStatus::unchanged);
}

TEST_F(Recovery, T015_ADamagedCatalogIsKeptBesideTheNewOne) {
  seal("a.jsonl", "one\n");
  backup();
  vault_.reset();
  put_catalog(Bytes(4096));
  reopen();
  const RebuildResult result = rebuild_catalog(*vault_, {}, nullptr);
  ASSERT_TRUE(result.kept);
  EXPECT_EQ(disk_->status(*result.kept)->size, 4096u);
  EXPECT_EQ(backup().status, BackupStatus::unchanged);
}

TEST_F(Recovery, T014_AnOlderCatalogTakesUpWhatTrustedKeysHaveSignedSince) {
  seal("a.jsonl", "one\n");
  backup();
  vault_.reset();
  const Bytes older = catalog_bytes();
  reopen();
  seal("b.jsonl", "two\n");
  const BackupResult newest = backup();
  vault_.reset();
  put_catalog(older);
  reopen();
  EXPECT_EQ(list_points(*vault_, tenant_).back().recovery_point_id, newest.recovery_point_id);
  EXPECT_EQ(backup().recovery_point_id, newest.recovery_point_id);
  EXPECT_EQ(vault_->catalog().derived(), derive_rows(*vault_, {}, nullptr));
}

TEST_F(Recovery, T052_ALedgerThatLostItsTailIsCorrupt) {
  seal("a.jsonl", "one\n");
  backup();
  backup();
  const std::string last = keys("ledger/acme/0/entries/").back();
  const std::string note = keys("ledger/acme/0/checkpoints/").back();
  disk_->remove(Path("/vault/store") / last);
  disk_->remove(Path("/vault/store") / note);
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::corrupt);
}

TEST_F(Recovery, T016_AnEditedCatalogRowDoesNotGetIntoAPoint) {
  seal("a.jsonl", "one\n");
  backup();
  DerivedRows rows = vault_->catalog().derived();
  std::string& manifest = rows.segments.at(0).manifest;
  const auto digit = manifest.find("\"storedBytes\":") + 14;
  manifest[digit] = manifest[digit] == '9' ? '8' : '9';
  vault_->catalog().replace_derived(rows);
  seal("b.jsonl", "two\n");
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::corrupt);
}

TEST_F(Recovery, T006_AManifestMissingInTheMiddleStopsTheNextBackup) {
  for (const char* name : {"a", "b", "c"}) seal(std::string(name) + ".jsonl", name);
  backup();
  disk_->remove("/vault/store/manifests/acme/default/00000000000000000001.json");
  vault_.reset();
  disk_->remove("/vault/catalog.db");
  reopen();
  const RebuildResult result = rebuild_catalog(*vault_, {}, nullptr);
  ASSERT_EQ(result.damaged.size(), 1u);
  EXPECT_EQ(result.damaged[0].subject, "manifests/acme/default/00000000000000000001.json");
  seal("d.jsonl", "d");
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::corrupt);
  EXPECT_EQ(keys("manifests/acme/default/").size(), 2u) << "nothing was put in its place";
}

TEST_F(Recovery, ADamagedTenantDoesNotKeepTheOthersFromTheirCatalog) {
  seal("a.jsonl", "one\n");
  backup();
  for (const char* tenant : {"before", "zebra"}) backup(options(tenant));
  const DerivedRows whole = vault_->catalog().derived();
  disk_->remove("/vault/store/manifests/acme/default/00000000000000000000.json");

  const RebuildResult kept = rebuild_catalog(*vault_, {}, nullptr);
  ASSERT_EQ(kept.damaged.size(), 1u);
  EXPECT_EQ(kept.damaged[0].tenant, tenant_);
  EXPECT_EQ(vault_->catalog().derived(), whole) << "the damaged tenant keeps its rows";

  vault_.reset();
  disk_->remove("/vault/catalog.db");
  reopen();
  const RebuildResult anew = rebuild_catalog(*vault_, {}, nullptr);
  EXPECT_EQ(anew.damaged.size(), 1u);
  EXPECT_EQ(anew.tenants, 2u);
  seal("b.jsonl", "two\n");
  for (const char* tenant : {"before", "zebra"}) {
    EXPECT_EQ(backup(options(tenant)).segments_new, 1u);
  }
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::corrupt) << "never begun anew";
}

TEST_F(Recovery, AMissingPointIsItsTenantsDamageAlone) {
  seal("a.jsonl", "one\n");
  backup();
  backup(options("zebra"));
  disk_->remove(Path("/vault/store") / keys("recovery-points/acme/").front());
  vault_.reset();
  disk_->remove("/vault/catalog.db");
  reopen();
  const RebuildResult result = rebuild_catalog(*vault_, {}, nullptr);
  ASSERT_EQ(result.damaged.size(), 1u);
  EXPECT_EQ(result.damaged[0].tenant, tenant_);
  EXPECT_EQ(result.tenants, 1u);
}

/// The second point had seen the entries of the first: a ledger that is gone, or was begun anew, is
/// not one of a new tenant.
TEST_F(Recovery, T052_ALedgerThatPointsHadSeenIsNeverBegunAnew) {
  for (const bool with_manifests : {true, false}) {
    const std::string tenant = with_manifests ? "one" : "two";
    seal(tenant + ".jsonl", "one\n");
    backup(options(tenant));
    seal(tenant + "2.jsonl", "two\n");
    const std::string newest = backup(options(tenant)).recovery_point_id;
    for (const std::string root : {"ledger/", "manifests/"}) {
      if (root == "manifests/" && with_manifests) continue;
      for (const std::string& key : keys(root + tenant + "/")) {
        disk_->remove(Path("/vault/store") / key);
      }
    }
    vault_.reset();
    disk_->remove("/vault/catalog.db");
    reopen();
    EXPECT_EQ(rebuild_catalog(*vault_, {}, nullptr).damaged.size(), with_manifests ? 1u : 2u);
    EXPECT_EQ(error_kind([&] { backup(options(tenant)); }), ErrorKind::corrupt);
    EXPECT_TRUE(keys("ledger/" + tenant + "/").empty());
    EXPECT_EQ(verify(newest).verdict(), CheckState::failed);
  }
}

/// As network file systems answer: nothing can be written then, and nothing is moved away.
TEST_F(Recovery, WhereNoDirectoryCanBeSyncedTheCatalogStaysWhereItIs) {
  seal("a.jsonl", "one\n");
  backup();
  for (std::uint64_t nth = 1; nth <= 300; ++nth) {
    disk_->fail_operation(nth, test::Operation::sync_directory, ErrorKind::unsupported);
  }
  vault_.reset();
  reopen();
  EXPECT_EQ(vault_->catalog_problem(), "");
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::unsupported);
  const auto rebuilt = error_kind([&] { rebuild_catalog(*vault_, {}, nullptr); });
  EXPECT_TRUE(!rebuilt || rebuilt == ErrorKind::unsupported);
  EXPECT_EQ(disk_->list("/vault").front().name, "catalog.db") << "nothing is kept aside";
  EXPECT_TRUE(disk_->status("/vault/catalog.db"));
}

TEST_F(Recovery, T052_ATenantWhoseEveryObjectIsGoneIsNotForgotten) {
  seal("a.jsonl", "one\n");
  backup();
  for (const std::string root :
       {"keys/", "policies/", "manifests/", "segments/", "lists/", "recovery-points/", "ledger/"}) {
    for (const std::string& key : keys(root)) disk_->remove(Path("/vault/store") / key);
  }
  const RebuildResult result = rebuild_catalog(*vault_, {}, nullptr);
  ASSERT_EQ(result.damaged.size(), 1u);
  EXPECT_EQ(vault_->catalog().derived().heads.size(), 1u);
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::corrupt);
}

TEST_F(Recovery, JobsOfDeadProcessesAreEnded) {
  seal("a.jsonl", "one\n");
  vault_->catalog().begin_job(
      {std::string(32, '7'), tenant_, "backup", JobState::running, clock_->now(), "RP-never-made"});
  backup();
  EXPECT_TRUE(vault_->catalog().running_jobs().empty());
  EXPECT_EQ(vault_->catalog().job(std::string(32, '7'))->state, JobState::failed);
}

TEST_F(Recovery, JobsOfLivingProcessesAreLeftAlone) {
  seal("a.jsonl", "one\n");
  const std::string id(32, '7');
  vault_->catalog().begin_job({id, tenant_, "backup", JobState::running, clock_->now(), "RP-x"});
  const WorkLock lock = vault_->work().lock_job(id);
  backup();
  EXPECT_EQ(vault_->catalog().running_jobs().size(), 1u);
  EXPECT_EQ(error_kind([&] { rebuild_catalog(*vault_, {}, nullptr); }),
            ErrorKind::precondition_failed);
}

/// What a run has committed comes to the catalog a little later.
TEST_F(Recovery, TheDoctorRaisesNoAlarmWhileARunIsAhead) {
  seal("a.jsonl", "one\n");
  backup();
  seal("b.jsonl", "two\n");
  seal("c.jsonl", "three\n");
  FindingState during = FindingState::bad;
  int segments = 0;
  BackupOptions asked = options();
  asked.workers = 1;
  asked.probe = [&](PackageStage stage, MutableByteView) {
    if (stage != PackageStage::read || ++segments != 2) return;
    const auto other = open_vault(environment_, "/vault", load_keys(*disk_, "/keys"));
    during = examine(*other, {.mending = Mending::report_only}).back().state;
  };
  backup(asked);
  EXPECT_EQ(segments, 2);
  EXPECT_EQ(during, FindingState::good);
}

TEST_F(Recovery, TheDoctorFindsASoundVaultGood) {
  seal("a.jsonl", "one\n");
  backup();
  for (const Finding& finding : examine(*vault_, {.mending = Mending::mend})) {
    EXPECT_EQ(finding.state, FindingState::good) << finding.name << ": " << finding.detail;
  }
}

TEST_F(Recovery, TheDoctorNamesWhatIsBad) {
  seal("a.jsonl", "one\n");
  backup();
  disk_->remove(Path("/vault/store") / keys("keys/acme/").back());
  const auto findings = examine(*vault_, {.mending = Mending::report_only});
  EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.name == "keys" && finding.state == FindingState::bad;
  }));
}

TEST_F(Recovery, AFailedReadMovesNoCatalogAsideAndIsNoDamage) {
  seal("a.jsonl", "one\n");
  backup();
  const DerivedRows before = vault_->catalog().derived();
  bool met = true;
  for (std::uint64_t nth = 1; met; ++nth) {
    SCOPED_TRACE(nth);
    vault_.reset();
    met = false;
    disk_->fail_operation(nth, test::Operation::read);
    try {
      reopen();
      const RebuildResult result = rebuild_catalog(*vault_, {}, nullptr);
      EXPECT_FALSE(result.kept);
      for (const auto& damaged : result.damaged) EXPECT_EQ(damaged.kind, ErrorKind::unavailable);
      met = !result.damaged.empty();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::unavailable) << error.what();
      met = true;
    }
    disk_->no_faults();
    reopen();
    EXPECT_EQ(vault_->catalog().derived(), before);
  }
  for (const DirectoryEntry& entry : disk_->list("/vault")) {
    EXPECT_EQ(entry.name.find(".kept-"), std::string::npos) << entry.name;
  }
}

TEST_F(Recovery, T015_APageThatOnlyACheckReadsMakesTheDoctorSayDamaged) {
  for (int i = 0; i < 30; ++i) seal(std::to_string(i) + ".jsonl", "one\n");
  backup();
  vault_.reset();
  Bytes bytes = catalog_bytes();
  std::fill(bytes.end() - 4096, bytes.end(), std::byte{0});
  put_catalog(bytes);
  reopen();
  std::optional<ErrorKind> found;
  for (const Finding& finding : examine(*vault_, {.mending = Mending::report_only})) {
    if (finding.name == "catalog") found = finding.error;
  }
  EXPECT_EQ(found, ErrorKind::corrupt);
  reopen();
  EXPECT_TRUE(rebuild_catalog(*vault_, {}, nullptr).kept);
}

}  // namespace
}  // namespace atp
