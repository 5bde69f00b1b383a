// SPDX-License-Identifier: Apache-2.0
/// How exports end that fail, are stopped, killed or overtaken, and what the ledger tells of it.
#include <gmock/gmock.h>

#include "atp/storage/layout.hpp"
#include "atp/vault/act.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "discovery/exporting.hpp"
#include "verify/verifying.hpp"

namespace atp {
namespace {

using test::error_kind;
using testing::ElementsAre;

class ExportEndings : public test::Exporting {};

TEST_F(ExportEndings, ThatIsStoppedIsAbandonedAndLeavesNothing) {
  std::stop_source stop;
  test::Meanwhile sink([&] { stop.request_stop(); });
  ExportOptions options = to("/out");
  options.stop = stop.get_token();
  options.progress = &sink;
  EXPECT_EQ(error_kind([&] { export_records(*vault_, options); }), ErrorKind::cancelled);
  EXPECT_THAT(said(), ElementsAre("export.intended", "export.abandoned"));
  EXPECT_FALSE(disk_->status("/out"));
  EXPECT_FALSE(disk_->status("/out.unfinished"));
  export_to("/out");
  EXPECT_TRUE(check("/out").report.passed());
}

TEST_F(ExportEndings, WhereAFolderCannotBePutInPlaceNothingIsSaid) {
  disk_->folders_do_not_move();
  EXPECT_EQ(error_kind([&] { export_to("/parent/out"); }), ErrorKind::unsupported);
  EXPECT_THAT(said(), ElementsAre());
  EXPECT_TRUE(disk_->list("/parent").empty());
}

TEST_F(ExportEndings, LeavesNothingThatOthersMayRead) {
  export_to("/out");
  EXPECT_EQ(disk_->status("/out")->mode, kPrivateFolder);
  EXPECT_EQ(disk_->status("/out/data/default")->mode, kPrivateFolder);
  for (const std::string& name : files_below("/out")) {
    EXPECT_EQ(disk_->status(Path("/out") / name)->mode, kPrivateFile) << name;
  }
}

/// Somebody else has ended it meanwhile, or the tenant was halted: nothing that verifies comes out.
TEST_F(ExportEndings, IsNotDoneOnceItWasEndedOrTheTenantHalted) {
  ExportOptions options = to("/out");
  test::Meanwhile ends([&] {
    OpenTenant now(*vault_, TenantId("acme"));
    settle_act(now, *now.ledger().tail().back().statement.job_id);
  });
  options.progress = &ends;
  EXPECT_EQ(error_kind([&] { export_records(*vault_, options); }), ErrorKind::precondition_failed);
  EXPECT_THAT(said(), ElementsAre("export.intended", "export.abandoned"));
  test::Meanwhile halts([&] {
    vault_->catalog().halt({.tenant = TenantId("acme"),
                            .halted_at = clock_->now(),
                            .subject = "ledger/acme/0/entries/1",
                            .message = "was changed"});
  });
  options.progress = &halts;
  EXPECT_EQ(error_kind([&] { export_records(*vault_, options); }), ErrorKind::precondition_failed);
  EXPECT_EQ(said().back(), "export.intended") << "nothing is written for a halted tenant";
  EXPECT_FALSE(disk_->status("/out"));
  EXPECT_FALSE(disk_->status("/out.unfinished"));
}

/// What the ledger has lost is not papered over by what an export would say next.
TEST_F(ExportEndings, WhoseLedgerWasRolledBackMeanwhileSaysNothingMore) {
  ExportOptions options = to("/out");
  test::Meanwhile rolls_back([&] {
    disk_->remove("/vault/store/" + layout::ledger_entry(TenantId("acme"), 0, 2));
    disk_->remove("/vault/store/" + layout::ledger_checkpoint(TenantId("acme"), 0, 3));
  });
  options.progress = &rolls_back;
  EXPECT_EQ(error_kind([&] { export_records(*vault_, options); }), ErrorKind::corrupt);
  EXPECT_EQ(keys(layout::ledger_entries(TenantId("acme"), 0)).size(), 2U);
  EXPECT_TRUE(find_halt(*vault_, TenantId("acme")));
  EXPECT_FALSE(disk_->status("/out.unfinished"));
}

/// The second of two finds the first one's folder, says nothing and leaves it alone.
TEST_F(ExportEndings, ToTheFolderOfAnotherIsRefused) {
  std::optional<ErrorKind> second;
  test::Meanwhile sink([&] { second = error_kind([&] { export_to("/out"); }); });
  ExportOptions options = to("/out");
  options.progress = &sink;
  export_records(*vault_, options);
  EXPECT_EQ(second, ErrorKind::already_exists);
  EXPECT_TRUE(check("/out").report.passed());
  EXPECT_THAT(said(), ElementsAre("export.intended", "export.done"));
}

/// A vault in which an export was cut short, and what a later run made of it.
class CutShort : public ExportEndings {
 protected:
  /// Another process on a copy of the disk.
  struct Run {
    std::shared_ptr<test::SimulatedFileSystem> disk;
    std::shared_ptr<Vault> vault;
  };
  Run open(const std::shared_ptr<test::SimulatedFileSystem>& disk) {
    const Environment environment{disk, clock_, std::make_shared<test::SequenceRandom>(++runs_)};
    return {disk, open_vault(environment, "/vault", load_keys(*disk, "/keys"))};
  }

