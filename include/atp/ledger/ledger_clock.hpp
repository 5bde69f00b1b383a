// SPDX-License-Identifier: Apache-2.0
/// Which entries of a ledger tell the time. One that was appended while a clock stood ahead does
/// not, once a later entry, `clock.corrected`, says so.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "atp/core/export.hpp"
#include "atp/ledger/ledger.hpp"

namespace atp {
inline namespace v0 {

/// To how many entries, from the first on, a statement is a correction; 0 for any other statement
/// than `acts::kClockCorrected`, and for one that names no entry before itself.
ATP_EXPORT std::uint64_t corrected_by(const Statement& statement);

/// To how many entries of the ledger, from its first on, one of `entries` is a correction.
ATP_EXPORT std::uint64_t corrected_entries(std::span<const LedgerEntry> entries);

struct DatedEntry {
  std::uint64_t index;
  Time created_at;
  bool operator==(const DatedEntry&) const = default;
};

/// The entry of the greatest `createdAt` among those that count: behind the last that a correction
/// names. (The correction is one of them, and no earlier entry that it leaves is later than it.)
/// Nothing where there are no entries. They are the ledger's last ones: a correction comes after
/// what it names, so that the end of a ledger says of its own entries whether they count. This is
/// the only walk over entries that a writer's clock is judged by.
ATP_EXPORT std::optional<DatedEntry> newest_plausible(std::span<const LedgerEntry> entries);

}  // namespace v0
}  // namespace atp
