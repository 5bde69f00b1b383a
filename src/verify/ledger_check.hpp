// SPDX-License-Identifier: Apache-2.0
/// A tenant's ledger, read and checked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "atp/ledger/ledger.hpp"
#include "verify/checks.hpp"

namespace atp::inline v0::verify {

inline constexpr const char* kCheckpoint = "ledger.checkpoint";

/// `ledger.entries`, `ledger.signatures`, and `ledger.checkpoint` for one that does not hold.
/// Also that no stored point saw a longer one; the point `id`, if given, must be among those
/// stored.
LedgerReading check_ledger(const Context& context, const std::optional<std::string>& id,
                           std::vector<Check>& checks);

}  // namespace atp::inline v0::verify
