// SPDX-License-Identifier: Apache-2.0
/// init, points, show, catalog rebuild, doctor.
#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/points.hpp"
#include "atp/vault/recovery.hpp"
#include "atp/verify/verify.hpp"
#include "cli/session.hpp"

namespace atp::cli {
namespace {

RecoveryPoint parse_point(const std::string& key, const std::string& stored, const TenantId& tenant,
                          const TrustPolicy* trust) {
  auto checked = check_document<RecoveryPoint>(stored, trust, tenant);
  if (checked.document) return std::move(*checked.document);
  refuse_document(key, checked);
}

/// Exit code of something damaged, which may be that no trusted key has signed it.
int damage_exit_code(ErrorKind kind) {
  return kind == ErrorKind::untrusted ? error_kind_info(kind).exit_code : kExitIntegrity;
}

std::string_view type_text(BackupType type) {
  return type == BackupType::full ? "full" : "incremental";
}

Json::Object point_object(const RecoveryPoint& point) {
  return {{"recoveryPointId", point.recovery_point_id},
          {"tenantId", point.header.tenant->str()},
          {"region", point.region.str()},
          {"backupType", type_text(point.backup_type)},
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

/// What the store says; null where it keeps the package for no time, or has none.
Json kept_until(ObjectStore& store, const std::string& key) {
  const auto info = store.stat(key);
  if (!info || !info->immutability.retain_until) return Json();
  return format_time(*info->immutability.retain_until);
}

/// From when to when the store lets go of the packages.
std::string kept_text(const Json& packages) {
  std::string first;
  std::string last;
  for (const Json& package : packages.as_array()) {
    const Json& until = package.as_object().at("keptUntil");
    if (!until.is_string()) return "not known: " + package.as_object().at("key").as_string();
    const std::string& time = until.as_string();  // Times compare as texts.
    if (first.empty() || time < first) first = time;
    if (time > last) last = time;
  }
  return first.empty() ? "no package" : span_text(*parse_time(first), *parse_time(last));
}

Json packages_of(ObjectStore& store, const RecoveryPoint& point) {
  Json::Array packages;
  for (const ListPage& page : read_list_pages(store, point)) {
    for (const Descriptor& descriptor : page.descriptors) {
      packages.push_back(Json::Object{{"name", descriptor.name},
                                      {"stream", descriptor.stream.str()},
                                      {"sequence", descriptor.sequence},
                                      {"key", descriptor.key},
                                      {"sha256", descriptor.sha256.hex()},
                                      {"bytes", descriptor.bytes},
                                      {"records", descriptor.records},
                                      {"keptUntil", kept_until(store, descriptor.key)},
                                      {"merkleRoot", descriptor.merkle_root.hex()}});
    }
  }
  return packages;
}

void print_point(Console& console, const RecoveryPoint& point, const Json& packages,
                 bool verified) {
  console.line("recovery point " + point.recovery_point_id);
  console.line("  tenant     " + printable(point.header.tenant->str()) + ", region " +
               printable(point.region.str()));
  console.line("  type       " + std::string(type_text(point.backup_type)) +
               (point.parent ? ", on " + point.parent->id : ""));
  console.line("  created    " + format_time(point.header.created_at));
  console.line("  holds      " + counted(point.segments, "segment") + ", " +
               counted(point.records, "record") + ", " +
               human_bytes(static_cast<double>(point.bytes)) + " in " +
               human_bytes(static_cast<double>(point.stored_bytes)));
  console.line("  kept until " + kept_text(packages));
  console.line("  root       " + point.merkle_root.hex());
  console.line("  signature  " + (verified ? console.paint(Colour::good, "verified")
                                           : console.paint(Colour::warn, "not checked")));
  for (const SkippedInput& skipped : point.skipped) {
    console.line("  skipped    " + printable(skipped.name) + ": " + skipped.reason + ", " +
                 printable(skipped.detail));
  }
  for (const AlteredSegment& alarm : point.alarms) {
    console.line("  " + console.paint(Colour::bad, "altered") + "    " +
                 printable(alarm.stream.str()) + "/" + printable(alarm.segment.str()) +
                 ": found others, " + std::to_string(alarm.found_bytes) + " bytes");
  }
  for (const Json& package : packages.as_array()) {
    const Json::Object& each = package.as_object();
    console.line("  " + printable(each.at("stream").as_string()) + "/" +
                 printable(each.at("name").as_string()) + "  " +
                 counted(static_cast<std::uint64_t>(each.at("records").as_integer()), "record") +
                 "  " + each.at("key").as_string());
  }
}

/// A tenant's points by the store alone, where the catalog is of no use.
std::vector<RecoveryPoint> points_in_store(ObjectStore& store, const TenantId& tenant,
                                           const TrustPolicy& trust) {
  std::vector<RecoveryPoint> points;
  for (const auto& [owner, id] : list_points(store, tenant)) {
    const std::string key = layout::recovery_point(tenant, id);
    const Bytes stored = get_object(store, key, kDocumentLimit);
    points.push_back(parse_point(key, std::string(as_text(stored)), tenant, &trust));
  }
  return points;
}

std::vector<RecoveryPoint> points_in_catalog(const Vault& vault, const TenantId& tenant) {
  std::vector<RecoveryPoint> points;
  for (const PointRow& row : list_points(vault, tenant)) {
    points.push_back(parse_point(row.recovery_point_id, row.manifest, tenant, &vault.trust()));
  }
  return points;
}

/// Nothing, and a note, where the catalog cannot be used or the vault only be read.
std::shared_ptr<Vault> open_with_catalog(const Session& session) {
  std::string problem;
  try {
    auto vault = open_vault(system_environment(), session.arguments, KeyUse::trust_only);
    if (vault->catalog_problem().empty()) return vault;
    problem = vault->catalog_problem();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::permission_denied) throw;
    problem = error.what();
  }
  session.console.note("without the catalog (" + printable(problem) + "): as the store has it");
  return nullptr;
}

}  // namespace

int run_init(const Session& session) {
  const Arguments& arguments = session.arguments;
  const Path folder = absolute_path(arguments.vault);
  const auto keys = arguments.keys ? std::optional(absolute_path(*arguments.keys)) : std::nullopt;
  if (session.arguments.dry_run) {
    const Path key_folder =
        keys.value_or(absolute_path(configuration_folder()) / "atp" / "<vaultId>");
    const Region region(arguments.region);
    session.console.object({{"dryRun", true},
                            {"store", json_text(vault_paths(folder).store.string())},
                            {"catalog", json_text(vault_paths(folder).catalog.string())},
                            {"keys", json_text(key_folder.string())},
                            {"region", region.str()}});
    session.console.line("would make a vault in " + printable(folder.string()) +
                         " and its keys in " + printable(key_folder.string()));
    return 0;
  }
  const Environment environment = system_environment();
  const Sealing sealing(environment, arguments);
  const CreatedVault created =
      create_vault(environment, folder,
                   {.region = Region(arguments.region),
                    .domain = arguments.domain,
                    .keys = keys,
                    .configuration = keys ? Path() : absolute_path(configuration_folder()),
                    .sealing = sealing.options(),
                    .unlock = key_unlock(environment, arguments)});
  session.console.object({{"vaultId", created.vault_id},
                          {"store", json_text(created.paths.store.string())},
                          {"catalog", json_text(created.paths.catalog.string())},
                          {"identity", json_text(created.keys.identity.string())},
                          {"signingKey", json_text(created.keys.signing_key.string())},
                          {"ledgerKey", json_text(created.keys.ledger_key.string())},
                          {"trust", json_text(created.keys.trust.string())}});
  session.console.line("made vault " + created.vault_id + " in " + printable(folder.string()));
  session.console.line("keys are in " + printable(created.keys.identity.parent_path().string()) +
                       ": keep a copy elsewhere, without them nothing can be restored");
  return 0;
}

int run_points(const Session& session) {
  const Environment environment = system_environment();
  const auto store = open_store(environment, session.arguments.vault);
  const Keys keys = load_keys(environment, session.arguments, KeyUse::trust_only);
  if (!keys.trust) {
    throw Error(ErrorKind::unauthenticated, session.arguments.vault.string(),
                "no trust policy at hand (--keys)");
  }
  const auto vault = open_with_catalog(session);
  const auto tenants = session.arguments.tenant ? std::vector{TenantId(*session.arguments.tenant)}
                                                : list_tenants(*store);
  std::size_t count = 0;
  int exit_code = 0;
  for (const TenantId& tenant : tenants) {
    std::vector<RecoveryPoint> points;
    try {
      points =
          vault ? points_in_catalog(*vault, tenant) : points_in_store(*store, tenant, *keys.trust);
    } catch (const Error& error) {
      if (session.arguments.tenant || !is_of_one_tenant(error)) throw;
      session.console.note(session.console.paint(Colour::bad, "damaged") + "  " +
                           printable(tenant.str()) + ": " + printable(error.what()));
      exit_code = graver(exit_code, damage_exit_code(error.kind()));
      continue;
    }
    for (const RecoveryPoint& point : points) {
      session.console.object(point_object(point));
      session.console.line(point.recovery_point_id + "  " +
                           std::string(type_text(point.backup_type)) + "  " +
                           counted(point.segments, "segment") + "  " +
                           human_bytes(static_cast<double>(point.bytes)));
      ++count;
    }
  }
  if (count == 0) session.console.note("no recovery points");
  return exit_code;
}

int run_show(const Session& session) {
  const Environment environment = system_environment();
  const auto store = open_store(environment, session.arguments.vault);
  const Keys keys = load_keys(environment, session.arguments, KeyUse::trust_only);
  const TenantId tenant = tenant_of_point(*store, *session.arguments.point);
  const std::string key = layout::recovery_point(tenant, *session.arguments.point);
  const Bytes stored = get_object(*store, key, kDocumentLimit);
  const RecoveryPoint point =
      parse_point(key, std::string(as_text(stored)), tenant, keys.trust ? &*keys.trust : nullptr);
  const Json packages = packages_of(*store, point);
  Json::Object object = parse_json(as_text(stored)).as_object();
  object["packages"] = packages;
  object["sha256"] = sha256(stored).hex();
  object["signatureState"] = keys.trust ? "verified" : "not_checked";
  session.console.object(object);
  print_point(session.console, point, packages, keys.trust.has_value());
  return 0;
}

int run_catalog_rebuild(const Session& session) {
  const auto vault = open_vault(system_environment(), session.arguments);
  if (session.arguments.dry_run) {
    const DerivedRows rows = derive_rows(*vault, session.stop, &session.console);
    session.console.end_progress();
    session.console.object({{"dryRun", true},
                            {"tenants", rows.heads.size()},
                            {"segments", rows.segments.size()},
                            {"points", rows.points.size()}});
    session.console.line("would record " + counted(rows.points.size(), "point") + " and " +
                         counted(rows.segments.size(), "segment"));
    return 0;
  }
  const RebuildResult result = rebuild_catalog(*vault, session.stop, &session.console);
  session.console.end_progress();
  int exit_code = 0;
  Json::Array damaged;
  for (const RebuildResult::Damaged& each : result.damaged) {
    exit_code = graver(exit_code, damage_exit_code(each.kind));
    damaged.push_back(Json::Object{{"tenantId", each.tenant.str()},
                                   {"kind", error_kind_info(each.kind).name},
                                   {"subject", json_text(each.subject)},
                                   {"message", json_text(each.message)}});
    session.console.line(session.console.paint(Colour::bad, "damaged") + "  " +
                         printable(each.tenant.str()) + ": " + printable(each.subject) + ": " +
                         printable(each.message));
  }
  session.console.object({{"tenants", result.tenants},
                          {"segments", result.segments},
                          {"points", result.points},
                          {"damaged", std::move(damaged)},
                          {"kept", result.kept ? Json(json_text(result.kept->string())) : Json()}});
  session.console.line("recorded " + counted(result.points, "point") + " and " +
                       counted(result.segments, "segment") + " of " +
                       counted(result.tenants, "tenant"));
  if (result.kept)
    session.console.line("the old catalog is kept as " + printable(result.kept->string()));
  return exit_code;
}

int run_doctor(const Session& session) {
  const auto vault = open_vault(system_environment(), session.arguments);
  const auto findings =
      examine(*vault, session.arguments.dry_run ? Mending::report_only : Mending::mend);
  FindingState worst = FindingState::good;
  int exit_code = 0;
  Json::Array objects;
  for (const Finding& finding : findings) {
    worst = std::max(worst, finding.state);
    if (finding.state == FindingState::doubtful) exit_code = graver(exit_code, kExitPartial);
    if (finding.error) exit_code = graver(exit_code, damage_exit_code(*finding.error));
    objects.push_back(Json::Object{{"name", finding.name},
                                   {"state", to_string(finding.state)},
                                   {"subject", json_text(finding.subject)},
                                   {"detail", json_text(finding.detail)}});
    const Colour colour = finding.state == FindingState::good  ? Colour::good
                          : finding.state == FindingState::bad ? Colour::bad
                                                               : Colour::warn;
    session.console.line(session.console.paint(colour, to_string(finding.state)) + "  " +
                         finding.name + "  " + printable(finding.subject) + ": " +
                         printable(finding.detail));
  }
  session.console.object({{"verdict", to_string(worst)}, {"findings", std::move(objects)}});
  return exit_code;
}

}  // namespace atp::cli
