// SPDX-License-Identifier: Apache-2.0
/// Which entries of a ledger tell the time. One that was appended while a clock stood ahead does
/// not, once a later entry, `clock.corrected`, says so.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "atp/core/export.hpp"
#include "atp/ledger/ledger.hpp"

namespace atp {
inline namespace v0 {

/// Its `subjectId` is an index in decimal: of the entries up to that one, those that are later than
/// the statement itself were written by a clock that stood ahead.
inline constexpr std::string_view kClockCorrected = "clock.corrected";

/// To how many entries, from the first on, a statement is a correction; 0 for any other statement,
/// and for one that names no entry before itself.
ATP_EXPORT std::uint64_t corrected_by(const Statement& statement);

/// To how many entries there is a correction.
ATP_EXPORT std::uint64_t corrected_entries(std::span<const LedgerEntry> entries);

struct DatedEntry {
  std::uint64_t index;
  Time created_at;
  bool operator==(const DatedEntry&) const = default;
};

/// The entry of the greatest `createdAt` among those that count: behind the last that a correction
/// names. (The correction is one of them, and no earlier entry that it leaves is later than it.)
/// Nothing for a ledger without entries. This is the only walk over entries that a writer's clock
/// is judged by.
ATP_EXPORT std::optional<DatedEntry> newest_plausible(std::span<const LedgerEntry> entries);

}  // namespace v0
}  // namespace atp
