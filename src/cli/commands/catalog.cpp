// SPDX-License-Identifier: Apache-2.0
/// catalog rebuild.
#include "atp/vault/rebuild.hpp"
#include "atp/view/vaults.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/options.hpp"
#include "cli/reports.hpp"

namespace atp::cli {
namespace {

int run(const Session& session, const VaultArguments& arguments) {
  const auto vault = vault_of(system_environment(), arguments);
  if (arguments.dry_run) {
    const DerivedRows rows = derive_rows(*vault, session.stop, &session.console);
    session.console.end_progress();
    Json::Object object = to_json(rows);
    object.emplace("dryRun", true);
    session.console.object(object);
    session.console.line("would record " + counted(rows.points.size(), "point") + " and " +
                         counted(rows.segments.size(), "segment"));
    return 0;
  }
  const RebuildResult result = rebuild_catalog(*vault, session.stop, &session.console);
  session.console.end_progress();
  int exit_code = 0;
  for (const RebuildResult::Damaged& each : result.damaged) {
    exit_code = graver(exit_code, finding_exit_code(each.kind));
    session.console.line(finding_word(session.console, each.kind) + "  " +
                         printable(each.tenant.str()) + ": " + printable(each.subject) + ": " +
                         printable(each.message));
  }
  session.console.object(to_json(result));
  session.console.line("recorded " + counted(result.points, "point") + " and " +
                       counted(result.segments, "segment") + " of " +
                       counted(result.tenants, "tenant"));
  if (result.kept)
    session.console.line("the old catalog is kept as " + printable(result.kept->string()));
  return exit_code;
}

}  // namespace

void add_catalog(CommandLine& line) {
  CLI::App& catalog = line.add_family("catalog", "Work on the catalog");
  auto [command, arguments] =
      line.add(catalog, "rebuild", "Rebuild the catalog from the store alone", run);
  add_keys_options(command, arguments);
  add_trust_option(command, arguments);
  add_dry_run(command, arguments.dry_run);
}

}  // namespace atp::cli
