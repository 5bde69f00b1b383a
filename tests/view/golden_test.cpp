// SPDX-License-Identifier: Apache-2.0
/// Each result as JSON, to the byte: scripts and other languages read it.
#include <gtest/gtest.h>

#include "atp/crypto/sha256.hpp"
#include "atp/vault/vault_folder.hpp"
#include "atp/view/checks.hpp"
#include "atp/view/exports.hpp"
#include "atp/view/ledgers.hpp"
#include "atp/view/points.hpp"
#include "atp/view/text.hpp"
#include "atp/view/vaults.hpp"

namespace atp {
namespace {

const Digest kDigest = sha256(as_bytes("abc"));
const std::string kHex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string kId = "rp-1";
const Time kTime = *parse_time("2026-01-02T03:04:05.5Z");
const std::string kTimeText = R"("2026-01-02T03:04:05.500000000Z")";
const Checkpoint kCheckpoint{.origin = "d/t/0", .size = 7, .root = kDigest};
const std::string kCheckpointText = R"({"origin":"d/t/0","root":")" + kHex + R"(","size":7})";

DocumentHeader header() {
  return {.vault_id = "v", .tenant = TenantId("t"), .nonce = "n", .created_at = kTime};
}

Check failed_check() {
  Check check;
  check.name = "package.frame";
  check.state = CheckState::failed;
  check.subject = "a/b";
  check.stream = "s";
  check.segment = "x\xff";
  check.frame = 2;
  check.records = RecordRange{3, 5};
  check.expected = "e";
  check.found = "f";
  return check;
}
const std::string kFailedText =
    R"({"expected":"e","found":"f","frame":2,"name":"package.frame","records":{"first":3,"last":5},)"
    R"("segment":"x=FF","state":"failed","stream":"s","subject":"a/b"})";

Check open_check() {
  Check check;
  check.name = "documents";
  check.state = CheckState::not_checked;
  return check;
}
const std::string kOpenText =
    R"({"expected":"","found":"","frame":null,"name":"documents","records":null,)"
    R"("segment":null,"state":"not_checked","stream":null,"subject":""})";

Report report() { return {kId, {failed_check(), open_check()}}; }
const std::string kChecksText = "[" + kFailedText + "," + kOpenText + "]";

std::string text(Json json) { return json.str(); }

TEST(JsonText, IsTheTextItselfWhereItIsUtf8) { EXPECT_EQ(json_text("Zoë\n=41"), "Zoë\n=41"); }

TEST(JsonText, EscapesEachByteThatIsNoPrintableAsciiWhereTheTextIsNoUtf8) {
  EXPECT_EQ(json_text("a\xff\n\x7fz"), "a=FF=0A=7Fz");
  EXPECT_EQ(json_text("ë\xff"), "=C3=AB=FF");
}

TEST(JsonText, EscapesDeleteWhichJqPrintsOtherwise) { EXPECT_EQ(json_text("a\x7f"), "a=7F"); }

TEST(GoldenJson, OfAnError) {
  EXPECT_EQ(text(to_json(Error(ErrorKind::not_found, "a\xff", "is not there"))),
            R"({"kind":"not_found","message":"is not there","subject":"a=FF"})");
}

TEST(GoldenJson, OfChecksAndReports) {
  EXPECT_EQ(text(to_json(failed_check())), kFailedText);
  EXPECT_EQ(text(to_json(report().checks)), kChecksText);
  EXPECT_EQ(text(to_json(report())),
            R"({"checks":)" + kChecksText + R"(,"recoveryPointId":"rp-1","verdict":"failed"})");
}

TEST(GoldenJson, OfABackup) {
  const BackupResult result{.recovery_point_id = kId,
                            .tenant = TenantId("t"),
                            .region = Region("eu"),
                            .backup_type = BackupType::incremental,
                            .status = BackupStatus::alarm,
                            .segments_new = 1,
                            .segments_unchanged = 2,
                            .records = 3,
                            .bytes = 4,
                            .stored_bytes = 5,
                            .merkle_root = kDigest,
                            .skipped = {{.name = "n\xff", .reason = "empty", .detail = "d"}},
                            .alarms = {{.stream = StreamId("s"),
                                        .segment = SegmentId("x"),
                                        .sequence = 6,
                                        .found_bytes = 7,
                                        .found_changed_at = kTime}},
                            .scrub = {.entries_since = kTime,
                                      .packages_since = kTime,
                                      .dates_since = kTime,
                                      .overdue = true,
                                      .halted = true,
                                      .damaged = {{Problem::Kind::integrity, "k", "e", "f"}},
                                      .regrown = {"r"},
                                      .trouble = "t"},
                            .clock_warning = "c",
                            .kept = KeptSegments{kTime, kTime, 1, kTime},
                            .gone = {"s/y"}};
  EXPECT_EQ(
      text(to_json(result)),
      R"({"alarms":[{"foundBytes":7,"foundChangedAt":)" + kTimeText +
          R"(,"segment":"x","sequence":6,"stream":"s"}],"anchors":{"checkpoint":null,)"
          R"("complete":true,"cosignatures":[],"pending":[],"timestampsAdded":0},)"
          R"("backupType":"incremental","bytes":4,"clockWarning":"c","gone":["s/y"],"kept":{"first":)" +
          kTimeText + R"(,"firstOverdue":)" + kTimeText + R"(,"last":)" + kTimeText +
          R"(,"overdue":1},"merkleRoot":")" + kHex +
          R"(","records":3,"recoveryPointId":"rp-1","region":"eu","scrub":{"damaged":)"
          R"([{"expected":"e","found":"f","subject":"k"}],"datesSince":)" +
          kTimeText + R"(,"entriesSince":)" + kTimeText +
          R"(,"halted":true,"overdue":true,"packagesSince":)" + kTimeText +
          R"(,"regrown":["r"],"trouble":"t"},"segmentsNew":1,)"
          R"("segmentsUnchanged":2,"skipped":[{"detail":"d","name":"n=FF","reason":"empty"}],)"
          R"("status":"alarm","storedBytes":5,"tenantId":"t"})");
}

TEST(GoldenJson, OfPlans) {
  const BackupPlan backup{.backup_type = BackupType::full,
                          .to_read = {"a.jsonl"},
                          .bytes_to_read = 8,
                          .segments_unchanged = 1};
  EXPECT_EQ(text(to_json(backup)),
            R"({"backupType":"full","bytesToRead":8,"segmentsUnchanged":1,"skipped":[],)"
            R"("toRead":["a.jsonl"]})");
  EXPECT_EQ(
      text(to_json(RestorePlan{{{"s/a", 1, 10}, {"s/b", 2, 20}}})),
      R"({"bytes":30,"segments":[{"bytes":10,"name":"s/a","records":1},{"bytes":20,"name":"s/b",)"
      R"("records":2}]})");
}

TEST(GoldenJson, OfARestore) {
  const RestoreResult result{.recovery_point_id = kId,
                             .folder = "/o\xff",
                             .segments = 1,
                             .segments_resumed = 2,
                             .records = 3,
                             .bytes = 4,
                             .report = report()};
  EXPECT_EQ(text(to_json(result)),
            R"({"bytes":4,"failures":[)" + kFailedText +
                R"(],"folder":"/o=FF","records":3,"recoveryPointId":"rp-1","segments":1,)"
                R"("segmentsResumed":2,"verdict":"failed"})");
}

const Descriptor kPackage{.name = "x",
                          .stream = StreamId("s"),
                          .sequence = 1,
                          .key = "k",
                          .sha256 = kDigest,
                          .bytes = 2,
                          .merkle_root = kDigest,
                          .records = 3};
const std::string kPackageText =
    R"({"bytes":2,"keptUntil":)" + kTimeText + R"(,"key":"k","merkleRoot":")" + kHex +
    R"(","name":"x","records":3,"sequence":1,"sha256":")" + kHex + R"(","stream":"s"})";

