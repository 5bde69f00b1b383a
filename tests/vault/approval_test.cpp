// SPDX-License-Identifier: Apache-2.0
/// Approvals: who counts, to what they consent, and that it is good for one act only.
#include "atp/vault/approval.hpp"

#include <gmock/gmock.h>

#include <functional>

#include "atp/crypto/sha256.hpp"
#include "atp/keys/key_epochs.hpp"
#include "atp/model/json.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/act.hpp"
#include "backup/backup_fixture.hpp"

namespace atp {
namespace {

using test::error_kind;
using testing::HasSubstr;

class Approvals : public test::BackupFixture {
 protected:
  using Days = std::chrono::days;

  void SetUp() override {
    for (const auto& [name, roles] :
         std::vector<std::pair<std::string, std::vector<std::string>>>{{"alice", {"dpo", "owner"}},
                                                                       {"bob", {"owner"}},
                                                                       {"carol", {"dpo"}},
                                                                       {"dave", {"operator"}}}) {
      add_key(name);
      trust_change_.approvers.push_back({name, roles});
    }
    add_key("bob.second", "bob");
    trust_change_.rules = {{"halt.resolve", 2, {"dpo", "owner"}}};
    write_trust();
    seal("a.jsonl", "a");
    backup();
    halt();
  }

  void halt() {
    vault_->catalog().halt({.tenant = tenant_,
                            .halted_at = clock_->now(),
                            .subject = "ledger/acme/0/entries/1",
                            .message = "was changed"});
  }

  void add_key(const std::string& key, std::string person = "") {
    test::SequenceRandom random(signers_.size() + 50);
    signers_[key] = signer_from_pem(generate_ed25519_pem(random));
    person_of_[key] = person.empty() ? key : person;
  }

  /// The trust policy with the approvers, as it now is.
  void write_trust() {
    change_trust([&](TrustPolicy& policy) {
      std::erase_if(policy.keys,
                    [](const TrustedKey& key) { return key.role == KeyRole::approver; });
      for (const auto& [key, signer] : signers_) {
        policy.keys.push_back(
            {signer->public_key(), KeyRole::approver, {}, ends_[key], person_of_[key]});
      }
      policy.approvals = trust_change_;
    });
  }

  Plan plan() { return plan_resolution(*vault_, tenant_, std::nullopt); }
  std::string request(const std::string& by = "dave", Days days = Days(7)) {
    return request_approval(*vault_, plan(), *signers_.at(by), clock_->now() + days);
  }
  std::string approval(const std::string& request, const std::string& by, const std::string& role) {
    return approve(request, vault_->trust(), *signers_.at(by), role, clock_->now(), random_);
  }
  ApprovalDocuments good() {
    ApprovalDocuments documents{.request = request()};
    documents.approvals = {approval(documents.request, "alice", "dpo"),
                           approval(documents.request, "bob", "owner")};
    return documents;
  }
  DualApproval check(const ApprovalDocuments& documents) {
    Ledger ledger = Ledger::load(vault_->store(), vault_->trust(), tenant_);
    return check_approvals(plan(), documents, vault_->trust(), ledger, clock_->now());
  }
  std::string refusal(const std::function<void()>& act) {
    try {
      act();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::not_approved) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "was approved";
    return "";
  }
  std::string refused(const ApprovalDocuments& documents) {
    return refusal([&] { check(documents); });
  }

  /// The document with members changed, signed anew by the same person.
  std::string forged(const std::string& document, const std::string& by,
                     const std::function<void(Json::Object&)>& change) {
    Json json = parse_json(document);
    json.as_object().erase("signature");
    change(json.as_object());
    const Bytes signature = signers_.at(by)->sign(as_bytes(json.str()));
    json.as_object().insert_or_assign("signature", to_base64(signature));
    return json.str();
  }

