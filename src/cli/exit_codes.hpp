// SPDX-License-Identifier: Apache-2.0
/// Exit codes beyond those of error kinds (atp/core/error.hpp); the README has all.
#pragma once

#include <algorithm>

#include "atp/core/error.hpp"

namespace atp::cli {

inline constexpr int kExitBug = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitPartial = 3;
inline constexpr int kExitNoVault = 10;
inline constexpr int kExitWrongKey = 12;
inline constexpr int kExitIntegrity = 20;

/// The graver of two exit codes: a failure before what was not checked.
inline int graver(int a, int b) {
  if (a == 0 || b == 0) return std::max(a, b);
  if (a == kExitPartial || b == kExitPartial) return std::max(a, b);
  return std::min(a, b);
}

/// Exit code of something damaged, which may be that no trusted key has signed it.
inline int damage_exit_code(ErrorKind kind) {
  return kind == ErrorKind::untrusted ? error_kind_info(kind).exit_code : kExitIntegrity;
}

}  // namespace atp::cli
