// SPDX-License-Identifier: Apache-2.0
/// What can be said on the command line.
#pragma once

#include "cli/commands.hpp"

namespace atp::cli {

using Run = int (*)(const Session&);

/// The verb to run. Null, with an exit code, where help or the version was asked for and printed,
/// or where the line is none and that was said.
Run parse_command_line(int argc, char** argv, Arguments& arguments, int& exit_code);

}  // namespace atp::cli
