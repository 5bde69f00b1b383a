// SPDX-License-Identifier: Apache-2.0
/// What a vault asks of outsiders, and what it makes of their answers. Real services are asked in
/// the tests of the command.
#include "atp/vault/anchor.hpp"

#include <gmock/gmock.h>

#include <map>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/ledger/witness.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/points.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "backup/backup_fixture.hpp"
#include "crypto/timestamp_authority.hpp"
#include "support/fake_http_client.hpp"

namespace atp {
namespace {

using test::error_kind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AnchorTest : public test::BackupFixture {
 protected:
  AnchorTest() {
    environment_.http = std::make_shared<test::FakeHttpClient>(
        [this](const std::string& url, const HttpRequest& request) {
          return answer_(url, request);
        });
    seal("a.jsonl", "a");
  }

  void require_timestamps(bool required) {
    change_trust([&](TrustPolicy& policy) {
      policy.timestamps = TimestampPolicy{.required = required,
                                          .authorities = {authority().authority()},
                                          .addresses = {{"local", "http://tsa.example/"}}};
    });
  }
  void ask_witness() {
    change_trust([&](TrustPolicy& policy) {
      policy.keys.push_back({witness_signer_->public_key(), KeyRole::witness, {}, {}, "w1"});
      policy.witnesses = WitnessPolicy{.threshold = 1, .addresses = {{"w1", "http://w1.example"}}};
    });
    witness_ = std::make_unique<Witness>(disk_, clock_, environment_.random,
                                         WitnessOptions{.folder = "/witness",
                                                        .name = "w1",
                                                        .signer = witness_signer_,
                                                        .logs = {vault_->trust()}});
    answer_ = [this](const std::string&, const HttpRequest& request) {
      const WitnessReply reply = witness_->add_checkpoint(request.body);
      return HttpResponse{reply.status, {{"Content-Type", reply.content_type}}, reply.body};
    };
  }
  static const test::OpensslAuthority& authority() {
    static const test::OpensslAuthority made;
    return made;
  }
  static HttpResponse stamped(ByteView query) {
    const Bytes reply = authority().reply_to(query, {.signer = "tsa", .certificates = "ca"});
    return {200, {{"Content-Type", "application/timestamp-reply"}}, std::string(as_text(reply))};
  }
  static test::FakeHttpClient::Answer always(int status, const std::string& type,
                                             const std::string& body) {
    return [=](const std::string&, const HttpRequest&) {
      return HttpResponse{status, {{"Content-Type", type}}, body};
    };
  }
  std::string pending(const Anchors& anchors) {
    EXPECT_FALSE(anchors.pending.empty());
    return anchors.pending.empty() ? "" : anchors.pending.front().problem;
  }
  std::vector<std::string> failures_of_audit() {
    std::vector<std::string> failures;
    const auto audit = audit_ledger(vault_->store(), TenantId("acme"), vault_->trust(), {});
    for (const Check& check : audit.report.failures()) {
      failures.push_back(check.name + " " + check.subject);
    }
    return failures;
  }
  Anchors anchor() {
    OpenTenant tenant(*vault_, TenantId("acme"));
    return anchor_ledger(tenant);
  }

  test::FakeHttpClient::Answer answer_ = [](const std::string&,
                                            const HttpRequest&) -> HttpResponse {
    throw Error(ErrorKind::unavailable, "http://example", "no answer", Error::Retry::temporary);
  };
  test::SequenceRandom witness_random_{71};
  const std::shared_ptr<const Signer> witness_signer_ =
      signer_from_pem(generate_ed25519_pem(witness_random_));
  std::unique_ptr<Witness> witness_;
};

TEST_F(AnchorTest, T051_ARequiredTimeStampThatIsNotToBeHadCompletesNothing) {
  require_timestamps(true);
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::unavailable);
  EXPECT_TRUE(keys("recovery-points/").empty());
  EXPECT_TRUE(keys("ledger/").empty());
  answer_ = always(200, "text/html", "<html>");
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::unavailable);
  answer_ = always(200, "application/timestamp-reply", "no reply");
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::unavailable);
  require_timestamps(false);
  EXPECT_EQ(backup().status, BackupStatus::completed);
}

TEST_F(AnchorTest, T051_AnOptionalOneIsPendingAndNeverSilentlyAbsent) {
  require_timestamps(false);
  const BackupResult result = backup();
  EXPECT_EQ(result.status, BackupStatus::completed);
  EXPECT_EQ(result.anchors.pending.size(), 2U);
  EXPECT_TRUE(result.anchors.complete);
  const Report report = verify(result.recovery_point_id);
  EXPECT_TRUE(report.passed());
  const auto check = std::ranges::find(report.checks, "point.timestamp", &Check::name);
  ASSERT_NE(check, report.checks.end());
  EXPECT_EQ(check->state, CheckState::attested);
}

