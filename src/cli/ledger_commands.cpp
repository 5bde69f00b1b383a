// SPDX-License-Identifier: Apache-2.0
/// ledger checkpoint, consistency, audit, resolve, accept-clock, publish.
#include <algorithm>
#include <iostream>

#include "atp/core/error.hpp"
#include "atp/ledger/published_ledger.hpp"
#include "atp/vault/clock.hpp"
#include "atp/vault/recovery.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "cli/approvals.hpp"
#include "cli/reports.hpp"

namespace atp::cli {
namespace {

/// What the ledger's verbs have in common.
struct OpenLedger {
  explicit OpenLedger(const Session& session)
      : environment(system_environment()),
        store(open_store(environment, session.arguments.vault)),
        trust(require_trust(load_keys(environment, session.arguments, KeyUse::trust_only))),
        tenant(*session.arguments.tenant),
        options{.workers = session.arguments.jobs,
                .stop = session.stop,
                .progress = &session.console,
                .now = environment.clock->now()} {
    const auto tenants = list_tenants(*store);
    if (std::ranges::find(tenants, tenant) != tenants.end()) return;
    throw Error(ErrorKind::not_found, tenant.str(), "the vault has nothing of this tenant");
  }

  Environment environment;
  std::shared_ptr<ObjectStore> store;
  TrustPolicy trust;
  TenantId tenant;
  ScanLedgerOptions options;
};

}  // namespace

int run_ledger_checkpoint(const Session& session) {
  const OpenLedger ledger(session);
  const auto found = newest_checkpoint(*ledger.store, ledger.tenant, ledger.trust, ledger.options);
  session.console.end_progress();
  Json json = checkpoint_json(found.checkpoint);
  json.as_object().emplace("note", found.note);
  session.console.object(json.as_object());
  if (!session.console.json()) std::cout << found.note;
  return 0;
}

int run_ledger_consistency(const Session& session) {
  const OpenLedger ledger(session);
  const Consistency found = check_consistency(
      *ledger.store, ledger.tenant, ledger.trust,
      read_input(ledger.environment, session.arguments.old, kCheckpointLimit), ledger.options);
  session.console.end_progress();
  Json::Array proof;
  for (const Digest& hash : found.proof) proof.push_back(hash.hex());
  const auto optional_json = [](const std::optional<Checkpoint>& checkpoint) {
    return checkpoint ? checkpoint_json(*checkpoint) : Json();
  };
  session.console.object({{"verdict", to_string(found.report.verdict())},
                          {"old", optional_json(found.old_checkpoint)},
                          {"new", optional_json(found.new_checkpoint)},
                          {"consistencyProof", std::move(proof)},
                          {"checks", checks_json(found.report.checks)}});
  print_report(session.console, "ledger of " + printable(ledger.tenant.str()), found.report);
  if (found.report.passed()) {
    session.console.line("  what the kept checkpoint covers, " +
                         std::to_string(found.old_checkpoint->size) + " of now " +
                         std::to_string(found.new_checkpoint->size) + " entries, is unchanged");
  }
  return found.report.exit_code();
}

int run_ledger_audit(const Session& session) {
  const OpenLedger ledger(session);
  const LedgerAudit audit =
      audit_ledger(*ledger.store, ledger.tenant, ledger.trust, ledger.options);
  session.console.end_progress();
  session.console.object({{"verdict", to_string(audit.report.verdict())},
                          {"origin", audit.origin},
                          {"entries", audit.entries},
                          {"checkpoints", audit.checkpoints},
                          {"documents", audit.documents},
                          {"checks", checks_json(audit.report.checks)}});
  print_report(session.console, "ledger of " + printable(ledger.tenant.str()), audit.report);
  session.console.line("  " + std::to_string(audit.entries) + " entries, " +
                       counted(audit.checkpoints, "checkpoint") + ", " +
                       counted(audit.documents, "document") + " hold");
  return audit.report.exit_code();
}

int run_ledger_resolve(const Session& session) {
  const OpenLedger ledger(session);
  const auto vault = open_vault(ledger.environment, session.arguments);
  std::optional<std::string> kept;
  if (!session.arguments.old.empty()) {
    kept = read_input(ledger.environment, session.arguments.old, kCheckpointLimit);
  }
  if (session.arguments.request) {
    return write_request(session, *vault, plan_resolution(*vault, ledger.tenant, kept));
  }
  const auto approval =
      read_approval(session, *vault, [&] { return plan_resolution(*vault, ledger.tenant, kept); });
  const HaltRow halt = resolve_halt(*vault, ledger.tenant, kept, approval, session.stop);
  session.console.object({{"tenantId", ledger.tenant.str()},
                          {"haltedAt", format_time(halt.halted_at)},
                          {"subject", json_text(halt.subject)},
                          {"message", json_text(halt.message)}});
  session.console.line("resolved: " + printable(ledger.tenant.str()) + " was halted at " +
                       format_time(halt.halted_at) + " by " + printable(halt.subject) + ": " +
                       printable(halt.message));
  return 0;
}

int run_ledger_accept_clock(const Session& session) {
  const OpenLedger ledger(session);
  const auto vault = open_vault(ledger.environment, session.arguments);
  if (session.arguments.request) {
    return write_request(session, *vault, plan_clock_correction(*vault, ledger.tenant));
  }
  const auto approval =
      read_approval(session, *vault, [&] { return plan_clock_correction(*vault, ledger.tenant); });
  const ClockCorrection corrected =
      correct_clock(*vault, ledger.tenant, clock_trust(session.arguments), approval);
  session.console.object({{"tenantId", ledger.tenant.str()},
                          {"entries", corrected.entries},
                          {"first", corrected.first},
                          {"last", corrected.last},
                          {"newest", corrected.newest.index},
                          {"newestAt", format_time(corrected.newest.created_at)}});
  session.console.line("accepted this clock for " + printable(ledger.tenant.str()) +
                       ": of its ledger's entries " + std::to_string(corrected.entries) +
                       " stood ahead, up to entry " + std::to_string(corrected.newest.index) +
                       " of " + format_time(corrected.newest.created_at));
  return 0;
}

int run_ledger_publish(const Session& session) {
  const OpenLedger ledger(session);
  const Path folder = absolute_path(session.arguments.to);
  require_outside(folder, session.arguments.vault);
  const PublishedFiles published =
      publish_ledger(*ledger.store, ledger.trust, ledger.tenant, *ledger.environment.files,
                     *ledger.environment.random, folder, ledger.options);
  session.console.end_progress();
  Json json = checkpoint_json(published.checkpoint);
  json.as_object().emplace("filesWritten", published.files_written);
  json.as_object().emplace("folder", json_text(folder.string()));
  session.console.object(json.as_object());
  session.console.line("published " + std::to_string(published.checkpoint.size) + " entries of " +
                       published.checkpoint.origin + " to " + printable(folder.string()) + ", " +
                       counted(published.files_written, "new file"));
  return 0;
}

}  // namespace atp::cli
