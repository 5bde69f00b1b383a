// SPDX-License-Identifier: Apache-2.0
/// backup, verify, restore.
#include "atp/backup/take_backup.hpp"
#include "atp/core/error.hpp"
#include "atp/restore/restore.hpp"
#include "atp/vault/points.hpp"
#include "atp/vault/recovery.hpp"
#include "cli/reports.hpp"
#include "cli/session.hpp"

namespace atp::cli {
namespace {

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

BackupOptions backup_options(const Session& session) {
  const Arguments& arguments = session.arguments;
  BackupOptions options{.tenant = TenantId(*arguments.tenant),
                        .workers = arguments.jobs,
                        .stop = session.stop,
                        .progress = &session.console};
  if (arguments.type) {
    options.type = *arguments.type == "full" ? BackupType::full : BackupType::incremental;
  }
  if (!arguments.map.empty()) options.field_map = parse_map(arguments.map);
  if (arguments.retention) options.retention = CalendarPeriod::parse(*arguments.retention);
  if (arguments.reread) options.known_files = KnownFiles::reread;
  if (arguments.allow_empty) options.empty_segments = EmptySegments::take;
  options.clock = clock_trust(arguments);
  return options;
}

Json skipped_json(const std::vector<SkippedInput>& skipped) {
  Json::Array array;
  for (const SkippedInput& each : skipped) {
    array.push_back(Json::Object{
        {"name", each.name}, {"reason", each.reason}, {"detail", json_text(each.detail)}});
  }
  return array;
}

int dry_run_backup(const Session& session, const Vault& vault, SegmentSource& source,
                   const BackupOptions& options) {
  const BackupPlan plan = plan_backup(vault, source, options);
  Json::Array names;
  for (const std::string& name : plan.to_read) {
    names.push_back(json_text(name));
    session.console.line("would read " + printable(name));
  }
  session.console.object(
      {{"dryRun", true},
       {"tenantId", options.tenant.str()},
       {"backupType", plan.backup_type == BackupType::full ? "full" : "incremental"},
       {"toRead", std::move(names)},
       {"bytesToRead", plan.bytes_to_read},
       {"segmentsUnchanged", plan.segments_unchanged},
       {"skipped", skipped_json(plan.skipped)}});
  session.console.line(counted(plan.to_read.size(), "segment") + " to read, " +
                       human_bytes(static_cast<double>(plan.bytes_to_read)) + "; " +
                       std::to_string(plan.segments_unchanged) + " unchanged");
  return 0;
}

Json kept_json(const std::optional<KeptSegments>& kept) {
  if (!kept) return Json();
  return Json::Object{
      {"first", format_time(kept->first)},
      {"last", format_time(kept->last)},
      {"overdue", kept->overdue},
      {"firstOverdue", kept->first_overdue ? Json(format_time(*kept->first_overdue)) : Json()}};
}

Json::Object backup_object(const BackupResult& result) {
  Json::Array alarms;
  for (const AlteredSegment& alarm : result.alarms) {
    alarms.push_back(Json::Object{{"stream", alarm.stream.str()},
                                  {"segment", alarm.segment.str()},
                                  {"sequence", alarm.sequence},
                                  {"foundBytes", alarm.found_bytes},
                                  {"foundChangedAt", format_time(alarm.found_changed_at)}});
  }
  Json::Array gone;
  for (const std::string& name : result.gone) gone.push_back(name);
  return {{"recoveryPointId", result.recovery_point_id},
          {"tenantId", result.tenant.str()},
          {"region", result.region.str()},
          {"backupType", result.backup_type == BackupType::full ? "full" : "incremental"},
          {"status", to_string(result.status)},
          {"segmentsNew", result.segments_new},
          {"segmentsUnchanged", result.segments_unchanged},
          {"records", result.records},
          {"bytes", result.bytes},
          {"storedBytes", result.stored_bytes},
          {"merkleRoot", result.merkle_root.hex()},
          {"skipped", skipped_json(result.skipped)},
          {"alarms", std::move(alarms)},
          {"kept", kept_json(result.kept)},
          {"clockWarning", result.clock_warning ? Json(*result.clock_warning) : Json()},
          {"anchors", anchors_json(result.anchors)},
          {"gone", std::move(gone)}};
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
                anchors_exit_code(result.anchors));
}

/// What a run of verify looks at, in order.
struct ToVerify {
  TenantId tenant;
  std::optional<std::string> point;  ///< Absent for a tenant without any: its ledger alone.
};

/// Every point, or each tenant's newest; no tenant is passed over.
std::vector<ToVerify> all_to_verify(ObjectStore& store, bool newest_only) {
  std::vector<ToVerify> wanted;
  for (const TenantId& tenant : list_tenants(store)) {
    auto points = list_points(store, tenant);
    if (points.empty()) wanted.push_back({tenant, std::nullopt});
    if (newest_only && points.size() > 1) points.erase(points.begin(), points.end() - 1);
    for (auto& [owner, id] : points) wanted.push_back({owner, std::move(id)});
  }
  return wanted;
}

/// An instant itself; of a date its last instant's next.
Time end_of(const std::string& until) {
  const auto instant = parse_time(until);
  return instant ? *instant : *parse_time_or_day(until).to;
}

RestoreOptions restore_options(const Session& session) {
  const Arguments& arguments = session.arguments;
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

int dry_run_restore(const Session& session, const RestorePlan& plan) {
  Json::Array items;
  std::uint64_t bytes = 0;
  for (const RestorePlan::Item& item : plan.items) {
    items.push_back(Json::Object{
        {"name", json_text(item.name)}, {"records", item.records}, {"bytes", item.bytes}});
    session.console.line("would restore " + printable(item.name) + ", " +
                         human_bytes(static_cast<double>(item.bytes)));
    bytes += item.bytes;
  }
  session.console.object({{"dryRun", true},
                          {"recoveryPointId", *session.arguments.point},
                          {"segments", std::move(items)},
                          {"bytes", bytes}});
  return 0;
}

}  // namespace

int run_backup(const Session& session) {
  const BackupOptions options = backup_options(session);
  const Environment environment = system_environment();
  const auto vault = open_vault(environment, session.arguments);
  require_outside(session.arguments.from, session.arguments.vault);
  const auto source = segment_folder(environment.files, absolute_path(session.arguments.from));
  if (session.arguments.dry_run) return dry_run_backup(session, *vault, *source, options);
  const BackupResult result = take_backup(*vault, *source, options);
  session.console.end_progress();
  session.console.object(backup_object(result));
  print_backup(session.console, result);
  print_anchors(session.console, result.anchors);
  return backup_exit_code(result);
}

/// Nothing for a point without the segment that is asked for.
std::optional<Report> verify_if_holding(ObjectStore& store, const std::string& id,
                                        const TrustPolicy* trust,
                                        std::span<const age::Identity> identities,
                                        const VerifyOptions& options) {
  try {
    return verify_point(store, id, trust, identities, options);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found || !options.segment) throw;
    return std::nullopt;
  }
}