  /// Before the next backup, nothing verifies of which the ledger does not say that it was done;
  /// after it, every export that was intended has its end.
  void expect_told(const std::shared_ptr<test::SimulatedFileSystem>& disk, std::uint64_t nth) {
    const Run later = open(disk);
    const bool named = disk->status("/out").has_value();
    const bool verifies = holds(disk, "/out") || holds(disk, "/out.unfinished");
    EXPECT_EQ(named, holds(disk, "/out")) << nth;
    take_backup(*later.vault, *segment_folder(disk, "/source"), options());
    const auto said = said_of(later);
    Ledger ledger = Ledger::load(later.vault->store(), later.vault->trust(), tenant_);
    if (!verifies && said.empty()) return;
    const bool done = !said.empty() && said.back() == "export.done";
    ++(done ? done_ : abandoned_);
    EXPECT_TRUE(done || !verifies) << nth;
    EXPECT_THAT(said, ElementsAre("export.intended", done ? "export.done" : "export.abandoned"))
        << nth;
    EXPECT_TRUE(ledger.has_checkpoint()) << nth;
    for (const JobRow& job : later.vault->catalog().running_jobs()) ADD_FAILURE() << job.kind;
  }
  bool holds(const std::shared_ptr<test::SimulatedFileSystem>& disk, const Path& folder) {
    return disk->status(folder) && verify_export(*disk, folder, vault_->trust()).report.passed();
  }

  std::vector<std::string> said_of(const Run& run) {
    return said_in(Ledger::load(run.vault->store(), run.vault->trust(), tenant_));
  }

