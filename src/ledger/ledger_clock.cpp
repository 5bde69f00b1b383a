// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/ledger_clock.hpp"

#include <algorithm>
#include <charconv>

#include "atp/model/acts.hpp"

namespace atp {
inline namespace v0 {

std::uint64_t corrected_by(const Statement& statement) {
  if (statement.action != acts::kClockCorrected.action || !statement.subject_id) return 0;
  const std::string& text = *statement.subject_id;
  std::uint64_t index = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, index);
  const bool is_short = text == "0" || !text.starts_with('0');
  if (parsed.ec != std::errc{} || parsed.ptr != end || !is_short) return 0;
  return index < statement.index ? index + 1 : 0;
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
