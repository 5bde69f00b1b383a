// SPDX-License-Identifier: Apache-2.0
/// A tenant's ledger, read and checked.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "atp/ledger/ledger.hpp"
#include "verify/checks.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

inline constexpr const char* kEntries = "ledger.entries";
inline constexpr const char* kCheckpoint = "ledger.checkpoint";

/// One failed check for each problem, `ledger.entries` or `ledger.checkpoint`. False where there
/// is one of the entries.
bool add_failures(const TenantId& tenant, const std::vector<Problem>& problems,
                  std::vector<Check>& checks);

/// The same, and a verified or not checked one for either where nothing failed.
void add_ledger_checks(const TenantId& tenant, const LedgerHead& head, std::vector<Check>& checks);

/// Whether others have appended, and perhaps made points, since the ledger had `size` entries.
bool has_grown(const Context& context, std::uint64_t size);

struct CheckedLedger {
  LedgerReading reading = {};
  std::vector<Check> checks = {};
  std::set<std::string> points = {};  ///< The keys of those that are stored, as listed before.
};

/// `ledger.entries`, `ledger.signatures`, and `ledger.checkpoint` for one that does not hold; where
/// the context has a clock, `ledger.clock`.
/// Also that no stored point saw a longer one. Throws: cancelled, unavailable.
CheckedLedger check_ledger(const Context& context);

/// The same, read once where the context has a memory; the point `id` must be among those stored.
std::shared_ptr<const LedgerReading> check_ledger_of(const Context& context, const std::string& id,
                                                     std::vector<Check>& checks);

}  // namespace verify
}  // namespace v0
}  // namespace atp
