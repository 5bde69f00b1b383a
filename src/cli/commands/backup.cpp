// SPDX-License-Identifier: Apache-2.0
/// backup.
#include "atp/backup/take_backup.hpp"
#include "atp/core/error.hpp"
#include "atp/view/points.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"
#include "cli/reports.hpp"

namespace atp::cli {
namespace {

struct Arguments : VaultArguments {
  std::string tenant;
  Path from;
  std::optional<std::string> type;
  std::vector<std::string> map;
  std::optional<std::string> retention;
  bool reread = false;
  bool allow_empty = false;
  bool clock_is_right = false;
  unsigned jobs = 0;
};

FieldMap parse_map(const std::vector<std::string>& entries) {
  FieldMap map;
  for (const std::string& entry : entries) {
    const auto equals = entry.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == entry.size()) {
      throw Error(ErrorKind::invalid_argument, "--map " + entry,
                  "expected FIELD=PATH, such as time=eventTime");
    }
    const std::string field = entry.substr(0, equals);
    if (std::ranges::find(mapped_names(), field) == mapped_names().end()) {
      throw Error(ErrorKind::invalid_argument, "--map " + entry,
                  "there is no field " + field +
                      ": it is one of time, action, actor.id, subject.id, subject.email, "
                      "subject.phone, id");
    }
    if (!map.emplace(field, entry.substr(equals + 1)).second) {
      throw Error(ErrorKind::invalid_argument, "--map " + entry, field + " is mapped twice");
    }
  }
  return map;
}

BackupOptions backup_options(const Session& session, const Arguments& arguments) {
  BackupOptions options{.tenant = TenantId(arguments.tenant),
                        .workers = arguments.jobs,
                        .stop = session.stop,
                        .progress = &session.console};
  if (arguments.type) options.type = parse_backup_type(*arguments.type);
  if (!arguments.map.empty()) options.field_map = parse_map(arguments.map);
  if (arguments.retention) options.retention = CalendarPeriod::parse(*arguments.retention);
  if (arguments.reread) options.known_files = KnownFiles::reread;
  if (arguments.allow_empty) options.empty_segments = EmptySegments::take;
  options.clock = clock_trust(arguments.clock_is_right);
  return options;
}

int dry_run_backup(const Session& session, const Vault& vault, SegmentSource& source,
                   const BackupOptions& options) {
  const BackupPlan plan = plan_backup(vault, source, options);
  for (const std::string& name : plan.to_read) {
    session.console.line("would read " + printable(name));
  }
  Json::Object object = to_json(plan);
  object.emplace("dryRun", true);
  object.emplace("tenantId", options.tenant.str());
  session.console.object(object);
  session.console.line(counted(plan.to_read.size(), "segment") + " to read, " +
                       human_bytes(static_cast<double>(plan.bytes_to_read)) + "; " +
                       std::to_string(plan.segments_unchanged) + " unchanged");
  return 0;
}

void print_scrub(Console& console, const Scrub& scrub) {
  constexpr std::size_t kShown = 10;
  const std::span damaged(scrub.damaged);
  for (const Problem& each : damaged.first(std::min(damaged.size(), kShown))) {
    console.line(console.paint(Colour::bad, "damaged") + "  " + printable(each.subject) +
                 ": expected " + printable(each.expected) + ", found " + printable(each.found) +
                 "; put it back from another copy");
  }
  if (damaged.size() > kShown) {
    console.line(console.paint(Colour::bad, "damaged") + "  " +
                 std::to_string(damaged.size() - kShown) + " more; --json names all");
  }
  if (!scrub.regrown.empty()) {
    console.line(console.paint(Colour::warn, "regrown") + "  " +
                 counted(scrub.regrown.size(), "object") +
                 " had a shorter retention than asked for, and has it again; first " +
                 printable(scrub.regrown.front()));
  }
  if (scrub.overdue) {
    console.line(console.paint(Colour::warn, "scrub") +
                 "   the last full pass over old entries began " +
                 format_time(scrub.entries_since) + ", over dates of retention " +
                 format_time(scrub.dates_since) +
                 ": one is over 60 days ago; run `atp doctor`, which reads all of both");
  }
  if (scrub.trouble) {
    console.line(console.paint(Colour::warn, "scrub") +
                 "   what is old was not read again: " + printable(*scrub.trouble));
  }
}

int scrub_exit_code(const Scrub& scrub) {
  if (!scrub.damaged.empty()) return kExitIntegrity;
  return !scrub.regrown.empty() || scrub.trouble ? kExitPartial : 0;
}

void print_backup(Console& console, const BackupResult& result) {
  for (const SkippedInput& each : result.skipped) {
    console.line(console.paint(Colour::warn, "skipped") + "  " + printable(each.name) + ": " +
                 each.reason + ", " + printable(each.detail));
  }
  for (const AlteredSegment& alarm : result.alarms) {
    console.line(console.paint(Colour::bad, "altered") + "  " + printable(alarm.stream.str()) +
                 "/" + printable(alarm.segment.str()) + ": the source has others, " +
                 std::to_string(alarm.found_bytes) + " bytes; the sealed ones stay");
  }
  for (const std::string& name : result.gone) {
    console.line("gone at the source  " + printable(name));
  }
  if (result.kept && result.kept->overdue > 0) {
    console.line(console.paint(Colour::warn, "overdue") + "  " +
                 counted(result.kept->overdue, "new segment") +
                 " came when the retention was over: kept for a minimum all the same, the first "
                 "until " +
                 format_time(*result.kept->first_overdue));
  }
  print_scrub(console, result.scrub);
  if (result.clock_warning) {
    console.line(console.paint(Colour::warn, "clock") + "    " + *result.clock_warning);
  }
  const bool good =
      result.status == BackupStatus::completed || result.status == BackupStatus::unchanged;
  const Colour colour = good                                   ? Colour::good
                        : result.status == BackupStatus::alarm ? Colour::bad
                                                               : Colour::warn;
  console.line(console.paint(colour, to_string(result.status)) + "  " + result.recovery_point_id);
  const std::string unchanged = std::to_string(result.segments_unchanged) + " unchanged";
  if (result.segments_new == 0) return console.line("  nothing new, " + unchanged);
  console.line("  " + counted(result.segments_new, "new segment") + ", " + unchanged + "; " +
               counted(result.records, "record") + ", " +
               human_bytes(static_cast<double>(result.bytes)) + " in " +
               human_bytes(static_cast<double>(result.stored_bytes)));
  console.line("  kept until " + span_text(result.kept->first, result.kept->last));
}

int status_exit_code(BackupStatus status) {
  switch (status) {
    case BackupStatus::completed:
    case BackupStatus::unchanged:
      return 0;
    case BackupStatus::partial:
      return kExitPartial;
    case BackupStatus::alarm:
      return kExitIntegrity;
  }
  return kExitBug;
}

int backup_exit_code(const BackupResult& result) {
  const bool must_look =
      result.clock_warning.has_value() || (result.kept && result.kept->overdue > 0);
  return graver(graver(status_exit_code(result.status), must_look ? kExitPartial : 0),
                graver(scrub_exit_code(result.scrub), anchors_exit_code(result.anchors)));
}

int run(const Session& session, const Arguments& arguments) {
  const BackupOptions options = backup_options(session, arguments);
  const Environment environment = system_environment();
  const auto vault = vault_of(environment, arguments);
  require_outside(arguments.from, arguments.vault);
  const auto source = segment_folder(environment.files, absolute_path(arguments.from));
  if (arguments.dry_run) return dry_run_backup(session, *vault, *source, options);
  const BackupResult result = take_backup(*vault, *source, options);
  session.console.end_progress();
  session.console.object(to_json(result));
  print_backup(session.console, result);
  print_anchors(session.console, result.anchors);
  return backup_exit_code(result);
}

}  // namespace

