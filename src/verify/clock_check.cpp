// SPDX-License-Identifier: Apache-2.0
#include "verify/clock_check.hpp"

#include <algorithm>

#include "atp/core/clock.hpp"
#include "atp/storage/layout.hpp"

namespace atp {
inline namespace v0 {
namespace verify {
namespace {

constexpr const char* kPointClock = "point.clock";

bool is_ahead(Time time, const std::optional<Time>& now) {
  return now && time > *now + kClockTolerance;
}

std::string ahead_text(Time time, Time now) {
  return format_time(time) + ", " + gap_text(now, time) + " ahead of this clock";
}

}  // namespace

void ClockAudit::push(const Statement& statement) {
  if (const std::uint64_t corrected = corrected_by(statement)) {
    std::erase_if(ahead_, [&](const DatedEntry& entry) { return entry.index < corrected; });
    corrections_.push_back(attested(
        kLedgerClock, layout::ledger_entry(tenant_, 0, statement.index), "times of a right clock",
        "it says that entries up to " + std::to_string(corrected - 1) + " which are later than " +
            format_time(statement.header.created_at) + " were written while a clock stood ahead",
        CheckClass::integrity));
  }
  if (is_ahead(statement.header.created_at, now_)) {
    ahead_.push_back({statement.index, statement.header.created_at});
  }
}

void ClockAudit::finish(std::vector<Check>& checks) const {
  checks.insert(checks.end(), corrections_.begin(), corrections_.end());
  if (ahead_.empty()) return;
  const DatedEntry& newest = *std::ranges::max_element(ahead_, {}, &DatedEntry::created_at);
  const std::string others = ahead_.size() == 1
                                 ? std::string()
                                 : ", and so are " + std::to_string(ahead_.size() - 1) +
                                       " more, from " + std::to_string(ahead_.front().index) +
                                       " to " + std::to_string(ahead_.back().index);
  checks.push_back(not_checked(kLedgerClock, layout::ledger_entry(tenant_, 0, newest.index),
                               "the entry is of " + ahead_text(newest.created_at, *now_) + others +
                                   ": set the clock, or, if it is right, `atp ledger "
                                   "accept-clock` says that they were written by a wrong one"));
}

void check_point_clock(const Context& context, const std::string& key, Time created_at,
                       const std::optional<LedgerEntry>& entry, std::uint64_t corrected,
                       std::vector<Check>& checks) {
  if (!is_ahead(created_at, context.now)) return;
  if (entry && entry->statement.index < corrected) return;
  checks.push_back(
      not_checked(kPointClock, key, "the point is of " + ahead_text(created_at, *context.now)));
}

}  // namespace verify
}  // namespace v0
}  // namespace atp
