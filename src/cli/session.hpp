// SPDX-License-Identifier: Apache-2.0
/// What several commands need: keys and vaults from arguments, names from text.
#pragma once

#include <memory>

#include "atp/keys/key_folder.hpp"
#include "atp/vault/vault.hpp"
#include "atp/verify/verify.hpp"
#include "cli/commands.hpp"

namespace atp::cli {

/// `$XDG_CONFIG_HOME`, else `~/.config`; nothing where neither is known.
std::optional<Path> find_configuration_folder();
/// The same. Throws: invalid_argument.
Path configuration_folder();

/// Throws: invalid_argument for a path that cannot be made absolute.
Path absolute_path(const Path& path);

/// The file `path`, or standard input for `-`. Throws: invalid_argument or corrupt for more than
/// `limit` bytes.
std::string read_input(const Environment& environment, const Path& path, std::size_t limit);

/// Records in clear have no place in a vault, nor are its objects a source.
/// Throws: invalid_argument where `path` leads into `vault`.
void require_outside(const Path& path, const Path& vault);

/// From `--keys`, else the vault's default folder; the trust policy from `--trust` where given.
Keys load_keys(const Environment& environment, const Arguments& arguments);

/// Throws: unauthenticated where there is none.
const TrustPolicy& require_trust(const Keys& keys);

std::shared_ptr<Vault> open_vault(const Environment& environment, const Arguments& arguments);

/// `STREAM/SEGMENT`. Throws: invalid_argument.
SegmentName parse_segment_name(const std::string& text);

}  // namespace atp::cli