TEST_F(AnchorTest, T050_OnlyTheAnswerToTheVerySameRequestIsStored) {
  require_timestamps(false);
  clock_->set(SystemClock().now());
  std::optional<std::string> first;
  answer_ = [&](const std::string&, const HttpRequest& request) {
    if (!first) first = request.body;
    return stamped(as_bytes(*first));
  };
  const BackupResult result = backup();
  EXPECT_EQ(result.anchors.timestamps_added, 1U);
  EXPECT_THAT(pending(result.anchors), HasSubstr("wrong_imprint"));
  answer_ = [&](const std::string&, const HttpRequest& request) {
    return stamped(as_bytes(request.body));
  };
  clock_->advance(-std::chrono::hours(1));
  EXPECT_THAT(pending(anchor()), HasSubstr("future"));
  clock_->advance(std::chrono::hours(2));
  EXPECT_EQ(anchor().timestamps_added, 1U);
  EXPECT_TRUE(anchor().pending.empty());
}

TEST_F(AnchorTest, T050_AStoredOneThatDoesNotHoldFailsTheVerification) {
  require_timestamps(false);
  const BackupResult result = backup();
  OpenTenant tenant(*vault_, TenantId("acme"));
  const Digest digest = newest_point(tenant)->sha256;
  put_object(vault_->store(), layout::timestamp(TenantId("acme"), digest, "0"), as_bytes("garbage"),
             {});
  const Report report = verify(result.recovery_point_id);
  EXPECT_EQ(report.exit_code(), 22);
}

TEST_F(AnchorTest, WithoutAClientForHttpServicesArePending) {
  ask_witness();
  environment_.http.reset();
  reopen();
  EXPECT_THAT(pending(backup().anchors), HasSubstr("client for HTTP"));
}

TEST_F(AnchorTest, AWitnessIsAskedOnceForEachCheckpoint) {
  ask_witness();
  EXPECT_TRUE(backup().anchors.complete);
  const auto& client = static_cast<const test::FakeHttpClient&>(*environment_.http);
  EXPECT_EQ(client.sent().size(), 1U);
  EXPECT_EQ(client.sent()[0].first, "http://w1.example/add-checkpoint");
  anchor();
  EXPECT_EQ(client.sent().size(), 1U);
  clock_->advance(std::chrono::hours(1));
  EXPECT_TRUE(backup().anchors.complete);
  EXPECT_EQ(client.sent().size(), 2U);  // It goes on from what it had cosigned.
}

TEST_F(AnchorTest, T046_AWitnessThatKnowsMoreOrAnotherExposesIt) {
  ask_witness();
  backup();
  clock_->advance(std::chrono::hours(1));
  answer_ = always(409, "text/x.tlog.size", "99\n");
  EXPECT_THAT(pending(backup().anchors), HasSubstr("its tail was cut off"));
  answer_ = always(409, "text/x.tlog.size", "3\n");
  EXPECT_THAT(pending(anchor()), HasSubstr("the ledger has forked"));
}

/// Nobody else misses an old checkpoint: the tree shows what it showed.
TEST_F(AnchorTest, T051_ACheckpointThatAWitnessCosignedAndThatIsGoneFailsTheAudit) {
  ask_witness();
  for (const char* name : {"b.jsonl", "c.jsonl", "d.jsonl"}) {
    backup();
    seal(name, name);
  }
  EXPECT_THAT(failures_of_audit(), IsEmpty());
  const std::string key = keys("ledger/acme/0/checkpoints/").at(1);
  disk_->remove(Path("/vault/store") / key);
  EXPECT_THAT(failures_of_audit(), ElementsAre("ledger.checkpoint " + key));
}

/// With the newest point gone, too, nothing else tells of the tail.
TEST_F(AnchorTest, T052_ACosignatureBeyondTheEndOfTheLedgerIsSaid) {
  ask_witness();
  backup();
  seal("b.jsonl", "b");
  backup();
  std::map<std::string, Bytes> cut;
  for (const std::string& key :
       {keys("ledger/acme/0/entries/").back(), keys("ledger/acme/0/checkpoints/").back(),
        keys("recovery-points/acme/").back()}) {
    const Path path = Path("/vault/store") / key;
    cut.emplace(path.string(), read_file(*disk_, path, 1 << 20));
    disk_->remove(path);
  }
  const auto audit = audit_ledger(vault_->store(), TenantId("acme"), vault_->trust(), {});
  EXPECT_EQ(audit.report.verdict(), CheckState::not_checked);
  for (const auto& [path, bytes] : cut) {
    disk_->open(path, OpenMode::create_new)->write_at(0, bytes);
  }
  EXPECT_THAT(failures_of_audit(), IsEmpty());
}

