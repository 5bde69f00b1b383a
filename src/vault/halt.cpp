// SPDX-License-Identifier: Apache-2.0
/// Tenants whose ledger was found not to be what it was.
#include "atp/core/error.hpp"
#include "atp/policy/retention.hpp"
#include "atp/vault/recovery.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "atp/verify/resolved_point.hpp"

namespace atp::inline v0 {
namespace {

void require_passed(const Report& report) {
  require_sound(report.checks);
  for (const Check& check : report.checks) {
    if (check.state == CheckState::verified) continue;
    throw Error(ErrorKind::corrupt, check.subject, check.name + " is not verified: " + check.found);
  }
}

bool says_other(const Error& error) {
  return error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::untrusted;
}

void halt(const Vault& vault, const TenantId& tenant, const Error& error) {
  vault.catalog().halt({.tenant = tenant,
                        .halted_at = vault.environment().clock->now(),
                        .subject = error.subject(),
                        .message = error.message()});
}

/// That the ledger stands for what it did: who resolves a halt puts it into the ledger.
void state_resolved(const Vault& vault, Ledger& ledger) {
  const Time now = vault.environment().clock->now();
  const std::string job_id = random_hex(*vault.environment().random, 16);
  vault.catalog().begin_job({.job_id = job_id,
                             .tenant = ledger.tenant(),
                             .kind = "resolve",
                             .state = JobState::completed,
                             .started_at = now,
                             .recovery_point_id = {}});
  const auto policy = current_policy(vault, ledger.tenant());
  append_statement(vault, ledger,
                   {.header = vault.new_header(ledger.tenant()),
                    .origin = {},
                    .index = 0,
                    .action = "halt.resolved",
                    .job_id = job_id,
                    .subject_id = {},
                    .subject_sha256 = {},
                    .predecessor = {}},
                   retain_document_until(now, policy ? policy->retention : kDefaultRetention));
  SegmentChains chains(vault, ledger.tenant(), SegmentChains::From::catalog);
  record_progress(vault, ledger, chains);
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

Ledger catch_up_to_write(const Vault& vault, const TenantId& tenant) {
  require_not_halted(vault, tenant);
  try {
    return catch_up(vault, tenant);
  } catch (const Error& error) {
    // What else it reads is the catalog, whose damage is no ledger's.
    const bool of_catalog = error.subject().starts_with(vault.paths().catalog.string());
    if (says_other(error) && !of_catalog) halt(vault, tenant, error);
    throw;
  }
}

void halt_for(const Vault& vault, const TenantId& tenant, const Error& error) {
  if (says_other(error) && error.subject().starts_with("ledger/")) halt(vault, tenant, error);
}

HaltRow resolve_halt(Vault& vault, const TenantId& tenant,
                     const std::optional<std::string>& kept_note, const std::stop_token& stop) {
  const WorkLock lock = vault.lock_for_rebuild();
  const auto halt = vault.catalog().find_halt(tenant);
  if (!halt) throw Error(ErrorKind::not_found, tenant.str(), "is not halted");
  vault.ledger_signer();
  const ScanLedgerOptions options{.workers = 0, .stop = stop};
  require_passed(audit_ledger(vault.store(), tenant, vault.trust(), options).report);
  if (kept_note) {
    require_passed(
        check_consistency(vault.store(), tenant, vault.trust(), *kept_note, options).report);
  }
  Ledger ledger = catch_up(vault, tenant);
  state_resolved(vault, ledger);
  vault.catalog().lift_halt(tenant);
  return *halt;
}

}  // namespace atp::inline v0
