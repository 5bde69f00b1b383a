// SPDX-License-Identifier: Apache-2.0
/// What a command runs in.
#pragma once

#include <stop_token>

#include "cli/console.hpp"

namespace atp::cli {

struct Session {
  Console& console;
  std::stop_token stop = {};
};

}  // namespace atp::cli
