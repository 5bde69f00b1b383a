// SPDX-License-Identifier: Apache-2.0
/// Exports: what is in a bundle, what the ledger says of it, and how one ends that fails.
#include "atp/discovery/export_records.hpp"

#include <gmock/gmock.h>

#include "atp/crypto/sha256.hpp"
#include "atp/keys/key_epochs.hpp"
#include "atp/storage/layout.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "atp/verify/resolved_point.hpp"
#include "crypto/timestamp_authority.hpp"
#include "discovery/exporting.hpp"
#include "support/fake_http_client.hpp"
#include "verify/verifying.hpp"

namespace atp {
namespace {

using test::error_kind;
using testing::ElementsAre;
using testing::HasSubstr;

/// Acts once an export writes records.
class Meanwhile final : public ProgressSink {
 public:
  explicit Meanwhile(std::function<void()> act) : act_(std::move(act)) {}
  void update(const Progress& progress) override {
    if (progress.stage == "export" && act_) std::exchange(act_, nullptr)();
  }

 private:
  std::function<void()> act_;
};

class ExportRecords : public test::Exporting {
 protected:
  void trust(const std::function<void(TrustPolicy&)>& change) {
    change_trust_policy(*disk_, *environment_.random, key_paths("/keys").trust, change);
    reopen();
  }
};

TEST_F(ExportRecords, HandsOverTheLinesAndTheirProofs) {
  const ExportResult result = export_to("/out");
  EXPECT_EQ(
      files_below("/out"),
      (std::set<std::string>{
          "checkpoint.txt", "data/api/a=20b.jsonl", "data/default/000001.jsonl",
          "manifest-sha256.txt", "manifest.json", "proofs/api/a=20b/00000000000000000000.txt",
          "proofs/api/a=20b/00000000000000000001.txt", "proofs/api/a=20b/00000000000000000002.txt",
          "proofs/default/000001/00000000000000000001.txt",
          "proofs/default/000001/00000000000000000002.txt"}));
  EXPECT_EQ(text("/out/data/api/a=20b.jsonl"), "first\n\nthird, without line feed\n");
  EXPECT_EQ(text("/out/data/default/000001.jsonl"), "{\"n\":1}\n{\"n\":2}\n");
  EXPECT_EQ(result.manifest.records, 5U);
  EXPECT_EQ(result.manifest.recovery_point_id, point_);
  const CheckedExport checked = check("/out");
  EXPECT_TRUE(checked.report.passed()) << test::text_of(checked.report);
  EXPECT_EQ(test::names(checked.report.checks),
            (std::vector<std::string>{"export.manifest", "export.sums", "export.files",
                                      "export.proofs", "export.records"}));
  EXPECT_EQ(checked.manifest, result.manifest);
  EXPECT_EQ(checked.checkpoint, result.checkpoint);
  EXPECT_FALSE(disk_->status("/out.unfinished"));
}

TEST_F(ExportRecords, IsStatedBeforeAndAfter) {
  const ExportResult result = export_to("/out/");
  EXPECT_THAT(said(), ElementsAre("export.intended", "export.done"));
  const Ledger now = ledger();
  const Statement& done = now.entries().back().statement;
  const std::string manifest = text("/out/manifest.json");
  EXPECT_EQ(done.subject_id, result.manifest.export_id);
  EXPECT_EQ(done.subject_sha256, sha256(as_bytes(manifest)));
  EXPECT_EQ(now.entries()[now.size() - 2].statement.subject_id, result.manifest.export_id);
  EXPECT_TRUE(now.has_checkpoint());
  EXPECT_EQ(vault_->catalog().job(*done.job_id)->state, JobState::completed);
  EXPECT_GE(result.checkpoint.size, 2U);

  // The vault keeps a sealed copy.
  const auto copies = keys(layout::documents(TenantId("acme"), *done.subject_sha256));
  ASSERT_EQ(copies.size(), 1U);
  const KeyEpochs epochs = read_key_epochs(vault_->store(), &vault_->trust(), TenantId("acme"));
  std::vector<Check> checks;
  const auto opened = open_epochs(vault_->store(), epochs, vault_->keys().identities, checks);
  const Bytes sealed = get_object(vault_->store(), copies.front(), 1 << 20);
  EXPECT_EQ(as_text(age::decrypt(sealed, {&opened.begin()->second, 1}).view()), manifest);
  EXPECT_EQ(backup().status, BackupStatus::unchanged);
}

class AuditedExport : public ExportRecords {
 protected:
  Report audit() {
    return audit_ledger(vault_->store(), TenantId("acme"), vault_->trust(),
                        {.workers = 1, .stop = {}})
        .report;
  }
  std::vector<Check> intents() { return test::named(audit(), "ledger.intent"); }
  void state(const std::string& action, const std::string& id) {
    Ledger now = ledger();
    append_statement(*vault_, now,
                     {.header = vault_->new_header(TenantId("acme")),
                      .origin = {},
                      .index = 0,
                      .action = action,
                      .job_id = std::string(32, 'a'),
                      .subject_id = id,
                      .subject_sha256 = {},
                      .predecessor = {}},
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
  trust([&](TrustPolicy& policy) {
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

TEST_F(ExportRecords, TakesARecordOnceHoweverOftenItIsAskedFor) {
  export_to("/out", {some_of("default", "000001", 2, 3), some_of("default", "000001", 0, 2),
                     some_of("default", "000001", 0, 0)});
  EXPECT_EQ(text("/out/data/default/000001.jsonl"), "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
  EXPECT_TRUE(check("/out").report.passed());
}

TEST_F(ExportRecords, RefusesWhatIsNotThereAndSaysNothing) {
  const auto kind = [&](std::vector<ExportSelection> selection) {
    return error_kind([&] { export_to("/out", std::move(selection)); });
  };
  EXPECT_EQ(kind({}), ErrorKind::invalid_argument);
  EXPECT_EQ(kind({some_of("default", "000001", 0, 4)}), ErrorKind::invalid_argument);
  EXPECT_EQ(kind({some_of("default", "000001", 3, 2)}), ErrorKind::invalid_argument);
  EXPECT_EQ(kind({some_of("default", "000001", 0, ~std::uint64_t{0})}),
            ErrorKind::invalid_argument);
  EXPECT_EQ(kind({all_of("default", "000002")}), ErrorKind::not_found);
  EXPECT_EQ(kind({all_of("api", "000001")}), ErrorKind::not_found);
  create_directories(*disk_, "/out");
  EXPECT_EQ(kind(usual()), ErrorKind::already_exists);
  disk_->remove("/out");
  create_directories(*disk_, "/out.unfinished");
  EXPECT_EQ(kind(usual()), ErrorKind::already_exists);
  point_ = "RP-20260101T000000Z-west-acme.00000000";
  EXPECT_EQ(kind(usual()), ErrorKind::not_found);
  EXPECT_TRUE(said().empty());
}

TEST_F(ExportRecords, RefusesMoreRecordsThanABundleHas) {
  seal("many.jsonl", std::string(kExportRecordLimit + 1, '\n'));
  point_ = backup().recovery_point_id;
  EXPECT_EQ(error_kind([&] { export_to("/out", {all_of("default", "many")}); }),
            ErrorKind::invalid_argument);
  EXPECT_TRUE(said().empty());
}

/// Whoever alters a file at the source keeps nobody from proving what was sealed.
TEST_F(ExportRecords, OfAPointWithAlarmsHasWhatWasSealed) {
  seal("000001.jsonl", "{\"n\":9}\n");
  seal("later.jsonl", "later\n");
  const BackupResult result = backup();
  ASSERT_EQ(result.status, BackupStatus::alarm);
  point_ = result.recovery_point_id;
  export_to("/out", {some_of("default", "000001", 1, 1), all_of("default", "later")});
  EXPECT_TRUE(check("/out").report.passed());
  EXPECT_EQ(text("/out/data/default/000001.jsonl"), "{\"n\":1}\n");
}

TEST_F(ExportRecords, OfAHaltedTenantIsRefused) {
  vault_->catalog().halt({.tenant = TenantId("acme"),
                          .halted_at = clock_->now(),
                          .subject = "ledger/acme/0/entries/1",
                          .message = "was changed"});
  EXPECT_EQ(error_kind([&] { export_to("/out"); }), ErrorKind::precondition_failed);
  EXPECT_FALSE(disk_->status("/out"));
}

TEST_F(ExportRecords, ThatIsStoppedIsAbandonedAndLeavesNothing) {
  std::stop_source stop;
  class StopAtSecond final : public ProgressSink {
   public:
    explicit StopAtSecond(std::stop_source& source) : source_(source) {}
    void update(const Progress& progress) override {
      if (progress.stage == "export") source_.request_stop();
    }

   private:
    std::stop_source& source_;
  } sink(stop);
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

/// A vault in which an export was cut short, and what a later run made of it.
class CutShort : public ExportRecords {
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
    const Ledger ledger = Ledger::load(later.vault->store(), later.vault->trust(), tenant_);
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
    std::vector<std::string> said;
    const Ledger ledger = Ledger::load(run.vault->store(), run.vault->trust(), tenant_);
    for (const LedgerEntry& entry : ledger.entries()) {
      const std::string& action = entry.statement.action;
      if (action.starts_with("export.")) said.push_back(action);
    }
    return said;
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

TEST_F(CutShort, WithItsCatalogIsToldByTheNextRunToo) {
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
    EXPECT_THAT(said_of(later), ElementsAre("export.intended", "export.abandoned"));
    return;
  }
  FAIL() << "no crash left an intent alone";
}

/// Somebody else has ended it meanwhile, or the tenant was halted: nothing that verifies comes out.
TEST_F(ExportRecords, IsNotDoneOnceItWasEndedOrTheTenantHalted) {
  ExportOptions options = to("/out");
  Meanwhile ends([&] {
    Ledger now = ledger();
    settle_act(*vault_, now, *now.entries().back().statement.job_id);
  });
  options.progress = &ends;
  EXPECT_EQ(error_kind([&] { export_records(*vault_, options); }), ErrorKind::precondition_failed);
  EXPECT_THAT(said(), ElementsAre("export.intended", "export.abandoned"));
  Meanwhile halts([&] {
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
TEST_F(ExportRecords, WhoseLedgerWasRolledBackMeanwhileSaysNothingMore) {
  ExportOptions options = to("/out");
  Meanwhile rolls_back([&] {
    disk_->remove("/vault/store/" + layout::ledger_entry(TenantId("acme"), 0, 2));
    disk_->remove("/vault/store/" + layout::ledger_checkpoint(TenantId("acme"), 0, 3));
  });
  options.progress = &rolls_back;
  EXPECT_EQ(error_kind([&] { export_records(*vault_, options); }), ErrorKind::corrupt);
  EXPECT_EQ(keys(layout::ledger_entries(TenantId("acme"), 0)).size(), 2U);
  EXPECT_TRUE(vault_->catalog().find_halt(TenantId("acme")));
  EXPECT_FALSE(disk_->status("/out.unfinished"));
}

/// The second of two finds the first one's folder, says nothing and leaves it alone.
TEST_F(ExportRecords, ToTheFolderOfAnotherIsRefused) {
  std::optional<ErrorKind> second;
  Meanwhile sink([&] { second = error_kind([&] { export_to("/out"); }); });
  ExportOptions options = to("/out");
  options.progress = &sink;
  export_records(*vault_, options);
  EXPECT_EQ(second, ErrorKind::already_exists);
  EXPECT_TRUE(check("/out").report.passed());
  EXPECT_THAT(said(), ElementsAre("export.intended", "export.done"));
}

TEST_F(ExportRecords, IntoTheVaultIsRefused) {
  EXPECT_EQ(error_kind([&] { export_to("/vault/store/out"); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { export_to("/source/../vault/out"); }), ErrorKind::invalid_argument);
  export_to("/vault2/out");
}

class ApprovedExport : public ExportRecords {
 protected:
  void SetUp() override {
    trust([&](TrustPolicy& policy) {
      for (const char* name : {"alice", "bob", "carol"}) {
        test::SequenceRandom random(signers_.size() + 50);
        signers_[name] = signer_from_pem(generate_ed25519_pem(random));
        policy.keys.push_back({signers_[name]->public_key(), KeyRole::approver, {}, {}, name});
        policy.approvals.approvers.push_back({name, {"dpo"}});
      }
      policy.approvals.rules = {{"export", 2, {"dpo"}}};
    });
  }

  ApprovalDocuments documents(std::vector<ExportSelection> selection = usual()) {
    ApprovalDocuments made{
        .request = request_approval(*vault_, plan_export(*vault_, point_, selection),
                                    *signers_["alice"], clock_->now() + std::chrono::days(7)),
        .approvals = {}};
    for (const char* name : {"bob", "carol"}) {
      made.approvals.push_back(
          approve(made.request, vault_->trust(), *signers_[name], "dpo", clock_->now(), random_));
    }
    return made;
  }
  DualApproval approval(const ApprovalDocuments& given) {
    return check_approvals(plan_export(*vault_, point_, usual()), given, vault_->trust(), ledger(),
                           clock_->now());
  }
  std::optional<ErrorKind> refusal(const std::optional<DualApproval>& given,
                                   std::vector<ExportSelection> selection = usual()) {
    ExportOptions options = to("/out", std::move(selection));
    options.approval = given;
    return error_kind([&] { export_records(*vault_, options); });
  }

  std::map<std::string, std::shared_ptr<const Signer>> signers_;
  test::SequenceRandom random_{31};
};

TEST_F(ApprovedExport, T065_NeedsApprovalsWhereThePolicyHasARule) {
  EXPECT_EQ(refusal({}), ErrorKind::not_approved);
  EXPECT_TRUE(said().empty());
  const ApprovalDocuments given = documents();
  const DualApproval approved = approval(given);
  seal("later.jsonl", "later");
  backup();  // The point does not change, nor does the plan.
  EXPECT_EQ(refusal(approved), std::nullopt);
  const Ledger now = ledger();
  const Statement& intended = now.entries()[now.size() - 2].statement;
  EXPECT_EQ(intended.action, "export.intended");
  EXPECT_EQ(intended.approved_by, approved.approved_by());
  EXPECT_EQ(keys(layout::documents(TenantId("acme"), sha256(as_bytes(given.request)))).size(), 1U);
}

TEST_F(ApprovedExport, T067_IsToTheseRecordsAndGoodOnce) {
  const DualApproval approved = approval(documents());
  auto more = usual();
  more.push_back(some_of("default", "000001", 3, 3));
  EXPECT_EQ(refusal(approved, more), ErrorKind::not_approved);
  EXPECT_EQ(refusal(approved, {all_of("api", "a b")}), ErrorKind::not_approved);
  EXPECT_TRUE(said().empty());
  EXPECT_EQ(refusal(approved), std::nullopt);
  remove_tree(*disk_, "/out");
  EXPECT_EQ(refusal(approved), ErrorKind::not_approved);
  EXPECT_THAT(said(), ElementsAre("export.intended", "export.done"));
}

class StampedExport : public ExportRecords {
 protected:
  StampedExport() {
    environment_.http = std::make_shared<test::FakeHttpClient>([this](const std::string&,
                                                                      const HttpRequest& request)
                                                                   -> HttpResponse {
      if (!answers_)
        throw Error(ErrorKind::unavailable, "http://tsa.example", "no answer",
                    Error::Retry::temporary);
      const Bytes reply =
          authority_.reply_to(as_bytes(request.body), {.signer = "tsa", .certificates = "ca"});
      return {200, {{"Content-Type", "application/timestamp-reply"}}, std::string(as_text(reply))};
    });
  }
  void ask_authority(bool required) {
    clock_->set(SystemClock().now());
    trust([&](TrustPolicy& policy) {
      policy.timestamps = TimestampPolicy{.required = required,
                                          .authorities = {authority_.authority()},
                                          .addresses = {{"local", "http://tsa.example/"}}};
    });
    answers_ = true;
    point_ = [&] {
      seal("stamped.jsonl", "s");
      return backup().recovery_point_id;
    }();
  }
  Check stamp_check(const Path& folder) {
    const auto checks = test::named(check(folder).report, "export.timestamp");
    EXPECT_EQ(checks.size(), 1U);
    return checks.at(0);
  }

  const test::OpensslAuthority authority_;
  bool answers_ = false;
};

TEST_F(StampedExport, T050_HasATimeStampThatItsSignatureCovers) {
  ask_authority(true);
  const ExportResult result = export_to("/out");
  ASSERT_TRUE(result.manifest.timestamp);
  EXPECT_EQ(stamp_check("/out").state, CheckState::verified);
  EXPECT_TRUE(check("/out").report.passed()) << test::text_of(check("/out").report);
  // One about another manifest does not do, even where the manifest is signed with it.
  ExportManifest other = result.manifest;
  other.header.nonce = std::string(32, '0');
  const std::string stored = sign_document(other, vault_->signers());
  put("/out/manifest.json", stored);
  EXPECT_EQ(stamp_check("/out").state, CheckState::failed);
  EXPECT_FALSE(check("/out").report.passed());
}

TEST_F(StampedExport, T051_ARequiredOneThatIsNotToBeHadLetsNothingOut) {
  ask_authority(true);
  answers_ = false;
  EXPECT_EQ(error_kind([&] { export_to("/out"); }), ErrorKind::unavailable);
  EXPECT_FALSE(disk_->status("/out"));
  EXPECT_FALSE(disk_->status("/out.unfinished"));
  EXPECT_THAT(said(), ElementsAre("export.intended", "export.abandoned"));
}

TEST_F(StampedExport, T051_AnOptionalOneIsPendingAndItsAbsenceIsTold) {
  ask_authority(false);
  answers_ = false;
  const ExportResult result = export_to("/out");
  EXPECT_FALSE(result.manifest.timestamp);
  EXPECT_EQ(result.pending.size(), 1U);
  EXPECT_EQ(stamp_check("/out").state, CheckState::attested);
  ask_authority(true);
  EXPECT_NE(stamp_check("/out").state, CheckState::attested) << "the policy has come to require it";
  EXPECT_FALSE(check("/out").report.passed());
}

}  // namespace
}  // namespace atp
