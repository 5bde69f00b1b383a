// SPDX-License-Identifier: Apache-2.0
/// restore.
#include "atp/restore/restore.hpp"

#include "atp/core/error.hpp"
#include "atp/vault/points.hpp"
#include "atp/view/points.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"
#include "cli/reports.hpp"

namespace atp::cli {
namespace {

struct Arguments : VaultArguments {
  std::string point;
  Path to;
  std::optional<std::string> stream;
  std::optional<std::string> segment;
  std::optional<std::string> since;
  std::optional<std::string> until;
  unsigned jobs = 0;
};

/// An instant itself; of a date its last instant's next.
Time end_of(const std::string& until) {
  const auto instant = parse_time(until);
  return instant ? *instant : *parse_time_or_day(until).to;
}

RestoreOptions restore_options(const Session& session, const Arguments& arguments) {
  RestoreOptions options;
  if (arguments.stream) options.stream = StreamId(*arguments.stream);
  if (arguments.segment) {
    const SegmentName name = parse_segment_name(*arguments.segment);
    options.segment_stream = name.stream;
    options.segment = name.segment;
  }
  if (arguments.since) options.time.from = parse_time_or_day(*arguments.since).from;
  if (arguments.until) options.time.to = end_of(*arguments.until);
  if (options.time.empty()) {
    throw Error(ErrorKind::invalid_argument, "--since, --until", "name an empty time range");
  }
  options.workers = arguments.jobs;
  options.stop = session.stop;
  options.progress = &session.console;
  return options;
}

int dry_run_restore(const Session& session, const std::string& point, const RestorePlan& plan) {
  for (const RestorePlan::Item& item : plan.items) {
    session.console.line("would restore " + printable(item.name) + ", " +
                         human_bytes(static_cast<double>(item.bytes)));
  }
  Json::Object object = to_json(plan);
  object.emplace("dryRun", true);
  object.emplace("recoveryPointId", point);
  session.console.object(object);
  return 0;
}

int run(const Session& session, const Arguments& arguments) {
  const Environment environment = system_environment();
  const RestoreOptions options = restore_options(session, arguments);
  const auto store = open_store(environment, arguments.vault);
  require_outside(arguments.to, arguments.vault);
  const Keys keys = keys_of(environment, arguments);
  if (!keys.trust) {
    throw Error(ErrorKind::unauthenticated, arguments.vault.string(),
                "no trust policy at hand: nothing is restored that cannot be verified "
                "(--keys or --trust)");
  }
  const PointName point = find_point(environment, arguments.vault, *store, arguments.point);
  if (arguments.dry_run) {
    return dry_run_restore(session, arguments.point,
                           plan_restore(*store, point, *keys.trust, options));
  }
  const RestoreResult result =
      restore_point(*store, *environment.files, *environment.random, point,
                    absolute_path(arguments.to), *keys.trust, keys.identities, options);
  session.console.end_progress();
  session.console.object(to_json(result));
  print_report(session.console, result.recovery_point_id, result.report);
  if (!result.report.passed()) {
    session.console.note("nothing was restored: what is damaged must be repaired first");
    return result.report.exit_code();
  }
  session.console.line("restored " + counted(result.segments, "segment") + ", " +
                       counted(result.records, "record") + ", " +
                       human_bytes(static_cast<double>(result.bytes)) + " to " +
                       printable(result.folder.string()));
  return 0;
}

}  // namespace

void add_restore(CommandLine& line) {
  auto [command, arguments] =
      line.add(line.app(), "restore", "Restore a recovery point into a folder", run);
  add_point(command, arguments.point);
  command.add_option("--to", arguments.to, "New folder, or an unfinished restore of the point")
      ->required();
  auto* stream = command.add_option("--stream", arguments.stream, "Only this stream");
  command.add_option("--segment", arguments.segment, "STREAM/SEGMENT: only this one")
      ->excludes(stream);
  command.add_option("--since", arguments.since,
                     "Only segments with records from this time (RFC 3339, or a date) on");
  command.add_option("--until", arguments.until,
                     "Only segments with records before this time, or up to this date's end");
  add_keys_options(command, arguments);
  add_trust_option(command, arguments);
  add_jobs(command, arguments.jobs);
  add_dry_run(command, arguments.dry_run);
}

}  // namespace atp::cli