TEST(GoldenJson, OfARecoveryPoint) {
  const RecoveryPoint point{.header = header(),
                            .recovery_point_id = kId,
                            .region = Region("eu"),
                            .backup_type = BackupType::full,
                            .completed_at = kTime,
                            .merkle_root = kDigest,
                            .segments = 1,
                            .records = 2,
                            .bytes = 3,
                            .stored_bytes = 4,
                            .skipped = {{"n", "empty", ""}},
                            .policy_version = 1,
                            .ledger_size_seen = 0};
  EXPECT_EQ(text(to_json(point)),
            R"({"alarms":0,"backupType":"full","bytes":3,"completedAt":)" + kTimeText +
                R"(,"createdAt":)" + kTimeText + R"(,"merkleRoot":")" + kHex +
                R"(","records":2,"recoveryPointId":"rp-1","region":"eu","segments":1,"skipped":1,)"
                R"("storedBytes":4,"tenantId":"t"})");
}

TEST(GoldenJson, OfAPointThatIsShown) {
  const std::string stored = R"({"type":"recoveryPoint"})";
  EXPECT_EQ(text(point_json(stored, {{kPackage, kTime}}, true)),
            R"({"packages":[)" + kPackageText + R"(],"sha256":")" + sha256(as_bytes(stored)).hex() +
                R"(","signatureState":"verified","type":"recoveryPoint"})");
  EXPECT_EQ(point_json(stored, {}, false).at("signatureState").as_string(), "not_checked");
}

