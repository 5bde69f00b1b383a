// SPDX-License-Identifier: Apache-2.0
#include "atp/view/points.hpp"

#include "atp/crypto/sha256.hpp"
#include "atp/view/checks.hpp"
#include "atp/view/ledgers.hpp"
#include "atp/view/text.hpp"
#include "view/json_parts.hpp"

namespace atp {
inline namespace v0 {
namespace {

Json::Array texts_json(const std::vector<std::string>& texts) {
  Json::Array array;
  for (const std::string& text : texts) array.push_back(json_text(text));
  return array;
}

Json time_json(const std::optional<Time>& time) { return time ? Json(format_time(*time)) : Json(); }

}  // namespace

static Json::Object to_json(const SkippedInput& skipped) {
  return {{"name", json_text(skipped.name)},
          {"reason", skipped.reason},
          {"detail", json_text(skipped.detail)}};
}

static Json::Object to_json(const AlteredSegment& altered) {
  return {{"stream", altered.stream.str()},
          {"segment", altered.segment.str()},
          {"sequence", altered.sequence},
          {"foundBytes", altered.found_bytes},
          {"foundChangedAt", format_time(altered.found_changed_at)}};
}

static Json::Object to_json(const KeptSegments& kept) {
  return {{"first", format_time(kept.first)},
          {"last", format_time(kept.last)},
          {"overdue", kept.overdue},
          {"firstOverdue", time_json(kept.first_overdue)}};
}

static Json::Object to_json(const Problem& problem) {
  return {{"subject", json_text(problem.subject)},
          {"expected", json_text(problem.expected)},
          {"found", json_text(problem.found)}};
}

static Json::Object to_json(const Scrub& scrub) {
  return {{"entriesSince", format_time(scrub.entries_since)},
          {"packagesSince", format_time(scrub.packages_since)},
          {"datesSince", format_time(scrub.dates_since)},
          {"overdue", scrub.overdue},
          {"halted", scrub.halted},
          {"damaged", array_json(scrub.damaged)},
          {"regrown", texts_json(scrub.regrown)},
          {"trouble", scrub.trouble ? Json(json_text(*scrub.trouble)) : Json()}};
}

static Json::Object to_json(const RestorePlan::Item& item) {
  return {{"name", json_text(item.name)}, {"records", item.records}, {"bytes", item.bytes}};
}

Json::Object to_json(const BackupPlan& plan) {
  return {{"backupType", to_string(plan.backup_type)},
          {"toRead", texts_json(plan.to_read)},
          {"bytesToRead", plan.bytes_to_read},
          {"segmentsUnchanged", plan.segments_unchanged},
          {"skipped", array_json(plan.skipped)}};
}

Json::Object to_json(const BackupResult& result) {
  return {{"recoveryPointId", result.recovery_point_id},
          {"tenantId", result.tenant.str()},
          {"region", result.region.str()},
          {"backupType", to_string(result.backup_type)},
          {"status", to_string(result.status)},
          {"segmentsNew", result.segments_new},
          {"segmentsUnchanged", result.segments_unchanged},
          {"records", result.records},
          {"bytes", result.bytes},
          {"storedBytes", result.stored_bytes},
          {"merkleRoot", result.merkle_root.hex()},
          {"skipped", array_json(result.skipped)},
          {"alarms", array_json(result.alarms)},
          {"kept", optional_json(result.kept)},
          {"scrub", to_json(result.scrub)},
          {"clockWarning", result.clock_warning ? Json(*result.clock_warning) : Json()},
          {"anchors", to_json(result.anchors)},
          {"gone", texts_json(result.gone)}};
}

Json::Object to_json(const RestorePlan& plan) {
  std::uint64_t bytes = 0;
  for (const RestorePlan::Item& item : plan.items) bytes += item.bytes;
  return {{"segments", array_json(plan.items)}, {"bytes", bytes}};
}

Json::Object to_json(const RestoreResult& result) {
  return {{"recoveryPointId", result.recovery_point_id},
          {"folder", json_text(result.folder.string())},
          {"verdict", to_string(result.report.verdict())},
          {"segments", result.segments},
          {"segmentsResumed", result.segments_resumed},
          {"records", result.records},
          {"bytes", result.bytes},
          {"failures", to_json(result.report.failures())}};
}

Json::Object to_json(const RecoveryPoint& point) {
  return {{"recoveryPointId", point.recovery_point_id},
          {"tenantId", point.header.tenant->str()},
          {"region", point.region.str()},
          {"backupType", to_string(point.backup_type)},
          {"createdAt", format_time(point.header.created_at)},
          {"completedAt", format_time(point.completed_at)},
          {"segments", point.segments},
          {"records", point.records},
          {"bytes", point.bytes},
          {"storedBytes", point.stored_bytes},
          {"skipped", point.skipped.size()},
          {"alarms", point.alarms.size()},
          {"merkleRoot", point.merkle_root.hex()}};
}

Json::Object to_json(const ListedPackage& package) {
  const Descriptor& descriptor = package.descriptor;
  return {{"name", descriptor.name},
          {"stream", descriptor.stream.str()},
          {"sequence", descriptor.sequence},
          {"key", descriptor.key},
          {"sha256", descriptor.sha256.hex()},
          {"bytes", descriptor.bytes},
          {"records", descriptor.records},
          {"merkleRoot", descriptor.merkle_root.hex()},
          {"keptUntil", time_json(package.kept_until)}};
}

Json::Object point_json(std::string_view stored, const std::vector<ListedPackage>& packages,
                        bool signature_verified) {
  Json::Object point = parse_json(stored).as_object();
  point["packages"] = array_json(packages);
  point["sha256"] = sha256(as_bytes(stored)).hex();
  point["signatureState"] = signature_verified ? "verified" : "not_checked";
  return point;
}

}  // namespace v0
}  // namespace atp
