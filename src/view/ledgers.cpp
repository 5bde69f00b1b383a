// SPDX-License-Identifier: Apache-2.0
#include "atp/view/ledgers.hpp"

#include "atp/view/checks.hpp"
#include "atp/view/text.hpp"
#include "view/json_parts.hpp"

namespace atp {
inline namespace v0 {

static Json::Object to_json(const Cosignature& cosignature) {
  return {{"witness", cosignature.witness}, {"time", format_time(cosignature.time)}};
}

Json::Object to_json(const Checkpoint& checkpoint) {
  return {
      {"origin", checkpoint.origin}, {"size", checkpoint.size}, {"root", checkpoint.root.hex()}};
}

Json::Object to_json(const SignedCheckpoint& checkpoint) {
  Json::Object object = to_json(checkpoint.checkpoint);
  object.emplace("note", checkpoint.note);
  return object;
}

Json::Object to_json(const PublishedFiles& published) {
  Json::Object object = to_json(published.checkpoint);
  object.emplace("filesWritten", published.files_written);
  return object;
}

Json::Object to_json(const Consistency& consistency) {
  Json::Array proof;
  for (const Digest& hash : consistency.proof) proof.push_back(hash.hex());
  return {{"verdict", to_string(consistency.report.verdict())},
          {"old", optional_json(consistency.old_checkpoint)},
          {"new", optional_json(consistency.new_checkpoint)},
          {"consistencyProof", std::move(proof)},
          {"checks", to_json(consistency.report.checks)}};
}

Json::Object to_json(const LedgerAudit& audit) {
  return {{"verdict", to_string(audit.report.verdict())},
          {"origin", audit.origin},
          {"entries", audit.entries},
          {"entriesFromBundles", audit.from_bundles},
          {"checkpoints", audit.checkpoints},
          {"documents", audit.documents},
          {"checks", to_json(audit.report.checks)}};
}

Json::Object to_json(const PendingAnchor& pending) {
  return {{"service", pending.service},
          {"subject", pending.subject},
          {"problem", json_text(pending.problem)},
          {"contradicts", pending.contradicts}};
}

Json::Object to_json(const Anchors& anchors) {
  return {{"checkpoint", optional_json(anchors.checkpoint)},
          {"cosignatures", array_json(anchors.cosignatures)},
          {"timestampsAdded", anchors.timestamps_added},
          {"pending", array_json(anchors.pending)},
          {"complete", anchors.complete}};
}

Json::Object to_json(const HaltRow& halt) {
  return {{"tenantId", halt.tenant.str()},
          {"haltedAt", format_time(halt.halted_at)},
          {"subject", json_text(halt.subject)},
          {"message", json_text(halt.message)}};
}

Json::Object to_json(const ClockCorrection& corrected) {
  return {
      {"tenantId", corrected.tenant.str()}, {"entries", corrected.entries},
      {"first", corrected.first},           {"last", corrected.last},
      {"newest", corrected.newest.index},   {"newestAt", format_time(corrected.newest.created_at)}};
}

}  // namespace v0
}  // namespace atp