TEST(GoldenJson, OfCheckpoints) {
  EXPECT_EQ(text(to_json(kCheckpoint)), kCheckpointText);
  EXPECT_EQ(text(to_json(SignedCheckpoint{kCheckpoint, "n"})),
            R"({"note":"n","origin":"d/t/0","root":")" + kHex + R"(","size":7})");
  EXPECT_EQ(text(to_json(PublishedFiles{kCheckpoint, 9})),
            R"({"filesWritten":9,"origin":"d/t/0","root":")" + kHex + R"(","size":7})");
}

TEST(GoldenJson, OfAnchors) {
  const PendingAnchor pending{
      .service = "a", .subject = "k", .problem = "p\xff", .contradicts = true};
  const std::string pending_text =
      R"({"contradicts":true,"problem":"p=FF","service":"a","subject":"k"})";
  EXPECT_EQ(text(to_json(pending)), pending_text);
  Anchors anchors{.checkpoint = kCheckpoint, .timestamps_added = 2, .pending = {pending}};
  anchors.cosignatures.push_back({.witness = "w", .time = kTime});
  anchors.complete = false;
  EXPECT_EQ(text(to_json(anchors)), R"({"checkpoint":)" + kCheckpointText +
                                        R"(,"complete":false,"cosignatures":[{"time":)" +
                                        kTimeText + R"(,"witness":"w"}],"pending":[)" +
                                        pending_text + R"(],"timestampsAdded":2})");
}

TEST(GoldenJson, OfALedgerThatWasLookedOver) {
  EXPECT_EQ(text(to_json(LedgerAudit{report(), "d/t/0", 600, 512, 2, 3})),
            R"({"checkpoints":2,"checks":)" + kChecksText +
                R"(,"documents":3,"entries":600,"entriesFromBundles":512,"origin":"d/t/0","verdict":"failed"})");
  Consistency consistency{.report = report(), .proof = {kDigest}};
  consistency.new_checkpoint = kCheckpoint;
  EXPECT_EQ(text(to_json(consistency)), R"({"checks":)" + kChecksText +
                                            R"(,"consistencyProof":[")" + kHex + R"("],"new":)" +
                                            kCheckpointText + R"(,"old":null,"verdict":"failed"})");
  EXPECT_EQ(
      text(to_json(ClockCorrection{
          .tenant = TenantId("t"), .entries = 2, .first = 3, .last = 5, .newest = {4, kTime}})),
      R"({"entries":2,"first":3,"last":5,"newest":4,"newestAt":)" + kTimeText +
          R"(,"tenantId":"t"})");
  EXPECT_EQ(text(to_json(HaltRow{TenantId("t"), kTime, "k\xff", "m"})),
            R"({"haltedAt":)" + kTimeText + R"(,"message":"m","subject":"k=FF","tenantId":"t"})");
}

TEST(GoldenJson, OfAProof) {
  const auto record = as_bytes("{}");
  const ProvenRecord proven{.tenant = TenantId("t"),
                            .place = {{StreamId("s"), SegmentId("x")}, 4},
                            .record = Bytes(record.begin(), record.end()),
                            .recovery_point_id = kId,
                            .completed_at = kTime,
                            .entry = 5,
                            .checkpoint = kCheckpoint};
  EXPECT_EQ(place_text(proven.place), "s/x:4");
  EXPECT_EQ(text(to_json(CheckedProof{{"", {}}, proven})),
            R"({"checks":[],"proven":{"checkpoint":)" + kCheckpointText + R"(,"completedAt":)" +
                kTimeText +
                R"(,"entry":5,"record":4,"recordBase64":"e30=","recoveryPointId":"rp-1",)"
                R"("segment":"x","stream":"s","tenantId":"t"},"verdict":"not_checked"})");
  EXPECT_EQ(text(to_json(CheckedProof{report(), {}})),
            R"({"checks":)" + kChecksText + R"(,"proven":null,"verdict":"failed"})");
}

ExportManifest manifest() {
  return {.header = header(),
          .export_id = "ex-1",
          .region = Region("eu"),
          .recovery_point_id = kId,
          .records = 3,
          .files = {{"a", 10, kDigest}, {"b", 20, kDigest}}};
}
const std::string kManifestText =
    R"({"bytes":30,"createdAt":)" + kTimeText +
    R"(,"exportId":"ex-1","files":2,"records":3,"recoveryPointId":"rp-1","sha256":")" + kHex +
    R"(","tenantId":"t","timestamped":false})";

