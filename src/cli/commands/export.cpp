// SPDX-License-Identifier: Apache-2.0
/// export.
#include "atp/core/error.hpp"
#include "atp/discovery/export_records.hpp"
#include "atp/vault/points.hpp"
#include "atp/view/exports.hpp"
#include "atp/view/text.hpp"
#include "cli/approvals.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"
#include "cli/reports.hpp"

namespace atp::cli {
namespace {

struct Arguments : VaultArguments {
  std::string point;
  std::vector<std::string> records;
  Path to;
  bool clock_is_right = false;
  ApprovalArguments approvals;
};

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

int print_plan(const Session& session, const Plan& plan) {
  for (const PlanStep& step : plan.steps) {
    session.console.line("  " + step.name + "  " + printable(step.value));
  }
  session.console.object(export_plan_json(plan));
  return 0;
}

/// 3 where an authority that is asked has not stamped it, else as for anchors.
int print_exported(const Session& session, const Path& folder, const ExportResult& exported) {
  for (const PendingAnchor& each : exported.pending) {
    session.console.note("no time-stamp by " + each.service + ": " + printable(each.problem));
  }
  Json::Object object = to_json(exported);
  object.emplace("folder", json_text(folder.string()));
  session.console.object(object);
  session.console.line("exported to " + printable(folder.string()));
  print_manifest(session.console, exported.manifest, exported.manifest_sha256, exported.checkpoint);
  print_anchors(session.console, exported.anchors);
  return graver(exported.pending.empty() ? 0 : kExitPartial, anchors_exit_code(exported.anchors));
}

int run(const Session& session, const Arguments& arguments) {
  const Environment environment = system_environment();
  const auto vault = vault_of(environment, arguments);
  std::vector<ExportSelection> selection;
  for (const std::string& text : arguments.records) selection.push_back(parse_selection(text));
  const PointName point = find_point(*vault, arguments.point);
  const auto plan = [&] { return plan_export(*vault, point, selection, session.stop); };
  if (arguments.dry_run) return print_plan(session, plan());
  if (arguments.approvals.request) {
    return write_request(session, arguments.approvals, *vault, plan());
  }
  if (arguments.to.empty()) {
    throw Error(ErrorKind::invalid_argument, "--to", "expected a new folder, found nothing");
  }
  require_outside(arguments.to, arguments.vault);
  const ExportResult exported =
      export_records(*vault, {.point = point,
                              .selection = selection,
                              .folder = absolute_path(arguments.to),
                              .approval = read_approval(arguments.approvals, *vault, plan),
                              .clock = clock_trust(arguments.clock_is_right),
                              .stop = session.stop,
                              .progress = &session.console});
  session.console.end_progress();
  return print_exported(session, absolute_path(arguments.to), exported);
}

}  // namespace

void add_export(CommandLine& line) {
  auto [command, arguments] = line.add(
      line.app(), "export", "Hand records of a recovery point over, each with its proof", run);
  add_point(command, arguments.point);
  command
      .add_option("--records", arguments.records,
                  "STREAM/SEGMENT, STREAM/SEGMENT:N or :N-M, both ends included, N counts from "
                  "0 (default/SEGMENT for flat files); repeatable")
      ->required();
  command.add_option("--to", arguments.to, "New folder for the bundle");
  add_clock_option(command, arguments.clock_is_right);
  add_approval_options(command, arguments.approvals);
  add_keys_options(command, arguments);
  add_trust_option(command, arguments);
  add_dry_run(command, arguments.dry_run);
}

}  // namespace atp::cli
