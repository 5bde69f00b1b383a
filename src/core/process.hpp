// SPDX-License-Identifier: Apache-2.0
/// The running process and what it loads, for the sources of the library only. Thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "atp/core/file_system.hpp"

namespace atp {
inline namespace v0 {

/// Another one in a process that was forked from this one.
std::uint64_t process_id();

/// Whose rights the process has (the effective user id).
std::uint32_t user_id();

/// Where `symbol` is in a shared library, which then stays loaded while the process runs: its
/// threads may outlive whoever asked. Throws: not_found where there is no file; unsupported where
/// it is no library, or has no such symbol.
void* load_symbol(const Path& library, const std::string& symbol);

}  // namespace v0
}  // namespace atp