TEST(GoldenJson, OfExports) {
  const ExportResult exported{.manifest = manifest(),
                              .manifest_sha256 = kDigest,
                              .checkpoint = kCheckpoint,
                              .pending = {{.service = "a", .subject = "k", .problem = "p"}},
                              .anchors = {}};
  EXPECT_EQ(text(to_json(exported)),
            R"({"anchors":{"checkpoint":null,"complete":true,"cosignatures":[],"pending":[],)"
            R"("timestampsAdded":0},"checkpoint":)" +
                kCheckpointText + R"(,"manifest":)" + kManifestText +
                R"(,"pending":[{"problem":"p","service":"a"}]})");
  EXPECT_EQ(text(to_json(CheckedExport{{"", {}}, manifest(), kDigest, kCheckpoint})),
            R"({"checkpoint":)" + kCheckpointText + R"(,"checks":[],"manifest":)" + kManifestText +
                R"(,"verdict":"not_checked"})");
  EXPECT_EQ(
      text(to_json(CheckedExport{report(), {}, kDigest, {}})),
      R"({"checkpoint":null,"checks":)" + kChecksText + R"(,"manifest":null,"verdict":"failed"})");
  EXPECT_EQ(text(to_json(manifest().files[0])),
            R"({"bytes":10,"name":"a","sha256":")" + kHex + R"("})");
}

TEST(GoldenJson, OfApprovals) {
  const Plan plan{.action = "export",
                  .tenant = TenantId("t"),
                  .subject_id = kId,
                  .steps = {{"records", "s/x:0-\xff"}},
                  .ledger_size = 6};
  const std::string steps = R"([{"name":"records","value":"s/x:0-=FF"}])";
  EXPECT_EQ(text(export_plan_json(plan)), R"({"plan":)" + steps + R"(,"recoveryPointId":"rp-1"})");
  const CheckedRequest checked{.request = {.header = header(),
                                           .action = "export",
                                           .subject_id = kId,
                                           .plan = plan.steps,
                                           .ledger_size = 6,
                                           .expires_at = kTime},
                               .requester = "ann"};
  EXPECT_EQ(text(to_json(checked)), R"({"action":"export","expiresAt":)" + kTimeText +
                                        R"(,"ledgerSize":6,"plan":)" + steps +
                                        R"(,"requestedAt":)" + kTimeText +
                                        R"(,"requestedBy":"ann","subjectId":"rp-1",)"
                                        R"("tenantId":"t","vaultId":"v"})");
}

TEST(GoldenJson, OfAVaultAndItsKeys) {
  CreatedVault created;
  created.vault_id = "v";
  created.paths.store = "/s\xff";
  created.paths.catalog = "/c";
  created.keys.identity = "/i";
  created.keys.signing_key = "/k";
  created.keys.ledger_key = "/l";
  created.keys.trust = "/t";
  EXPECT_EQ(text(to_json(created)),
            R"({"catalog":"/c","identity":"/i","ledgerKey":"/l","signingKey":"/k",)"
            R"("store":"/s=FF","trust":"/t","vaultId":"v"})");
  RotatedKeys rotated;
  rotated.signing_key_id = "a";
  rotated.ledger_key_id = "b";
  rotated.overlap_ends = kTime;
  EXPECT_EQ(text(to_json(rotated)),
            R"({"ledgerKeyId":"b","overlapEnds":)" + kTimeText + R"(,"signingKeyId":"a"})");
}

TEST(GoldenJson, OfTheCatalog) {
  EXPECT_EQ(text(to_json(DerivedRows{})), R"({"points":0,"segments":0,"tenants":0})");
  RebuildResult result;
  result.tenants = 1;
  result.segments = 2;
  result.points = 3;
  EXPECT_EQ(text(to_json(result)),
            R"({"damaged":[],"kept":null,"points":3,"segments":2,"tenants":1})");
  result.kept = "/c\xff";
  result.damaged.push_back({TenantId("t"), ErrorKind::corrupt, "k", "m\xff"});
  EXPECT_EQ(text(to_json(result)),
            R"({"damaged":[{"kind":"corrupt","message":"m=FF","subject":"k","tenantId":"t"}],)"
            R"("kept":"/c=FF","points":3,"segments":2,"tenants":1})");
}

TEST(GoldenJson, OfTheDoctor) {
  const Finding good{.name = "vault", .state = FindingState::good, .subject = "s", .detail = "d"};
  const Finding bad{.name = "keys", .state = FindingState::bad, .subject = "s\xff", .detail = "d"};
  const std::string good_text = R"({"detail":"d","name":"vault","state":"good","subject":"s"})";
  EXPECT_EQ(text(to_json(good)), good_text);
  EXPECT_EQ(text(to_json(std::vector{bad, good})),
            R"({"findings":[{"detail":"d","name":"keys","state":"bad","subject":"s=FF"},)" +
                good_text + R"(],"verdict":"bad"})");
  EXPECT_EQ(text(to_json(std::vector<Finding>{})), R"({"findings":[],"verdict":"good"})");
}

}  // namespace
}  // namespace atp
