// SPDX-License-Identifier: Apache-2.0
/// A tenant's ledger, read and checked.
#pragma once

#include <vector>

#include "atp/ledger/ledger.hpp"
#include "verify/checks.hpp"

namespace atp::inline v0::verify {

inline constexpr const char* kCheckpoint = "ledger.checkpoint";

/// `ledger.entries`, `ledger.signatures`, and `ledger.checkpoint` for one that does not hold.
LedgerReading check_ledger(const Context& context, std::vector<Check>& checks);

}  // namespace atp::inline v0::verify
