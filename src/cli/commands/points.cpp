// SPDX-License-Identifier: Apache-2.0
/// points.
#include "atp/vault/points.hpp"

#include "atp/core/error.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/rebuild.hpp"
#include "atp/verify/verify.hpp"
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
  std::optional<std::string> tenant;
};

/// A tenant's points by the store alone, where the catalog is of no use.
std::vector<RecoveryPoint> points_in_store(ObjectStore& store, const TenantId& tenant,
                                           const TrustPolicy& trust) {
  std::vector<RecoveryPoint> points;
  for (const auto& [owner, id] : list_points(store, tenant)) {
    const std::string key = layout::recovery_point(tenant, id);
    const Bytes stored = get_object(store, key, kDocumentLimit);
    points.push_back(
        require_document<RecoveryPoint>(key, std::string(as_text(stored)), trust, tenant));
  }
  return points;
}

std::vector<RecoveryPoint> points_in_catalog(const Vault& vault, const TenantId& tenant) {
  std::vector<RecoveryPoint> points;
  for (const PointRow& row : list_points(vault, tenant)) {
    points.push_back(require_document<RecoveryPoint>(row.recovery_point_id, row.manifest,
                                                     vault.trust(), tenant));
  }
  return points;
}

void note_catalog(const Session& session, const std::string& problem) {
  session.console.note("without the catalog (" + printable(problem) + "): as the store has it");
}

/// Nothing, and a note, where the catalog cannot be used or read.
std::shared_ptr<Vault> open_with_catalog(const Session& session, const Arguments& arguments) {
  std::string problem;
  try {
    auto vault =
        vault_of(system_environment(), arguments, KeyUse::trust_only, VaultAccess::read_only);
    if (vault->catalog_problem().empty()) return vault;
    problem = vault->catalog_problem();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::permission_denied) throw;
    problem = error.what();
  }
  note_catalog(session, problem);
  return nullptr;
}

/// By the catalog, or by the store where there is none or it turns out to be damaged.
std::vector<RecoveryPoint> points_of(const Session& session, const Vault* vault, ObjectStore& store,
                                     const TenantId& tenant, const TrustPolicy& trust) {
  if (vault == nullptr) return points_in_store(store, tenant, trust);
  try {
    return points_in_catalog(*vault, tenant);
  } catch (const Error& error) {
    const bool of_catalog =
        error.kind() == ErrorKind::corrupt &&
        error.subject() == absolute_path(vault->catalog_place().describe()).string();
    if (!of_catalog) throw;
    note_catalog(session, error.message());
    return points_in_store(store, tenant, trust);
  }
}

int run(const Session& session, const Arguments& arguments) {
  const Environment environment = system_environment();
  const auto store = open_store(environment, arguments.vault);
  const Keys keys = keys_of(environment, arguments, KeyUse::trust_only);
  const TrustPolicy& trust = require_trust(keys);
  const auto vault = open_with_catalog(session, arguments);
  const auto tenants =
      arguments.tenant ? std::vector{TenantId(*arguments.tenant)} : list_tenants(*store);
  std::size_t count = 0;
  int exit_code = 0;
  for (const TenantId& tenant : tenants) {
    std::vector<RecoveryPoint> points;
    try {
      points = points_of(session, vault.get(), *store, tenant, trust);
    } catch (const Error& error) {
      if (arguments.tenant || !is_of_one_tenant(error)) throw;
      session.console.warn(finding_word(session.console, error.kind()) + "  " +
                           printable(tenant.str()) + ": " + printable(error.what()));
      exit_code = graver(exit_code, finding_exit_code(error.kind()));
      continue;
    }
    for (const RecoveryPoint& point : points) {
      session.console.object(to_json(point));
      session.console.line(point.recovery_point_id + "  " +
                           std::string(to_string(point.backup_type)) + "  " +
                           counted(point.segments, "segment") + "  " +
                           human_bytes(static_cast<double>(point.bytes)));
      ++count;
    }
  }
  if (count == 0) session.console.note("no recovery points");
  return exit_code;
}

}  // namespace

void add_points(CommandLine& line) {
  auto [command, arguments] = line.add(line.app(), "points", "List recovery points", run);
  command.add_option("--tenant", arguments.tenant, "Only this tenant's");
  add_keys_options(command, arguments);
  add_trust_option(command, arguments);
}

}  // namespace atp::cli
