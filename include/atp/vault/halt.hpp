// SPDX-License-Identifier: Apache-2.0
/// Halts: a tenant whose ledger was found not to be what it was is written on no more until an act
/// in its ledger says so. They are documents in the store, so that no lost, older or rebuilt
/// catalog forgets one.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "atp/core/error.hpp"
#include "atp/core/export.hpp"
#include "atp/vault/approval.hpp"
#include "atp/vault/open_tenant.hpp"

namespace atp {
inline namespace v0 {

/// Halts the tenant where `error`, met by whoever was about to write or wrote, says that its ledger
/// is damaged, shorter than it was or another one: nothing more is written for it, even where the
/// ledger seems sound again, until `resolve_halt`. Where the store does not take the halt, the
/// catalog has it, and the next call puts it into the store.
ATP_EXPORT void halt_for(const Vault& vault, const TenantId& tenant, const Error& error);

/// The halt that keeps a tenant from being written on, the first of those that are open; nothing
/// for a tenant that is not halted. A halt document that cannot be believed counts as one. Throws:
/// corrupt, untrusted for a ledger that does not say whether the halts there were are resolved,
/// which halts the tenant anew; unavailable, permission_denied where the store does not let itself
/// be asked.
ATP_EXPORT std::optional<HaltRow> find_halt(const Vault& vault, const TenantId& tenant);

/// Puts halts that only the catalog has, of earlier builds or where the store did not take them,
/// into the store. Whoever opens a vault to write on it does so.
ATP_EXPORT void store_halts(const Vault& vault);

/// Throws: precondition_failed for a halted tenant, with what halted it and what to do.
ATP_EXPORT void require_not_halted(const Vault& vault, const TenantId& tenant);

/// Lifts the halts of a tenant once its ledger is whole again: every entry, checkpoint and document
/// is verified, it is the ledger that the catalog saw and no shorter, and goes on from `kept_note`,
/// a checkpoint that was kept elsewhere, if one is given. A statement says that it was done, and
/// names the last of them. Where the trust policy has a rule for `halt.resolve`, only with an
/// approval of what `plan_resolution` says now. Returns what had halted it first. Throws: not_found
/// for a tenant that is not halted; not_approved; corrupt or untrusted while something does not
/// hold; precondition_failed while jobs of the vault run.
ATP_EXPORT HaltRow resolve_halt(const Vault& vault, const TenantId& tenant,
                                const std::optional<std::string>& kept_note,
                                const std::optional<DualApproval>& approval,
                                const std::stop_token& stop);

/// What `resolve_halt` would do, for those who are to approve it. A halt that only the catalog has
/// is put into the store first, since the plan names it. Throws: not_found, corrupt, untrusted,
/// unavailable, unauthenticated without signing keys.
ATP_EXPORT Plan plan_resolution(const Vault& vault, const TenantId& tenant,
                                const std::optional<std::string>& kept_note);

}  // namespace v0
}  // namespace atp
