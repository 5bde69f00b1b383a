// SPDX-License-Identifier: Apache-2.0
#include "atp/view/exports.hpp"

#include "atp/view/checks.hpp"
#include "atp/view/ledgers.hpp"
#include "atp/view/text.hpp"
#include "view/json_parts.hpp"

namespace atp {
inline namespace v0 {
namespace {

Json::Object manifest_json(const ExportManifest& manifest, const Digest& sha256, bool timestamped) {
  std::uint64_t bytes = 0;
  for (const ExportedFile& file : manifest.files) bytes += file.bytes;
  return {{"exportId", manifest.export_id},
          {"tenantId", manifest.header.tenant->str()},
          {"recoveryPointId", manifest.recovery_point_id},
          {"createdAt", format_time(manifest.header.created_at)},
          {"records", manifest.records},
          {"files", manifest.files.size()},
          {"bytes", bytes},
          {"sha256", sha256.hex()},
          {"timestamped", timestamped}};
}

}  // namespace

static Json::Object to_json(const PlanStep& step) {
  return {{"name", step.name}, {"value", json_text(step.value)}};
}

std::string place_text(const RecordPlace& place) {
  return place.segment.stream.str() + "/" + place.segment.segment.str() + ":" +
         std::to_string(place.number);
}

Json::Object to_json(const ProvenRecord& proven) {
  return {{"tenantId", proven.tenant.str()},
          {"stream", proven.place.segment.stream.str()},
          {"segment", proven.place.segment.segment.str()},
          {"record", proven.place.number},
          {"recordBase64", to_base64(proven.record)},
          {"recoveryPointId", proven.recovery_point_id},
          {"completedAt", format_time(proven.completed_at)},
          {"entry", proven.entry},
          {"checkpoint", to_json(proven.checkpoint)}};
}

Json::Object to_json(const CheckedProof& checked) {
  return {{"verdict", to_string(checked.report.verdict())},
          {"checks", to_json(checked.report.checks)},
          {"proven", optional_json(checked.proven)}};
}

Json::Object to_json(const ExportResult& exported) {
  Json::Array pending;  // All of the one time-stamp: a subject would say nothing.
  for (const PendingAnchor& each : exported.pending) {
    pending.push_back(
        Json::Object{{"service", each.service}, {"problem", json_text(each.problem)}});
  }
  return {{"manifest", manifest_json(exported.manifest, exported.manifest_sha256,
                                     exported.manifest.timestamp.has_value())},
          {"checkpoint", to_json(exported.checkpoint)},
          {"pending", std::move(pending)},
          {"anchors", to_json(exported.anchors)}};
}

Json::Object to_json(const CheckedExport& checked) {
  Json manifest;
  if (checked.manifest) {
    manifest = manifest_json(*checked.manifest, checked.manifest_sha256, checked.timestamped());
  }
  return {{"verdict", to_string(checked.report.verdict())},
          {"checks", to_json(checked.report.checks)},
          {"manifest", std::move(manifest)},
          {"checkpoint", optional_json(checked.checkpoint)}};
}

Json::Object to_json(const ExportedFile& file) {
  return {{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256.hex()}};
}

Json::Object export_plan_json(const Plan& plan) {
  return {{"recoveryPointId", plan.subject_id}, {"plan", array_json(plan.steps)}};
}

Json::Object to_json(const CheckedRequest& checked) {
  const ApprovalRequest& request = checked.request;
  return {{"vaultId", request.header.vault_id},
          {"tenantId", request.header.tenant->str()},
          {"action", request.action},
          {"subjectId", json_text(request.subject_id)},
          {"plan", array_json(request.plan)},
          {"ledgerSize", request.ledger_size},
          {"requestedBy", checked.requester},
          {"requestedAt", format_time(request.header.created_at)},
          {"expiresAt", format_time(request.expires_at)}};
}

}  // namespace v0
}  // namespace atp
