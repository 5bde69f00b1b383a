// SPDX-License-Identifier: Apache-2.0
/// Questions on the terminal.
#pragma once

#include <string>

#include "atp/core/bytes.hpp"

namespace atp::cli {

/// A line that is typed without echo. Throws: unauthenticated without a terminal; cancelled.
SecretBytes ask_passphrase(const std::string& question);

}  // namespace atp::cli
