// SPDX-License-Identifier: Apache-2.0
/// Options that several commands have.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/vault_access.hpp"

namespace atp::cli {

/// --keys, --unlock, --passphrase-file.
void add_keys_options(CLI::App& command, VaultArguments& arguments);
/// --passphrase, --recipient: of new key files.
void add_sealing_options(CLI::App& command, SealingArguments& arguments);
/// --trust, which is not needed.
void add_trust_option(CLI::App& command, VaultArguments& arguments);
/// --trust, of a command that needs no vault.
void add_required_trust(CLI::App& command, Path& trust);
void add_dry_run(CLI::App& command, bool& dry_run);
/// --clock-is-right.
void add_clock_option(CLI::App& command, bool& clock_is_right);
/// --jobs: 0 where nothing was said.
void add_jobs(CLI::App& command, unsigned& jobs);
/// POINT, which is needed.
void add_point(CLI::App& command, std::string& point);

}  // namespace atp::cli
