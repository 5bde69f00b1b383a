// SPDX-License-Identifier: Apache-2.0
/// A writer's clock: whether anything may be written by it, and how a tenant goes on after entries
/// that were written while a clock stood ahead.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "atp/core/export.hpp"
#include "atp/ledger/ledger_clock.hpp"
#include "atp/policy/clock.hpp"
#include "atp/vault/approval.hpp"
#include "atp/vault/vault.hpp"

namespace atp {
inline namespace v0 {

enum class ClockTrust {
  judge,   ///< By what there is to compare it with; on doubt nothing is written.
  insist,  ///< Whoever asks has looked at the clock and says that it is right.
};

/// Sees that this machine's clock can be right before a job of the tenant writes: by the entries at
/// hand, and by the store's own time. An entry of the last hour stands for the store: call
/// `require_store_clock` then, before something is sealed or said. `source` gives the time of the
/// newest file at the source and is called only where that matters; null where there is no source.
/// Returns what to warn of, if anything. Who insists is still refused before the newest entry that
/// counts: `correct_clock` is the way out of that.
/// Throws: clock_untrusted, with what to do.
ATP_EXPORT std::optional<std::string> require_clock(
    const Vault& vault, const Ledger& ledger, ClockTrust trust,
    const std::function<std::optional<Time>()>& source);

/// Throws: clock_untrusted where the store says another time, or there were no vaults yet.
ATP_EXPORT void require_store_clock(const Vault& vault);

/// What was written while a clock stood ahead of this one.
struct ClockCorrection {
  TenantId tenant;
  std::uint64_t entries = 0;  ///< How many of the ledger.
  std::uint64_t first = 0;    ///< Index of the first of them.
  std::uint64_t last = 0;     ///< Index of the last of them.
  DatedEntry newest = {};     ///< The one that is furthest ahead.
  bool operator==(const ClockCorrection&) const = default;
};

/// The entries ahead of `now` that no correction names yet; nothing where there is none. The whole
/// ledger is read.
ATP_EXPORT std::optional<ClockCorrection> entries_ahead(Ledger& ledger, Time now);

/// States in the ledger, as `clock.corrected`, that the entries ahead of this clock were written by
/// one that was wrong: from then on writers are judged by the other entries. Nothing that was
/// granted is taken back: retention stays as long as it is. Where the trust policy has a rule for
/// `clock.correct`, only with an approval of what `plan_clock_correction` says now.
/// Throws: not_found where no entry is ahead; not_approved; clock_untrusted where this clock is the
/// one that cannot be right: a witness or the store says a later time or, unless `trust` insists,
/// it stands before the vault was made; precondition_failed for a halted tenant; corrupt,
/// untrusted.
ATP_EXPORT ClockCorrection correct_clock(const Vault& vault, const TenantId& tenant,
                                         ClockTrust trust,
                                         const std::optional<DualApproval>& approval);

/// What `correct_clock` would do, for those who are to approve it. Throws: not_found, corrupt,
/// untrusted, unavailable.
ATP_EXPORT Plan plan_clock_correction(const Vault& vault, const TenantId& tenant);

}  // namespace v0
}  // namespace atp