void add_backup(CommandLine& line) {
  auto [command, arguments] =
      line.add(line.app(), "backup", "Take a recovery point of a segment folder", run);
  command.add_option("--tenant", arguments.tenant, "Whose records these are")->required();
  command.add_option("--from", arguments.from, "Folder of [STREAM/]SEGMENT.jsonl[.gz|.zst]")
      ->required();
  command
      .add_option("--type", arguments.type,
                  "full or incremental (the first is full, and one after 24)")
      ->check(CLI::IsMember({to_string(BackupType::full), to_string(BackupType::incremental)}));
  command.add_option("--map", arguments.map,
                     "FIELD=PATH: where a record has time, action, actor.id, subject.id, "
                     "subject.email, subject.phone, id; repeatable");
  command.add_option("--retention", arguments.retention,
                     "How long segments are kept, such as P7Y (default at first)");
  command.add_flag("--reread", arguments.reread, "Read known files again, whatever stat says");
  command.add_flag("--allow-empty", arguments.allow_empty, "Take segments without a byte");
  add_clock_option(command, arguments.clock_is_right);
  add_keys_options(command, arguments);
  add_trust_option(command, arguments);
  add_jobs(command, arguments.jobs);
  add_dry_run(command, arguments.dry_run);
}

}  // namespace atp::cli