/// What cannot be read of one tenant keeps nobody from verifying the others.
Check unreadable_check(const Error& error) {
  Check check;
  check.name = "documents";
  check.state = CheckState::not_checked;
  check.subject = error.subject();
  check.found = error.message();
  return check;
}

int run_verify(const Session& session) {
  const Arguments& arguments = session.arguments;
  const Environment environment = system_environment();
  const auto store = open_store(environment, arguments.vault);
  const bool stored = arguments.depth == "stored";
  const Keys keys =
      load_keys(environment, arguments, stored ? KeyUse::trust_only : KeyUse::secrets);
  VerifyOptions options;
  options.depth = stored ? VerifyDepth::stored : VerifyDepth::content;
  if (arguments.segment) options.segment = parse_segment_name(*arguments.segment);
  options.workers = arguments.jobs;
  options.stop = session.stop;
  options.progress = &session.console;
  options.now = environment.clock->now();
  const TrustPolicy* trust = keys.trust ? &*keys.trust : nullptr;
  int exit_code = 0;
  const auto take_in = [&](const ToVerify& what, const Report& report) {
    session.console.end_progress();
    Json::Object object{{"recoveryPointId", what.point ? Json(*what.point) : Json()},
                        {"verdict", to_string(report.verdict())},
                        {"checks", checks_json(report.checks)}};
    if (!what.point) object.emplace("tenantId", what.tenant.str());
    session.console.object(object);
    print_report(session.console,
                 what.point.value_or("ledger of " + printable(what.tenant.str()) +
                                     ", which has no recovery point"),
                 report);
    exit_code = graver(exit_code, report.exit_code());
  };
  if (arguments.point) {
    const std::string& id = *arguments.point;
    take_in({tenant_of_point(*store, id), id},
            verify_point(*store, id, trust, keys.identities, options));
    return exit_code;
  }
  bool any = false;
  const auto verify_one = [&](const ToVerify& what) -> std::optional<Report> {
    if (!what.point) return verify_ledger(*store, what.tenant, trust, session.stop, options.now);
    return verify_if_holding(*store, *what.point, trust, keys.identities, options);
  };
  for (const ToVerify& what : all_to_verify(*store, !arguments.all)) {
    try {
      const auto report = verify_one(what);
      if (!report) continue;
      take_in(what, *report);
      any = any || what.point || !options.segment;
    } catch (const Error& error) {
      if (!is_of_one_tenant(error)) throw;
      take_in(what, {what.point.value_or(""), {unreadable_check(error)}});
      any = true;
    }
  }
  if (any) return exit_code;
  throw Error(ErrorKind::not_found, arguments.segment.value_or("recovery point"),
              arguments.segment ? "is in no point looked at"
                                : "there is none yet in " + arguments.vault.string());
}

int run_restore(const Session& session) {
  const Arguments& arguments = session.arguments;
  const Environment environment = system_environment();
  const RestoreOptions options = restore_options(session);
  const auto store = open_store(environment, arguments.vault);
  require_outside(arguments.to, arguments.vault);
  const Keys keys = load_keys(environment, arguments);
  if (!keys.trust) {
    throw Error(ErrorKind::unauthenticated, arguments.vault.string(),
                "no trust policy at hand: nothing is restored that cannot be verified "
                "(--keys or --trust)");
  }
  if (arguments.dry_run) {
    return dry_run_restore(session, plan_restore(*store, *arguments.point, *keys.trust, options));
  }
  const RestoreResult result =
      restore_point(*store, *environment.files, *environment.random, *arguments.point,
                    absolute_path(arguments.to), *keys.trust, keys.identities, options);
  session.console.end_progress();
  session.console.object({{"recoveryPointId", result.recovery_point_id},
                          {"folder", json_text(result.folder.string())},
                          {"verdict", to_string(result.report.verdict())},
                          {"segments", result.segments},
                          {"segmentsResumed", result.segments_resumed},
                          {"records", result.records},
                          {"bytes", result.bytes},
                          {"failures", checks_json(result.report.failures())}});
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

}  // namespace atp::cli