  const TenantId tenant_{"acme"};
  std::size_t runs_ = 0;
  std::size_t done_ = 0;
  std::size_t abandoned_ = 0;
};

TEST_F(CutShort, ByAFaultAtAnyMomentIsToldByTheLedger) {
  for (std::uint64_t nth = 1;; ++nth) {
    const Run run = open(disk_->reboot(test::Variant::all()));
    run.disk->fail_operation(nth, test::Operation::any);
    const auto error = error_kind([&] { export_records(*run.vault, to("/out")); });
    const bool fired = run.disk->operations() >= nth;
    if (!error && !fired) break;
    expect_told(run.disk->reboot(test::Variant::all()), nth);
  }
  EXPECT_GT(done_, 0U);
  EXPECT_GT(abandoned_, 20U);
}

TEST_F(CutShort, ByACrashAtAnyMomentIsToldByTheLedger) {
  for (std::uint64_t nth = 1;; ++nth) {
    const Run run = open(disk_->reboot(test::Variant::all()));
    run.disk->crash_after(nth);
    try {
      export_records(*run.vault, to("/out"));
      break;
    } catch (const test::SimulatedCrash&) {
    }
    for (const test::Variant& variant :
         {test::Variant::none(), test::Variant::all(), test::Variant::random(nth)}) {
      expect_told(run.disk->reboot(variant), nth);
    }
  }
  EXPECT_GT(done_, 0U);
  EXPECT_GT(abandoned_, 20U);
}

TEST_F(CutShort, WithItsCatalogIsEndedByWhoTakesItOver) {
  for (std::uint64_t nth = 1; nth < 1000; ++nth) {
    const Run again = open(disk_->reboot(test::Variant::all()));
    again.disk->crash_after(nth);
    try {
      export_records(*again.vault, to("/out"));
    } catch (const test::SimulatedCrash&) {
    }
    const auto disk = again.disk->reboot(test::Variant::all());
    if (said_of(open(disk)) != std::vector<std::string>{"export.intended"}) continue;
    for (const char* name : {"/vault/catalog.db", "/vault/catalog.db-journal"}) {
      if (disk->status(name)) disk->remove(name);
    }
    const Run later = open(disk);
    rebuild_catalog(*later.vault, {}, nullptr);
    take_backup(*later.vault, *segment_folder(disk, "/source"), options());
    EXPECT_THAT(said_of(later), ElementsAre("export.intended")) << "it may be another host's";
    const auto findings = examine(*later.vault);
    EXPECT_TRUE(std::ranges::any_of(findings, [](const Finding& finding) {
      return finding.name == "acts" && finding.state == FindingState::doubtful;
    }));
    examine(*later.vault, {.take_over = true});
    EXPECT_THAT(said_of(later), ElementsAre("export.intended", "export.abandoned"));
    return;
  }
  FAIL() << "no crash left an intent alone";
}

class AuditedExport : public ExportEndings {
 protected:
  Report audit() {
    return audit_ledger(vault_->store(), TenantId("acme"), vault_->trust(), {.workers = 1}).report;
  }
  std::vector<Check> intents() { return test::named(audit(), "ledger.intent"); }
  void state(const std::string& action, const std::string& id) {
    OpenTenant now(*vault_, TenantId("acme"));
    append_statement(now,
                     {.header = vault_->new_header(TenantId("acme")),
                      .index = 0,
                      .action = action,
                      .job_id = std::string(32, 'a'),
                      .subject_id = id},
                     clock_->now() + std::chrono::days(1));
  }
};

TEST_F(AuditedExport, HoldsWhenItWasIntendedAndItsManifestIsKept) {
  const ExportResult result = export_to("/out");
  EXPECT_TRUE(audit().passed()) << test::text_of(audit());
  const Digest digest = *ledger().entries().back().statement.subject_sha256;
  disk_->remove("/vault/store/" + keys(layout::documents(TenantId("acme"), digest)).front());
  EXPECT_THAT(test::names(audit().failures()), ElementsAre("ledger.document"));
}

TEST_F(AuditedExport, ThatIsNotEndedIsToldAndOneThatWasNotIntendedFails) {
  state("export.intended", "EX-1");
  ASSERT_EQ(intents().size(), 1U);
  EXPECT_EQ(intents().front().state, CheckState::not_checked);
  state("export.abandoned", "EX-1");
  EXPECT_TRUE(intents().empty());
  state("export.abandoned", "EX-1");
  ASSERT_EQ(intents().size(), 1U);
  EXPECT_EQ(intents().front().state, CheckState::failed);
}

TEST_F(AuditedExport, WithoutTheApprovalsThatThePolicyAsksForIsTold) {
  export_to("/out");
  change_trust([&](TrustPolicy& policy) {
    policy.approvals.approvers = {{"alice", {"dpo"}}, {"bob", {"dpo"}}};
    policy.approvals.rules = {{"export", 2, {"dpo"}}};
    for (const char* name : {"alice", "bob"}) {
      test::SequenceRandom random(static_cast<std::uint64_t>(name[0]));
      policy.keys.push_back({signer_from_pem(generate_ed25519_pem(random))->public_key(),
                             KeyRole::approver,
                             {},
                             {},
                             name});
    }
  });
  const auto told = test::named(audit(), "ledger.approval");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told.front().state, CheckState::not_checked);
}

}  // namespace
}  // namespace atp
