// SPDX-License-Identifier: Apache-2.0
/// Exports: what is in a bundle, what the ledger says of it, and what is refused.
#include "atp/discovery/export_records.hpp"

#include <gmock/gmock.h>

#include "atp/crypto/sha256.hpp"
#include "atp/keys/key_epochs.hpp"
#include "atp/storage/layout.hpp"
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

class ExportRecords : public test::Exporting {};

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
  Ledger now = ledger();
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

TEST_F(ExportRecords, IntoTheVaultIsRefused) {
  EXPECT_EQ(error_kind([&] { export_to("/vault/store/out"); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { export_to("/source/../vault/out"); }), ErrorKind::invalid_argument);
  export_to("/vault2/out");
}

class ApprovedExport : public ExportRecords {
 protected:
  void SetUp() override {
    change_trust([&](TrustPolicy& policy) {
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
    ApprovalDocuments made{.request = request_approval(
                               *vault_, plan_export(*vault_, {TenantId("acme"), point_}, selection),
                               *signers_["alice"], clock_->now() + std::chrono::days(7))};
    for (const char* name : {"bob", "carol"}) {
      made.approvals.push_back(
          approve(made.request, vault_->trust(), *signers_[name], "dpo", clock_->now(), random_));
    }
    return made;
  }
  DualApproval approval(const ApprovalDocuments& given) {
    Ledger now = ledger();
    return check_approvals(plan_export(*vault_, {TenantId("acme"), point_}, usual()), given,
                           vault_->trust(), now, clock_->now());
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
  Ledger now = ledger();
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
    change_trust([&](TrustPolicy& policy) {
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
  EXPECT_EQ(result.anchors.timestamps_added, 1U) << "of the checkpoint that covers its end";
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
