// SPDX-License-Identifier: Apache-2.0
/// export, verify-export.
#include "atp/core/error.hpp"
#include "atp/discovery/export_records.hpp"
#include "cli/approvals.hpp"
#include "cli/reports.hpp"

namespace atp::cli {
namespace {

/// `N` or `N-M`.
std::optional<RecordRange> parse_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash));
  const auto last = dash == text.npos ? first : parse_number(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  return RecordRange{*first, *last};
}

/// `STREAM/SEGMENT`, `STREAM/SEGMENT:N` or `STREAM/SEGMENT:N-M`; also `STREAM/SEGMENT:`, for names
/// with a colon.
ExportSelection parse_selection(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return {parse_segment_name(text), {}};
  if (colon + 1 == text.size()) return {parse_segment_name(text.substr(0, colon)), {}};
  const auto range = parse_range(std::string_view(text).substr(colon + 1));
  if (!range) {
    throw Error(
        ErrorKind::invalid_argument, "--records " + text,
        "expected STREAM/SEGMENT, STREAM/SEGMENT:N or STREAM/SEGMENT:N-M; where the name has "
        "a colon, STREAM/SEGMENT: for all of it");
  }
  return {parse_segment_name(text.substr(0, colon)), range};
}

Json manifest_json(const ExportManifest& manifest, const Digest& sha256, bool timestamped) {
  std::uint64_t bytes = 0;
  for (const ExportedFile& file : manifest.files) bytes += file.bytes;
  return Json::Object{{"exportId", manifest.export_id},
                      {"tenantId", manifest.header.tenant->str()},
                      {"recoveryPointId", manifest.recovery_point_id},
                      {"createdAt", format_time(manifest.header.created_at)},
                      {"records", manifest.records},
                      {"files", manifest.files.size()},
                      {"bytes", bytes},
                      {"sha256", sha256.hex()},
                      {"timestamped", timestamped}};
}

void print_manifest(const Session& session, const ExportManifest& manifest, const Digest& sha256,
                    const Checkpoint& checkpoint) {
  Console& console = session.console;
  console.line("  export      " + manifest.export_id + ", made " +
               format_time(manifest.header.created_at));
  console.line("  SHA-256     " + sha256.hex() + " of its manifest");
  console.line("  records     " + std::to_string(manifest.records) + " of " +
               printable(manifest.header.tenant->str()) + ", of point " +
               manifest.recovery_point_id);
  console.line("  checkpoint  size " + std::to_string(checkpoint.size) + ", root " +
               to_base64(checkpoint.root.view()));
}

int print_plan(const Session& session, const Plan& plan) {
  Json::Array steps;
  for (const PlanStep& step : plan.steps) {
    steps.push_back(Json::Object{{"name", step.name}, {"value", json_text(step.value)}});
    session.console.line("  " + step.name + "  " + printable(step.value));
  }
  session.console.object({{"recoveryPointId", plan.subject_id}, {"plan", std::move(steps)}});
  return 0;
}

/// 3 where an authority that is asked has not stamped it, else as for anchors.
int print_exported(const Session& session, const ExportResult& exported) {
  Json::Array pending;
  for (const PendingAnchor& each : exported.pending) {
    pending.push_back(
        Json::Object{{"service", each.service}, {"problem", json_text(each.problem)}});
    session.console.note("no time-stamp by " + each.service + ": " + printable(each.problem));
  }
  const Path folder = absolute_path(session.arguments.to);
  session.console.object({{"manifest", manifest_json(exported.manifest, exported.manifest_sha256,
                                                     exported.manifest.timestamp.has_value())},
                          {"checkpoint", checkpoint_json(exported.checkpoint)},
                          {"folder", json_text(folder.string())},
                          {"pending", std::move(pending)},
                          {"anchors", anchors_json(exported.anchors)}});
  session.console.line("exported to " + printable(folder.string()));
  print_manifest(session, exported.manifest, exported.manifest_sha256, exported.checkpoint);
  print_anchors(session.console, exported.anchors);
  return graver(exported.pending.empty() ? 0 : kExitPartial, anchors_exit_code(exported.anchors));
}

}  // namespace

int run_export(const Session& session) {
  const Arguments& arguments = session.arguments;
  const Environment environment = system_environment();
  const auto vault = open_vault(environment, arguments);
  std::vector<ExportSelection> selection;
  for (const std::string& text : arguments.records) selection.push_back(parse_selection(text));
  const auto plan = [&] { return plan_export(*vault, *arguments.point, selection, session.stop); };
  if (arguments.dry_run) return print_plan(session, plan());
  if (arguments.request) return write_request(session, *vault, plan());
  if (arguments.to.empty()) {
    throw Error(ErrorKind::invalid_argument, "--to", "expected a new folder, found nothing");
  }
  require_outside(arguments.to, arguments.vault);
  const ExportResult exported =
      export_records(*vault, {.recovery_point_id = *arguments.point,
                              .selection = selection,
                              .folder = absolute_path(arguments.to),
                              .approval = read_approval(session, *vault, plan),
                              .clock = clock_trust(arguments),
                              .stop = session.stop,
                              .progress = &session.console});
  session.console.end_progress();
  return print_exported(session, exported);
}

int run_verify_export(const Session& session) {
  const Arguments& arguments = session.arguments;
  const Environment environment = system_environment();
  const TrustPolicy trust = load_trust_policy(*environment.files, *arguments.trust);
  const CheckedExport checked = verify_export(*environment.files, absolute_path(arguments.from),
                                              trust, {session.stop, &session.console});
  session.console.end_progress();
  session.console.object(
      {{"verdict", to_string(checked.report.verdict())},
       {"checks", checks_json(checked.report.checks)},
       {"manifest", checked.manifest ? manifest_json(*checked.manifest, checked.manifest_sha256,
                                                     checked.timestamped())
                                     : Json()},
       {"checkpoint", checked.checkpoint ? checkpoint_json(*checked.checkpoint) : Json()}});
  print_report(session.console, printable(arguments.from.string()), checked.report);
  if (checked.manifest) {
    print_manifest(session, *checked.manifest, checked.manifest_sha256, *checked.checkpoint);
  }
  return checked.report.exit_code();
}

}  // namespace atp::cli