TEST_F(AnchorTest, T051_AnObjectThatWasStampedAndThatIsGoneFailsTheAudit) {
  require_timestamps(false);
  clock_->set(SystemClock().now());
  seal("now.jsonl", "now");
  answer_ = [&](const std::string&, const HttpRequest& request) {
    return stamped(as_bytes(request.body));
  };
  backup();
  seal("later.jsonl", "later");
  backup();
  EXPECT_THAT(failures_of_audit(), IsEmpty());
  const std::string key = keys("ledger/acme/0/checkpoints/").front();
  const Digest digest = sha256(read_file(*disk_, Path("/vault/store") / key, 1 << 20));
  disk_->remove(Path("/vault/store") / key);
  EXPECT_THAT(failures_of_audit(),
              ElementsAre("ledger.document " + layout::timestamps(TenantId("acme"), digest)));
}

/// A proof for a witness reads the whole ledger: its damage is the tenant's, and no word of theirs.
TEST_F(AnchorTest, DamageOfTheLedgerIsNotLaidAtAWitnesssDoor) {
  ask_witness();
  backup();
  const Path old = Path("/vault/store") / layout::ledger_entry(TenantId("acme"), 0, 0);
  const Bytes entry = read_file(*disk_, old, 1 << 20);
  disk_->remove(old);
  disk_->open(old, OpenMode::create_new)->write_at(0, as_bytes("{}"));
  seal("b.jsonl", "b");
  BackupOptions asked = options();
  asked.scrub.operations = 0;
  const Anchors anchors = backup(asked).anchors;
  ASSERT_EQ(anchors.pending.size(), 1U);
  EXPECT_EQ(anchors.pending.front().service, "");
  EXPECT_FALSE(anchors.pending.front().contradicts);
  EXPECT_FALSE(anchors.complete);
  disk_->remove(old);
  disk_->open(old, OpenMode::create_new)->write_at(0, entry);
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::precondition_failed) << "it is halted";
}

TEST_F(AnchorTest, WhatAWitnessAnswersIsNotBelieved) {
  ask_witness();
  backup();
  test::SequenceRandom random(5);
  const auto other = signer_from_pem(generate_ed25519_pem(random));
  const auto answers = std::vector<std::pair<test::FakeHttpClient::Answer, std::string>>{
      {always(200, "text/plain", ""), "without a cosignature"},
      {always(200, "text/plain", std::string(1 << 20, 'x')), "without a cosignature"},
      {always(409, "text/html", "2\n"), "status 409"},
      {always(409, "text/x.tlog.size", "-1\n"), "status 409"},
      {always(409, "text/x.tlog.size", "99999999999999999999999\n"), "status 409"},
      {always(409, "text/x.tlog.size", ""), "status 409"},
      {always(500, "text/plain", "\x1b[31mred"), "status 500:  [31mred"},
      {always(302, "text/plain", ""), "status 302"},
      {[&](const std::string&, const HttpRequest& request) {
         const std::string note = parse_witness_request(request.body)->note;
         return HttpResponse{200, {}, cosign_checkpoint(note, "w1", *other, clock_->now())};
       },
       "without a cosignature"},
      {[&](const std::string&, const HttpRequest& request) {
         const std::string note = parse_witness_request(request.body)->note;
         return HttpResponse{
             200, {}, cosign_checkpoint(note, "w2", *witness_signer_, clock_->now())};
       },
       "without a cosignature"}};
  backup();  // A checkpoint that is not cosigned yet:
  for (const auto& [answer, problem] : answers) {
    answer_ = answer;
    seal("more.jsonl", "more");
    const Anchors anchors = backup().anchors;
    EXPECT_THAT(pending(anchors), HasSubstr(problem));
    EXPECT_FALSE(anchors.complete);
    EXPECT_TRUE(anchors.cosignatures.empty());
  }
}

TEST_F(AnchorTest, AStopEndsTheAsking) {
  ask_witness();
  backup();
  std::stop_source stop;
  stop.request_stop();
  seal("b.jsonl", "b");
  answer_ = [&](const std::string&, const HttpRequest&) -> HttpResponse {
    throw Error(ErrorKind::cancelled, "", "stopped");
  };
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::cancelled);
  answer_ = always(500, "", "");
  EXPECT_EQ(backup().status, BackupStatus::unchanged);  // What was done is done.
}

}  // namespace
}  // namespace atp
