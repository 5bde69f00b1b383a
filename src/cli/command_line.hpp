// SPDX-License-Identifier: Apache-2.0
/// What can be said on the command line. Each file of `commands/` adds its own verbs: the options
/// beside the members that they fill, and the function that reads them.
#pragma once

#include <CLI/CLI.hpp>
#include <concepts>
#include <functional>
#include <memory>
#include <string>

#include "cli/session.hpp"
#include "cli/vault_access.hpp"

namespace atp::cli {

/// What the line asks for.
struct Chosen {
  std::function<int(const Session&)> run = {};
  Path vault = {};  ///< Empty for a command that needs none.
  bool json = false;
  bool quiet = false;
};

/// A command that was added, and where its options put what they are given.
template <class Arguments>
struct Added {
  CLI::App& command;
  Arguments& arguments;
};

class CommandLine {
 public:
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App& app() { return app_; }
  /// A word that only others follow, such as `ledger`.
  CLI::App& add_family(const std::string& name, const std::string& text);

  /// A command below `parent`; with the option VAULT where its arguments are `VaultArguments` and
  /// more. Its return value is the exit code; it throws `Error` where it could not be done.
  template <class Arguments>
  Added<Arguments> add(CLI::App& parent, const std::string& name, const std::string& text,
                       int (*run)(const Session&, const Arguments&)) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command = parent.add_subcommand(name, text);
    if constexpr (std::derived_from<Arguments, VaultArguments>) {
      command->add_option("VAULT", arguments->vault, "The vault's folder")->required();
    }
    command->callback([this, run, arguments] {
      chosen_.run = [run, arguments](const Session& session) { return run(session, *arguments); };
      if constexpr (std::derived_from<Arguments, VaultArguments>) chosen_.vault = arguments->vault;
    });
    return {*command, *arguments};
  }

  /// What was chosen; nothing to run, and an exit code, where help or the version was asked for and
  /// printed, or where the line is none and that was said.
  const Chosen& parse(int argc, char** argv, int& exit_code);

 private:
  CLI::App app_{"Backup, restore and verification of audit trails", "atp"};
  Chosen chosen_;
};

}  // namespace atp::cli
