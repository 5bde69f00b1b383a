// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/ledger_clock.hpp"

#include <algorithm>

#include "atp/model/acts.hpp"
#include "ledger/lines.hpp"

namespace atp {
inline namespace v0 {

std::uint64_t corrected_by(const Statement& statement) {
  if (statement.action != acts::kClockCorrected.action || !statement.subject_id) return 0;
  const auto index = ledger::parse_decimal(*statement.subject_id);
  return index && *index < statement.index ? *index + 1 : 0;
}

std::uint64_t corrected_entries(std::span<const LedgerEntry> entries) {
  std::uint64_t corrected = 0;
  for (const LedgerEntry& entry : entries) {
    corrected = std::max(corrected, corrected_by(entry.statement));
  }
  return corrected;
}

std::optional<DatedEntry> newest_plausible(std::span<const LedgerEntry> entries) {
  const std::uint64_t corrected = corrected_entries(entries);
  std::optional<DatedEntry> newest;
  for (const LedgerEntry& entry : entries) {
    if (entry.statement.index < corrected) continue;
    const Time time = entry.statement.header.created_at;
    if (!newest || time > newest->created_at) newest = DatedEntry{entry.statement.index, time};
  }
  return newest;
}

}  // namespace v0
}  // namespace atp
