// SPDX-License-Identifier: Apache-2.0
#include "cli/options.hpp"

namespace atp::cli {

void add_keys_options(CLI::App& command, VaultArguments& arguments) {
  command.add_option("--keys", arguments.keys,
                     "Folder of the keys (default: <configuration>/atp/<vaultId>)");
  command.add_option("--unlock", arguments.unlock,
                     "age identity that opens sealed keys (default: unlock.key.age there)");
  command.add_option("--passphrase-file", arguments.passphrase_file,
                     "File with the passphrase of sealed keys (default: ask on the terminal)");
}

void add_sealing_options(CLI::App& command, SealingArguments& arguments) {
  auto* passphrase = command.add_flag("--passphrase", arguments.passphrase,
                                      "Seal the key files with a passphrase");
  command.add_option("--recipient", arguments.recipient, "Seal the key files to an age recipient")
      ->excludes(passphrase);
}

void add_trust_option(CLI::App& command, VaultArguments& arguments) {
  command.add_option("--trust", arguments.trust, "Trust policy (default: trust.json there)");
}

void add_required_trust(CLI::App& command, Path& trust) {
  command.add_option("--trust", trust, "Trust policy, from a place you trust")->required();
}

void add_dry_run(CLI::App& command, bool& dry_run) {
  command.add_flag("--dry-run", dry_run, "Say what would be done and do nothing");
}

void add_clock_option(CLI::App& command, bool& clock_is_right) {
  command.add_flag("--clock-is-right", clock_is_right,
                   "Go on where this machine's clock looks wrong");
}

void add_jobs(CLI::App& command, unsigned& jobs) {
  command.add_option("--jobs", jobs, "Threads (default: two more than cores)")
      ->check(CLI::Range(1, 256));
}

void add_point(CLI::App& command, std::string& point) {
  command.add_option("POINT", point, "Id of the recovery point")->required();
}

}  // namespace atp::cli
