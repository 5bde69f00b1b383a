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

/// The graver of two exit codes: what was found wrong before what could not be done, and that
/// before what was not checked.
inline int graver(int a, int b) {
  const auto rank = [](int code) {
    if (code == 0) return 0;
    if (code == kExitPartial) return 1;
    return code < kExitIntegrity ? 2 : 3;
  };
  if (rank(a) != rank(b)) return rank(a) > rank(b) ? a : b;
  return std::min(a, b);
}

/// Whether an error is about what is stored, and not about the machine or who may read.
inline bool is_of_contents(ErrorKind kind) {
  return kind != ErrorKind::unavailable && kind != ErrorKind::no_space &&
         kind != ErrorKind::permission_denied && kind != ErrorKind::clock_untrusted;
}

/// Exit code of what was met while all was looked at: damage, unless its kind says more.
inline int finding_exit_code(ErrorKind kind) {
  const int code = error_kind_info(kind).exit_code;
  return is_of_contents(kind) ? std::max(code, kExitIntegrity) : code;
}

}  // namespace atp::cli
