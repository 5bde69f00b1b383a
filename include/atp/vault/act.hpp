// SPDX-License-Identifier: Apache-2.0
/// Acts, as the ledger tells of them: one statement after the fact; where something is destroyed or
/// let out, `x.intended` before and `x.done` or `x.abandoned` after.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/vault/approval.hpp"
#include "atp/vault/open_tenant.hpp"

namespace atp {
inline namespace v0 {

/// Appends `statement`, whoever else is appending, at a size of the ledger at which `condition` did
/// not throw, and its checkpoint; what opens the ledger before it where that is empty or of version 1.
/// The condition is asked anew whenever others have appended. This is the one way to append.
/// Throws: corrupt as `OpenTenant::require_checkpoint`, but for the end of a halt.
ATP_EXPORT void append_when(OpenTenant& tenant, const Statement& statement, Time retain_until,
                            const std::function<void(Ledger&)>& condition);

/// The same without a condition.
ATP_EXPORT void append_statement(OpenTenant& tenant, const Statement& statement, Time retain_until);

/// Throws: not_approved where the trust policy has a rule for `action` and there is no approval.
ATP_EXPORT void require_approval(const Vault& vault, const std::string& action,
                                 const std::optional<DualApproval>& approval);

/// Appends the statement of an act that may need approvals, and its checkpoint. Where it has some,
/// the statement names them, their documents are stored before it, and it is appended at a size of
/// the ledger at which they hold for what `plan` says then. Throws: as `require_approval` and
/// `check_approvals`.
ATP_EXPORT void append_act(OpenTenant& tenant, Statement statement, const std::string& action,
                           const std::optional<DualApproval>& approval,
                           const std::function<Plan(Ledger&)>& plan, Time retain_until);

/// Puts documents that a statement names, each sealed to the tenant's key epoch of this month.
ATP_EXPORT void store_sealed(OpenTenant& tenant, std::span<const std::string> documents,
                             Time retain_until);

/// The last thing that a job said in the ledger; nothing where it said nothing. Reads back to the
/// start of the job, and no further, where the catalog knows it.
ATP_EXPORT std::optional<Statement> last_statement(OpenTenant& tenant, const std::string& job_id);

/// Ends the action of the statement that is appended before something is destroyed or let out.
inline constexpr std::string_view kIntended = ".intended";

/// Appends what ends the act that `statement.job_id` has intended, and its checkpoint, only while
/// nothing has ended it yet and the tenant is not halted. Throws: precondition_failed otherwise.
ATP_EXPORT void append_end(OpenTenant& tenant, const Statement& statement, Time retain_until);

/// Whether a job that is no backup has done, by the ledger, what it was for. What it intended and
/// did not do is stated to be abandoned. Throws: as `append_end`.
ATP_EXPORT bool settle_act(OpenTenant& tenant, const std::string& job_id);

/// The acts that are intended and neither done nor abandoned, of jobs that the catalog does not
/// know: another host's, or this one's before its catalog was lost. The whole ledger is read.
ATP_EXPORT std::vector<Statement> unknown_intents(OpenTenant& tenant);

/// Takes such acts over: the catalog knows their jobs afterwards, so that `finish_lost_jobs` ends
/// those whose process does not run on this machine. How many there were.
ATP_EXPORT std::size_t take_over_intents(OpenTenant& tenant);

}  // namespace v0
}  // namespace atp
