// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/record_proof.hpp"

#include <algorithm>
#include <utility>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/ledger/ledger.hpp"
#include "atp/ledger/log_proof.hpp"
#include "atp/merkle/proof.hpp"
#include "atp/model/acts.hpp"
#include "atp/model/record_evidence.hpp"
#include "atp/model/signed_document.hpp"
#include "atp/segment/package_writer.hpp"
#include "atp/storage/layout.hpp"
#include "segment/frame_hasher.hpp"
#include "verify/anchors.hpp"
#include "verify/checks.hpp"

namespace atp {
inline namespace v0 {
namespace {

using verify::failed;
using verify::verified;

constexpr const char* kSubject = "proof";

template <class T>
Check failed_document(const char* name, const CheckedDocument<T>& checked) {
  return failed(name, problem_of(kSubject, checked));
}

class ProofChecker {
 public:
  ProofChecker(const LogProof& proof, const RecordEvidence& evidence, const TrustPolicy& trust)
      : proof_(proof), evidence_(evidence), trust_(trust) {}

  CheckedProof run() {
    check_record();
    check_points();
    check_descriptor();
    check_statement();
    check_checkpoint();
    CheckedProof checked{
        .report = {points_.empty() ? "" : points_.front().recovery_point_id, std::move(checks_)}};
    if (checked.report.passed()) checked.proven = proven();
    return checked;
  }

 private:
  void check_record() {
    constexpr const char* kName = "proof.record";
    const Descriptor& descriptor = evidence_.descriptor;
    if (descriptor.kind != DescriptorKind::segment || descriptor.leaf_scheme != 1) {
      checks_.push_back(failed(kName, kSubject, "a segment of leaf scheme 1", "another package"));
      return;
    }
    if (evidence_.record.size() > kRecordLimit ||
        std::ranges::find(evidence_.record, std::byte{'\n'}) != evidence_.record.end()) {
      checks_.push_back(
          failed(kName, kSubject, "a record of at most 16 MiB without line feed", "other bytes"));
      return;
    }
    const std::string folder = layout::packages(evidence_.tenant) + descriptor.stream.encoded() +
                               "/" + SegmentId(descriptor.name).encoded() + ".";
    if (!descriptor.key.starts_with(folder)) {
      checks_.push_back(failed(kName, kSubject, "a package " + folder + "...", descriptor.key));
      return;
    }
    const auto root = merkle::root_from_inclusion<Rfc9162Hasher>(
        evidence_.number, descriptor.records, segment::leaf_of(evidence_.salt, evidence_.record),
        evidence_.record_path);
    expect_root(kName, descriptor.merkle_root, root);
  }

  void check_points() {
    for (std::size_t i = 0; i < evidence_.points.size(); ++i) {
      const char* name = i == 0 ? "point.manifest" : "point.parent";
      auto checked = check_document<RecoveryPoint>(evidence_.points[i], &trust_, evidence_.tenant);
      if (!checked.document) {
        checks_.push_back(failed_document(name, checked));
        return;
      }
      if (i > 0 && !is_parent(*checked.document, evidence_.points[i])) return;
      points_.push_back(std::move(*checked.document));
      checks_.push_back(verified(name, points_.back().recovery_point_id));
    }
    check_coverage();
  }

  bool is_parent(const RecoveryPoint& parent, const std::string& stored) {
    const ParentPoint found{parent.recovery_point_id, sha256(as_bytes(stored))};
    const auto& expected = points_.back().parent;
    if (expected == found) return true;
    checks_.push_back(failed("point.parent", points_.back().recovery_point_id,
                             expected ? expected->id + ", SHA-256 " + expected->sha256.hex()
                                      : "no parent of a full point",
                             found.id + ", SHA-256 " + found.sha256.hex()));
    return false;
  }

  /// What a parent lists is part of a point only up to where the point says its streams had come.
  void check_coverage() {
    const Descriptor& descriptor = evidence_.descriptor;
    const auto& covered = points_.front().covered_to;
    const auto stream = std::ranges::find(covered, descriptor.stream, &StreamCoverage::stream);
    if (stream != covered.end() && descriptor.sequence < stream->sequences) return;
    checks_.push_back(
        failed("point.manifest", points_.front().recovery_point_id,
               "a point that covers " + descriptor.stream.str() + "/" + descriptor.name,
               "one that does not"));
  }

  void check_descriptor() {
    constexpr const char* kName = "proof.descriptor";
    if (points_.size() != evidence_.points.size()) return;  // Failed already.
    const RecoveryPoint& lister = points_.back();
    if (evidence_.descriptors != lister.segments) {
      checks_.push_back(failed(kName, kSubject, std::to_string(lister.segments) + " descriptors",
                               std::to_string(evidence_.descriptors)));
      return;
    }
    const auto root = merkle::root_from_inclusion<Rfc9162Hasher>(
        evidence_.descriptor_index, lister.segments,
        Rfc9162Hasher::leaf(as_bytes(canonical(evidence_.descriptor))), evidence_.descriptor_path);
    expect_root(kName, lister.merkle_root, root);
  }

  void check_statement() {
    constexpr const char* kName = "ledger.statement";
    auto checked = check_document<Statement>(evidence_.statement, &trust_, evidence_.tenant);
    if (!checked.document) {
      checks_.push_back(failed_document(kName, checked));
      return;
    }
    const Statement& statement = *checked.document;
    const auto expect = [&](bool holds, const std::string& expected, const std::string& found) {
      if (!holds) checks_.push_back(failed(kName, kSubject, expected, found));
      return holds;
    };
    const bool completes =
        expect(statement.action == acts::kPointCompleted.action, "recovery_point.completed",
               statement.action) &&
        expect(is_origin(statement.origin, trust_.domain),
               "an origin of the domain " + trust_.domain, statement.origin) &&
        expect(statement.index == proof_.index, "index " + std::to_string(proof_.index),
               "index " + std::to_string(statement.index));
    if (!completes || points_.empty()) return;
    const RecoveryPoint& point = points_.front();
    const Digest digest = sha256(as_bytes(evidence_.points.front()));
    const bool holds =
        expect(statement.subject_id == point.recovery_point_id, point.recovery_point_id,
               statement.subject_id.value_or("no point")) &&
        expect(statement.subject_sha256 == digest, "SHA-256 " + digest.hex(),
               statement.subject_sha256 ? statement.subject_sha256->hex() : "none") &&
        expect(point.ledger_size_seen <= statement.index,
               "at most " + std::to_string(statement.index) + " entries seen by the point",
               std::to_string(point.ledger_size_seen));
    if (!holds) return;
    checks_.push_back(verified(kName, kSubject));
    verify::check_replies(trust_, "point.timestamp", point.recovery_point_id, digest,
                          evidence_.timestamps, checks_);
    statement_ = std::move(*checked.document);
  }

  void check_checkpoint() {
    constexpr const char* kName = "ledger.checkpoint";
    if (!statement_) return;  // Failed already.
    const auto keys = trust_.keys_of(KeyRole::ledger, statement_->header.created_at);
    checkpoint_ = open_checkpoint(proof_.checkpoint, keys);
    if (!checkpoint_) {
      checks_.push_back(failed(kName, kSubject, "a checkpoint signed by a trusted ledger key",
                               "none", CheckClass::trust));
      return;
    }
    if (checkpoint_->origin != statement_->origin) {
      checks_.push_back(failed(kName, kSubject, "of " + statement_->origin, checkpoint_->origin));
      return;
    }
    checks_.push_back(verified(kName, checkpoint_->origin));
    verify::check_cosignatures_in(proof_.checkpoint, checkpoint_->origin, trust_, checks_);
    const auto root = merkle::root_from_inclusion<Rfc9162Hasher>(
        proof_.index, checkpoint_->size, Rfc9162Hasher::leaf(as_bytes(evidence_.statement)),
        proof_.path);
    expect_root("ledger.inclusion", checkpoint_->root, root);
  }

  void expect_root(const char* name, const Digest& expected, const std::optional<Digest>& found) {
    checks_.push_back(found == expected
                          ? verified(name, kSubject)
                          : failed(name, kSubject, "root " + expected.hex(),
                                   found ? "root " + found->hex() : "a path of another length"));
  }

  ProvenRecord proven() const {
    const Descriptor& descriptor = evidence_.descriptor;
    return {.tenant = evidence_.tenant,
            .place = {{descriptor.stream, SegmentId(descriptor.name)}, evidence_.number},
            .record = evidence_.record,
            .recovery_point_id = points_.front().recovery_point_id,
            .completed_at = points_.front().completed_at,
            .entry = proof_.index,
            .checkpoint = *checkpoint_};
  }

  const LogProof& proof_;
  const RecordEvidence& evidence_;
  const TrustPolicy& trust_;
  std::vector<Check> checks_;
  std::vector<RecoveryPoint> points_;
  std::optional<Statement> statement_;
  std::optional<Checkpoint> checkpoint_;
};

}  // namespace

CheckedProof check_record_proof(std::string_view text, const TrustPolicy& trust) {
  try {
    const LogProof proof = parse_log_proof(text);
    const RecordEvidence evidence = parse_record_evidence(proof.extra);
    CheckedProof checked = ProofChecker(proof, evidence, trust).run();
    checked.report.checks.insert(checked.report.checks.begin(), verified("proof.form", kSubject));
    return checked;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return {.report = {"", {failed("proof.form", kSubject, "a proof file", error.message())}}};
  }
}

}  // namespace v0
}  // namespace atp
