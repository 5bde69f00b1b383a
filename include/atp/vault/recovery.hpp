// SPDX-License-Identifier: Apache-2.0
/// What keeps catalog and store together: catching up with the ledger, finishing what a crash left,
/// rebuilding, and the doctor.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "atp/catalog/catalog.hpp"
#include "atp/core/error.hpp"
#include "atp/core/export.hpp"
#include "atp/core/progress.hpp"
#include "atp/vault/act.hpp"
#include "atp/vault/approval.hpp"
#include "atp/vault/tenant.hpp"

namespace atp {
inline namespace v0 {

/// The tenant's ledger, compared with the catalog. Entries that the catalog lacks must belong to
/// jobs it knows; anything else means another or older catalog.
/// Throws: unavailable for such a catalog, corrupt for a ledger that is damaged, shorter than the
/// catalog's head or another one; untrusted.
ATP_EXPORT Ledger catch_up(const Vault& vault, const TenantId& tenant);

/// Halts the tenant where `error`, met by whoever was about to write or wrote, says that its ledger
/// is damaged, shorter than it was or another one: nothing more is written for it, even where the
/// ledger seems sound again, until `resolve_halt`.
ATP_EXPORT void halt_for(const Vault& vault, const TenantId& tenant, const Error& error);

/// Throws: precondition_failed for a halted tenant, with what halted it and what to do.
ATP_EXPORT void require_not_halted(const Vault& vault, const TenantId& tenant);

/// Lifts the halt of a tenant once its ledger is whole again: every entry, checkpoint and document
/// is verified, it is the ledger that the catalog saw and no shorter, and goes on from `kept_note`,
/// a checkpoint that was kept elsewhere, if one is given. A statement says that it was done.
/// Where the trust policy has a rule for `halt.resolve`, only with an approval of what
/// `plan_resolution` says now. Returns what had halted it. Throws: not_found for a tenant that is
/// not halted; not_approved; corrupt or untrusted while something does not hold;
/// precondition_failed while jobs run.
ATP_EXPORT HaltRow resolve_halt(Vault& vault, const TenantId& tenant,
                                const std::optional<std::string>& kept_note,
                                const std::optional<DualApproval>& approval,
                                const std::stop_token& stop);

/// What `resolve_halt` would do, for those who are to approve it. Throws: not_found, corrupt,
/// untrusted, unavailable.
ATP_EXPORT Plan plan_resolution(const Vault& vault, const TenantId& tenant,
                                const std::optional<std::string>& kept_note);

/// Records in the catalog what `chains` and `ledger` have beyond it.
ATP_EXPORT void record_progress(const Vault& vault, const Ledger& ledger, SegmentChains& chains);

/// Grows the retention of everything that a point and its parents need, as far as the policies ask,
/// and reads it back; on `workers` threads. What is there is grown even where something is missing.
/// Throws: corrupt where something is missing, untrusted.
ATP_EXPORT void keep_point(const Vault& vault, const Ledger& ledger, const SegmentChains& chains,
                           const RecoveryPoint& point, unsigned workers);

/// Checks that all that a stored point needs is there, appends the statement that completes it and
/// its checkpoint, and keeps the point. Harmless where some of it is done.
/// Throws: corrupt or untrusted, and nothing is appended, for a point that needs what is not there
/// or that nobody trusted has signed.
ATP_EXPORT void complete_point(const Vault& vault, Ledger& ledger, const SegmentChains& chains,
                               const std::string& job_id, const std::string& recovery_point_id,
                               unsigned workers);

/// Ends jobs of the tenant whose process is gone, also those that only its ledger knows: a point
/// whose manifest is stored and whole is completed, others are given up. How many there were.
ATP_EXPORT std::size_t finish_lost_jobs(const Vault& vault, Ledger& ledger, SegmentChains& chains,
                                        unsigned workers);

/// Rebuilds the derived tables from the store alone; a damaged or foreign catalog file is kept
/// beside the new one. Everything read is verified first. A tenant of whom something is damaged or
/// cannot be read, or whose ledger is not any more what the catalog at hand or a stored point saw,
/// keeps the rows that it had, and is named. (Move a catalog away to let go of what it saw.)
/// Throws: precondition_failed while jobs run.
struct RebuildResult {
  struct Damaged {
    TenantId tenant;
    ErrorKind kind;
    std::string subject;
    std::string message;
  };
  std::size_t tenants = 0;
  std::size_t segments = 0;
  std::size_t points = 0;
  std::vector<Damaged> damaged = {};
  std::optional<Path> kept = {};  ///< Where the old catalog went, if it could not be opened.
};
ATP_EXPORT RebuildResult rebuild_catalog(Vault& vault, const std::stop_token& stop,
                                         ProgressSink* progress);

/// The derived rows as the store says they must be. Throws: corrupt, untrusted.
ATP_EXPORT DerivedRows derive_rows(const Vault& vault, const std::stop_token& stop,
                                   ProgressSink* progress);

/// Whether an error is about what is stored for one tenant, damaged or not to be read, so that the
/// others can be looked at; else it is about the store, or ourselves.
ATP_EXPORT bool is_of_one_tenant(const Error& error);

enum class FindingState {
  good,
  mended,
  doubtful,  ///< Nothing is damaged, but somebody must look: an entry is ahead of this clock.
  bad,
};
ATP_EXPORT std::string_view to_string(FindingState state);
struct Finding {
  std::string name;  ///< `vault`, `store`, `temporaries`, `ledger`, `keys`, `catalog`.
  FindingState state;
  std::string subject;
  std::string detail;
  std::optional<ErrorKind> error = {};  ///< Where it is bad.
};
enum class Mending { mend, report_only };
/// Looks the vault over and, unless told otherwise, mends what a crash left.
ATP_EXPORT std::vector<Finding> examine(Vault& vault, Mending mending);

}  // namespace v0
}  // namespace atp
