// SPDX-License-Identifier: Apache-2.0
/// init.
#include "atp/view/text.hpp"
#include "atp/view/vaults.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"

namespace atp::cli {
namespace {

struct Arguments : VaultArguments {
  std::string region;
  std::optional<std::string> domain;
  SealingArguments sealing;
};

int run(const Session& session, const Arguments& arguments) {
  const Path folder = absolute_path(arguments.vault);
  const auto keys = arguments.keys ? std::optional(absolute_path(*arguments.keys)) : std::nullopt;
  if (arguments.dry_run) {
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
  const Sealing sealing(environment, arguments.sealing, arguments.passphrase_file);
  const CreatedVault created =
      create_vault(environment, folder,
                   {.region = Region(arguments.region),
                    .domain = arguments.domain,
                    .keys = keys,
                    .configuration = keys ? Path() : absolute_path(configuration_folder()),
                    .sealing = sealing.options(),
                    .unlock = key_unlock(environment, arguments)});
  session.console.object(to_json(created));
  session.console.line("made vault " + created.vault_id + " in " + printable(folder.string()));
  session.console.line("keys are in " + printable(created.keys.identity.parent_path().string()) +
                       ": keep a copy elsewhere, without them nothing can be restored");
  return 0;
}

}  // namespace

void add_init(CommandLine& line) {
  auto [command, arguments] = line.add(line.app(), "init", "Make a vault and its keys", run);
  command.add_option("--region", arguments.region, "Where the vault's bytes live")->required();
  command.add_option("--domain", arguments.domain,
                     "Domain in the ledgers' origins (default: <vaultId>.invalid)");
  add_keys_options(command, arguments);
  add_sealing_options(command, arguments.sealing);
  add_dry_run(command, arguments.dry_run);
}

}  // namespace atp::cli