  static ApprovedBy check_by(const ApprovalDocuments& documents) {
    ApprovedBy by{.request = sha256(as_bytes(documents.request))};
    for (const std::string& each : documents.approvals)
      by.approvals.push_back(sha256(as_bytes(each)));
    return by;
  }
  static std::vector<PlanStep> parse_steps(const std::string& request) {
    std::vector<PlanStep> steps;
    const Json json = parse_json(request);
    for (const Json& step : json.as_object().at("plan").as_array()) {
      steps.push_back(
          {step.as_object().at("name").as_string(), step.as_object().at("value").as_string()});
    }
    return steps;
  }

  const TenantId tenant_{"acme"};
  std::map<std::string, std::shared_ptr<const Signer>> signers_;
  std::map<std::string, std::string> person_of_;
  std::map<std::string, std::optional<Time>> ends_;
  ApprovalPolicy trust_change_;
  test::SequenceRandom random_{31};
};

TEST_F(Approvals, TwoPersonsInTheRolesAskedForApprove) {
  const DualApproval approval = check(good());
  EXPECT_EQ(approval.requester(), "dave");
  EXPECT_EQ(approval.approvers(), (std::vector<std::string>{"alice", "bob"}));
  EXPECT_EQ(approval.plan(), plan());
}

TEST_F(Approvals, WithoutThemTheActIsRefused) {
  EXPECT_THAT(refusal([&] { resolve_halt(*vault_, tenant_, {}, {}, {}); }), HasSubstr("approvals"));
  EXPECT_TRUE(find_halt(*vault_, tenant_));
  resolve_halt(*vault_, tenant_, {}, check(good()), {});
  EXPECT_FALSE(find_halt(*vault_, tenant_));
}

TEST_F(Approvals, TheLedgerNamesThemAndTheVaultKeepsThemSealed) {
  const ApprovalDocuments documents = good();
  resolve_halt(*vault_, tenant_, {}, check(documents), {});
  Ledger ledger = Ledger::load(vault_->store(), vault_->trust(), tenant_);
  const auto& named = ledger.entries().back().statement.approved_by;
  ASSERT_TRUE(named);
  EXPECT_EQ(*named, check_by(documents));
  const KeyEpochs epochs = read_key_epochs(vault_->store(), &vault_->trust(), tenant_);
  const auto identities = open_key_epochs(vault_->store(), epochs, vault_->keys().identities);
  for (const std::string& document :
       {documents.request, documents.approvals[0], documents.approvals[1]}) {
    const auto stored =
        list_keys(vault_->store(), layout::documents(tenant_, sha256(as_bytes(document))), "", 2);
    ASSERT_EQ(stored.keys.size(), 1U);
    const std::string& key = stored.keys.front();
    const Bytes sealed = get_object(vault_->store(), key, kDocumentLimit);
    EXPECT_EQ(as_text(sealed).find("alice"), std::string::npos);
    EXPECT_EQ(age::decrypt(sealed, identities).text(), document);
    EXPECT_GT(vault_->store().stat(key)->immutability.retain_until, clock_->now() + Days(365 * 7));
  }
}

TEST_F(Approvals, T066_TheRequesterDoesNotCount) {
  const std::string by_alice = request("alice");
  EXPECT_THAT(refusal([&] { approval(by_alice, "alice", "dpo"); }), HasSubstr("asked for it"));
  const std::string forged_by_alice =
      forged(approval(by_alice, "carol", "dpo"), "alice", [&](Json::Object& json) {
        json.insert_or_assign("keyId", signers_.at("alice")->public_key().id());
      });
  EXPECT_THAT(refused({by_alice, {forged_by_alice, approval(by_alice, "bob", "owner")}}),
              HasSubstr("asked for it"));
}

TEST_F(Approvals, T066_OnePersonWithTwoKeysCountsOnce) {
  trust_change_.rules = {{"halt.resolve", 2, {"owner"}}};
  write_trust();
  const std::string made = request();
  EXPECT_THAT(
      refused({made, {approval(made, "bob", "owner"), approval(made, "bob.second", "owner")}}),
      HasSubstr("bob has approved it already"));
  EXPECT_THAT(refused({made, {approval(made, "bob", "owner"), approval(made, "bob", "owner")}}),
              HasSubstr("already"));
  const std::string once = approval(made, "bob", "owner");
  EXPECT_THAT(refused({made, {once, once}}), HasSubstr("already"));
}

TEST_F(Approvals, T066_TwoKeysOfTheRequesterAreTheRequester) {
  const std::string made = request("bob");
  EXPECT_THAT(refusal([&] { approval(made, "bob.second", "owner"); }), HasSubstr("asked for it"));
}

TEST_F(Approvals, EveryRoleMustBeAmongThem) {
  const std::string made = request();
  EXPECT_THAT(refused({made, {approval(made, "alice", "dpo"), approval(made, "carol", "dpo")}}),
              HasSubstr("in the role owner"));
  EXPECT_THAT(refused({made, {approval(made, "alice", "dpo")}}), HasSubstr("needs 2 persons"));
  EXPECT_THAT(refused({made, {}}), HasSubstr("needs 2 persons"));
  EXPECT_THAT(refusal([&] { approval(made, "bob", "dpo"); }), HasSubstr("does not have the role"));
  EXPECT_THAT(refusal([&] { approval(made, "dave", "operator"); }), HasSubstr("asked for it"));
  const std::string by_alice = request("alice");
  EXPECT_THAT(refusal([&] { approval(by_alice, "dave", "operator"); }),
              HasSubstr("does not ask for the role"));
}

TEST_F(Approvals, T065_OnlySignaturesByTheirOwnKeysCount) {
  const ApprovalDocuments documents = good();
  Json json = parse_json(documents.approvals[1]);
  json.as_object().insert_or_assign("keyId", signers_.at("alice")->public_key().id());
  EXPECT_EQ(error_kind([&] {
              check({documents.request, {documents.approvals[0], json.str()}});
            }),
            ErrorKind::untrusted);
  test::SequenceRandom random(999);
  const auto stranger = signer_from_pem(generate_ed25519_pem(random));
  EXPECT_THAT(refusal([&] {
                approve(documents.request, vault_->trust(), *stranger, "owner", clock_->now(),
                        random);
              }),
              HasSubstr("no approver's"));
  const Signer& servers = vault_->signers().current();  // The vault's own key is nobody's.
  EXPECT_THAT(refusal([&] {
                approve(documents.request, vault_->trust(), servers, "owner", clock_->now(),
                        random);
              }),
              HasSubstr("no approver's"));
  EXPECT_EQ(
      error_kind([&] { request_approval(*vault_, plan(), servers, clock_->now() + Days(1)); }),
      ErrorKind::unauthenticated);
}

TEST_F(Approvals, T067_EachMemberIsBound) {
  const ApprovalDocuments documents = good();
  const std::map<std::string, Json> changes{{"action", "purge"},
                                            {"subjectId", "acme-corp"},
                                            {"planSha256", std::string(64, '0')},
                                            {"requestSha256", std::string(64, '0')},
                                            {"ledgerSize", 99},
                                            {"expiresAt", format_time(clock_->now() + Days(8))}};
  for (const auto& [name, value] : changes) {
    const std::string changed = forged(documents.approvals[1], "bob",
                                       [&, &name = name, &value = value](Json::Object& json) {
                                         json.insert_or_assign(name, value);
                                       });
    EXPECT_THAT(refused({documents.request, {documents.approvals[0], changed}}), HasSubstr("stale"))
        << name;
  }
  for (const auto& [name, value] : Json::Object(parse_json(documents.approvals[1]).as_object())) {
    Json json = parse_json(documents.approvals[1]);
    json.as_object().erase(name);
    EXPECT_NE(error_kind([&] {
                check({documents.request, {documents.approvals[0], json.str()}});
              }),
              std::nullopt)
        << name;
  }
}

TEST_F(Approvals, T067_ARequestOfAnotherPlanIsStale) {
  const std::string made = request();
  for (const char* name : {"action", "subjectId", "ledgerSize"}) {
    const std::string changed = forged(made, "dave", [&](Json::Object& json) {
      json.insert_or_assign(name, std::string(name) == "ledgerSize" ? Json(77) : Json("other"));
    });
    EXPECT_THAT(refused({changed, {}}), HasSubstr("stale")) << name;
  }
  const std::string other_steps = forged(made, "dave", [](Json::Object& json) {
    json.at("plan").as_array().at(1).as_object().insert_or_assign("value",
                                                                  "ledger/acme/0/entries/2");
  });
  EXPECT_THAT(refused({other_steps, {}}), HasSubstr("stale"));
  const std::string fewer =
      forged(made, "dave", [](Json::Object& json) { json.at("plan").as_array().pop_back(); });
  EXPECT_THAT(refused({fewer, {}}), HasSubstr("stale"));
}

TEST_F(Approvals, T067_WhatChangedAfterwardsMakesThemStale) {
  const ApprovalDocuments documents = good();
  vault_->catalog().lift_halt(tenant_);
  vault_->catalog().halt({.tenant = tenant_,
                          .halted_at = clock_->now() + std::chrono::seconds(1),
                          .subject = "ledger/acme/0/entries/1",
                          .message = "was changed"});
  EXPECT_THAT(refused(documents), HasSubstr("stale"));
}

TEST_F(Approvals, T067_TheyAreGoodOnce) {
  const ApprovalDocuments documents = good();
  HaltRow halt = *find_halt(*vault_, tenant_);
  resolve_halt(*vault_, tenant_, {}, check(documents), {});
  halt.halted_at += std::chrono::seconds(1);
  vault_->catalog().halt(halt);
  EXPECT_THAT(refused(documents), HasSubstr("stale"));  // The ledger has grown.
  // Even where nothing else has changed:
  const Plan same{.action = "halt.resolve",
                  .tenant = tenant_,
                  .subject_id = "acme",
                  .steps = parse_steps(documents.request),
                  .ledger_size = 2};
  EXPECT_THAT(refusal([&] {
                Ledger ledger = Ledger::load(vault_->store(), vault_->trust(), tenant_);
                check_approvals(same, documents, vault_->trust(), ledger, clock_->now());
              }),
              HasSubstr("good for one act"));
}

/// Whoever can sign may date an entry back: what was used is looked for by index, not by time.
TEST_F(Approvals, T067_AreUsedUpThoughALaterEntryIsDatedBack) {
  const ApprovalDocuments documents = good();
  resolve_halt(*vault_, tenant_, {}, check(documents), {});
  OpenTenant tenant(*vault_, tenant_);
  Statement dated_back{.header = vault_->new_header(tenant_), .index = 0, .action = "checked"};
  dated_back.header.created_at -= std::chrono::days(10);
  append_statement(tenant, dated_back, clock_->now() + std::chrono::days(1));
  tenant.record_progress();
  OpenTenant again(*vault_, tenant_);
  ASSERT_GT(again.ledger().first(), 0U);
  const Plan same{.action = "halt.resolve",
                  .tenant = tenant_,
                  .subject_id = "acme",
                  .steps = parse_steps(documents.request),
                  .ledger_size = 2};
  EXPECT_THAT(refusal([&] {
                check_approvals(same, documents, vault_->trust(), again.ledger(), clock_->now());
              }),
              HasSubstr("good for one act"));
}

TEST_F(Approvals, T067_OfAnotherTenantOrVaultTheyAreNothing) {
  const ApprovalDocuments documents = good();
  seal("b.jsonl", "b");
  backup(options("other"));
  vault_->catalog().halt({.tenant = TenantId("other"),
                          .halted_at = clock_->now(),
                          .subject = "ledger/other/0/entries/1",
                          .message = "was changed"});
  const Plan other = plan_resolution(*vault_, TenantId("other"), std::nullopt);
  Ledger ledger = Ledger::load(vault_->store(), vault_->trust(), TenantId("other"));
  EXPECT_NE(error_kind(
                [&] { check_approvals(other, documents, vault_->trust(), ledger, clock_->now()); }),
            std::nullopt);
  TrustPolicy elsewhere = vault_->trust();
  elsewhere.vault_id = std::string(32, 'b');
  EXPECT_NE(error_kind([&] { check_request(documents.request, elsewhere, clock_->now()); }),
            std::nullopt);
}

TEST_F(Approvals, T067_TheyEnd) {
  const ApprovalDocuments documents = good();
  clock_->advance(Days(7));
  EXPECT_THAT(refused(documents), HasSubstr("good until"));
  EXPECT_THAT(refusal([&] { approval(documents.request, "carol", "dpo"); }),
              HasSubstr("good until"));
  EXPECT_EQ(error_kind([&] { request("dave", Days(31)); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { request("dave", Days(0)); }), ErrorKind::invalid_argument);
}

TEST_F(Approvals, WhatIsYetToBeMadeDoesNotCount) {
  clock_->advance(std::chrono::hours(1));
  const ApprovalDocuments documents = good();
  clock_->advance(-std::chrono::minutes(30));
  EXPECT_THAT(refused(documents), HasSubstr("yet to come"));
}

TEST_F(Approvals, AClockBeforeTheLedgersLastEntryIsNotBelieved) {
  const ApprovalDocuments documents = good();
  clock_->advance(-std::chrono::hours(1));
  EXPECT_EQ(error_kind([&] { check(documents); }), ErrorKind::clock_untrusted);
}

TEST_F(Approvals, T068_WhoIsNoApproverAnyMoreDoesNotCount) {
  const ApprovalDocuments documents = good();
  ends_["bob"] = clock_->now() + std::chrono::hours(1);
  write_trust();
  check(documents);
  const DualApproval approval = check(documents);
  clock_->advance(std::chrono::hours(1));
  EXPECT_THAT(refused(documents), HasSubstr("no approver's now"));
  EXPECT_THAT(refusal([&] { resolve_halt(*vault_, tenant_, {}, approval, {}); }),
              HasSubstr("no approver's now"));
  EXPECT_TRUE(find_halt(*vault_, tenant_));
}

TEST_F(Approvals, T068_ARoleThatWasTakenAwayDoesNotCount) {
  const ApprovalDocuments documents = good();
  trust_change_.approvers[1].roles = {"operator"};
  write_trust();
  EXPECT_THAT(refused(documents), HasSubstr("does not have the role"));
}

TEST_F(Approvals, T068_ARuleThatWasRaisedHolds) {
  const ApprovalDocuments documents = good();
  trust_change_.rules[0].threshold = 3;
  write_trust();
  EXPECT_THAT(refused(documents), HasSubstr("needs 3 persons"));
}

TEST_F(Approvals, AnActWithoutARuleNeedsNone) {
  trust_change_.rules.clear();
  write_trust();
  EXPECT_EQ(error_kind([&] { request(); }), ErrorKind::invalid_argument);
  resolve_halt(*vault_, tenant_, {}, {}, {});
}

/// A ledger of version 1 is summed up by the act itself: that makes no approval stale.
TEST_F(Approvals, OutliveTheSummaryOfAnOldLedger) {
  make_ledger_old(tenant_);
  halt();
  const ApprovalDocuments documents = good();
  resolve_halt(*vault_, tenant_, std::nullopt, check(documents), {});
  Ledger ledger = Ledger::load(vault_->store(), vault_->trust(), tenant_);
  const auto& entries = ledger.entries();
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[2].statement.action, "ledger.summed_up");
  EXPECT_EQ(entries[3].statement.action, "halt.resolved");
  clock_->advance(std::chrono::hours(1));
  halt();
  EXPECT_THAT(refused(documents), testing::AnyOf(HasSubstr("stale"), HasSubstr("was used by")));
}

}  // namespace
}  // namespace atp
