// SPDX-License-Identifier: Apache-2.0
/// Tenants whose ledger was found not to be what it was.
#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/model/acts.hpp"
#include "atp/vault/act.hpp"
#include "atp/vault/recovery.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "atp/verify/resolved_point.hpp"

namespace atp {
inline namespace v0 {
namespace {

Plan resolution_of(const HaltRow& halt, const Ledger& ledger,
                   const std::optional<std::string>& kept_note) {
  Plan plan{.action = std::string(acts::kHaltResolved.rule),
            .tenant = ledger.tenant(),
            .subject_id = ledger.tenant().str(),
            .steps = {{"halted.at", format_time(halt.halted_at)},
                      {"halted.by", halt.subject},
                      {"halted.because", halt.message},
                      {"ledger.origin", ledger.origin()},
                      {"ledger.root", ledger.root().hex()}},
            .ledger_size = ledger.size()};
  if (kept_note) plan.steps.push_back({"kept.checkpoint", sha256(as_bytes(*kept_note)).hex()});
  return plan;
}

/// That the ledger stands for what it did: who resolves a halt puts it into the ledger.
void state_resolved(const Vault& vault, Ledger& ledger, const HaltRow& halt,
                    const std::optional<std::string>& kept_note,
                    const std::optional<DualApproval>& approval) {
  const Time now = vault.environment().clock->now();
  const std::string job_id = random_hex(*vault.environment().random, 16);
  vault.catalog().begin_job({.job_id = job_id,
                             .tenant = ledger.tenant(),
                             .kind = "resolve",
                             .state = JobState::running,
                             .started_at = now});
  append_act(
      vault, ledger,
      {.header = vault.new_header(ledger.tenant()),
       .index = 0,
       .action = std::string(acts::kHaltResolved.action),
       .job_id = job_id},
      std::string(acts::kHaltResolved.rule), approval,
      [&](const Ledger& now_is) { return resolution_of(halt, now_is, kept_note); },
      document_retention(vault, ledger.tenant(), now));
  SegmentChains chains(vault, ledger.tenant(), SegmentChains::From::catalog);
  record_progress(vault, ledger, chains);
  vault.catalog().end_job(job_id, JobState::completed);
}

}  // namespace

void require_not_halted(const Vault& vault, const TenantId& tenant) {
  const auto halt = vault.catalog().find_halt(tenant);
  if (!halt) return;
  throw Error(ErrorKind::precondition_failed, tenant.str(),
              "is halted since " + format_time(halt->halted_at) + ": " + halt->subject + ": " +
                  halt->message +
                  "; put back what is missing or changed, then `atp ledger resolve`");
}

void halt_for(const Vault& vault, const TenantId& tenant, const Error& error) {
  const bool of_damage = error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::untrusted;
  // A driver names the object by its path.
  const bool of_ledger = error.subject().starts_with("ledger/") ||
                         error.subject().starts_with((vault.paths().store / "ledger/").string());
  if (!of_damage || !of_ledger) return;
  vault.catalog().halt({.tenant = tenant,
                        .halted_at = vault.environment().clock->now(),
                        .subject = error.subject(),
                        .message = error.message()});
}

Plan plan_resolution(const Vault& vault, const TenantId& tenant,
                     const std::optional<std::string>& kept_note) {
  const auto halt = vault.catalog().find_halt(tenant);
  if (!halt) throw Error(ErrorKind::not_found, tenant.str(), "is not halted");
  const Ledger ledger = catch_up(vault, tenant);
  return resolution_of(*halt, ledger, kept_note);
}

HaltRow resolve_halt(Vault& vault, const TenantId& tenant,
                     const std::optional<std::string>& kept_note,
                     const std::optional<DualApproval>& approval, const std::stop_token& stop) {
  const WorkLock lock = vault.lock_for_rebuild();
  const auto halt = vault.catalog().find_halt(tenant);
  if (!halt) throw Error(ErrorKind::not_found, tenant.str(), "is not halted");
  vault.ledger_signers();
  require_approval(vault, std::string(acts::kHaltResolved.rule), approval);
  const ScanLedgerOptions options{.workers = 0, .stop = stop};
  require_sound(audit_ledger(vault.store(), tenant, vault.trust(), options).report.checks);
  if (kept_note) {
    require_sound(
        check_consistency(vault.store(), tenant, vault.trust(), *kept_note, options).report.checks);
  }
  Ledger ledger = catch_up(vault, tenant);
  state_resolved(vault, ledger, *halt, kept_note, approval);
  vault.catalog().lift_halt(tenant);
  return *halt;
}

}  // namespace v0
}  // namespace atp
