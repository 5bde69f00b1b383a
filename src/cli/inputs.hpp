// SPDX-License-Identifier: Apache-2.0
/// Paths, files, numbers and names as they are said on the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "atp/vault/clock.hpp"
#include "atp/vault/vault.hpp"
#include "atp/verify/verify.hpp"

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

/// Digits and nothing else; nothing for more than 64 bits.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// `STREAM/SEGMENT`. Throws: invalid_argument.
SegmentName parse_segment_name(const std::string& text);

/// What `--clock-is-right` says.
inline ClockTrust clock_trust(bool clock_is_right) {
  return clock_is_right ? ClockTrust::insist : ClockTrust::judge;
}

}  // namespace atp::cli
