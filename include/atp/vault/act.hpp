// SPDX-License-Identifier: Apache-2.0
/// Acts, as the ledger tells of them: one statement after the fact; where something is destroyed or
/// let out, `x.intended` before and `x.done` or `x.abandoned` after.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "atp/core/export.hpp"
#include "atp/ledger/ledger.hpp"
#include "atp/vault/approval.hpp"
#include "atp/vault/vault.hpp"

namespace atp {
inline namespace v0 {

/// Appends one statement, whoever else is appending, and its checkpoint; opens the ledger where it
/// is empty.
ATP_EXPORT void append_statement(const Vault& vault, Ledger& ledger, const Statement& statement,
                                 Time retain_until);

/// Throws: not_approved where the trust policy has a rule for `action` and there is no approval.
ATP_EXPORT void require_approval(const Vault& vault, const std::string& action,
                                 const std::optional<DualApproval>& approval);

/// Appends the statement of an act that may need approvals, and its checkpoint. Where it has some,
/// the statement names them, their documents are stored before it, and it is appended at a size of
/// the ledger at which they hold for what `plan` says then. Throws: as `require_approval` and
/// `check_approvals`; precondition_failed where the tenant has no key epoch to seal them to.
ATP_EXPORT void append_act(const Vault& vault, Ledger& ledger, Statement statement,
                           const std::string& action, const std::optional<DualApproval>& approval,
                           const std::function<Plan(const Ledger&)>& plan, Time retain_until);

/// Puts documents that a statement names, each sealed to the tenant's newest key epoch. Throws:
/// precondition_failed where the tenant has none yet.
ATP_EXPORT void store_sealed(const Vault& vault, const TenantId& tenant,
                             std::span<const std::string> documents, Time retain_until);

/// The last thing that a job said in the ledger; null for nothing, valid until the ledger changes.
ATP_EXPORT const Statement* last_statement(const Ledger& ledger, const std::string& job_id);

/// Of the statement that says before what will be done.
inline constexpr std::string_view kIntended = ".intended";

/// Appends what ends the act that `statement.job_id` has intended, and its checkpoint, only while
/// nothing has ended it yet and the tenant is not halted. Throws: precondition_failed otherwise.
ATP_EXPORT void append_end(const Vault& vault, Ledger& ledger, const Statement& statement,
                           Time retain_until);

/// Whether a job that is no backup has done, by the ledger, what it was for. What it intended and
/// did not do is stated to be abandoned. Throws: as `append_end`.
ATP_EXPORT bool settle_act(const Vault& vault, Ledger& ledger, const std::string& job_id);

}  // namespace v0
}  // namespace atp
