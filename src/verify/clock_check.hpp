// SPDX-License-Identifier: Apache-2.0
/// What was written while a clock stood ahead.
#pragma once

#include <optional>
#include <vector>

#include "atp/ledger/ledger_clock.hpp"
#include "verify/checks.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

inline constexpr const char* kLedgerClock = "ledger.clock";

/// Takes the entries of a ledger in their order. Memory grows with those that are ahead alone.
class ClockAudit {
 public:
  /// Without `now` no entry is ahead.
  ClockAudit(TenantId tenant, std::optional<Time> now) : tenant_(std::move(tenant)), now_(now) {}

  void push(const Statement& statement);

  /// `ledger.clock`: not checked, for entries ahead of the clock that no correction names;
  /// attested, for each correction. Nothing where there is neither.
  void finish(std::vector<Check>& checks) const;

 private:
  TenantId tenant_;
  std::optional<Time> now_;
  std::vector<DatedEntry> ahead_;
  std::vector<Check> corrections_;
};

/// `point.clock`: not checked, for a point that was made ahead of the clock of `context`, unless
/// its statement is one of the first `corrected` entries of the ledger.
void check_point_clock(const Context& context, const std::string& key, Time created_at,
                       const std::optional<LedgerEntry>& entry, std::uint64_t corrected,
                       std::vector<Check>& checks);

}  // namespace verify
}  // namespace v0
}  // namespace atp
