// SPDX-License-Identifier: Apache-2.0
/// ledger checkpoint, consistency, audit, resolve, publish.
#include <algorithm>
#include <iostream>

#include "atp/core/error.hpp"
#include "atp/ledger/published_ledger.hpp"
#include "atp/vault/recovery.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "atp/view/ledgers.hpp"
#include "atp/view/text.hpp"
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
        options{
            .workers = session.arguments.jobs, .stop = session.stop, .progress = &session.console} {
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
  session.console.object(to_json(found));
  if (!session.console.json()) std::cout << found.note;
  return 0;
}

int run_ledger_consistency(const Session& session) {
  const OpenLedger ledger(session);
  const Consistency found = check_consistency(
      *ledger.store, ledger.tenant, ledger.trust,
      read_input(ledger.environment, session.arguments.old, kCheckpointLimit), ledger.options);
  session.console.end_progress();
  session.console.object(to_json(found));
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
  session.console.object(to_json(audit));
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
  session.console.object(to_json(halt));
  session.console.line("resolved: " + printable(ledger.tenant.str()) + " was halted at " +
                       format_time(halt.halted_at) + " by " + printable(halt.subject) + ": " +
                       printable(halt.message));
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
  Json::Object object = to_json(published);
  object.emplace("folder", json_text(folder.string()));
  session.console.object(object);
  session.console.line("published " + std::to_string(published.checkpoint.size) + " entries of " +
                       published.checkpoint.origin + " to " + printable(folder.string()) + ", " +
                       counted(published.files_written, "new file"));
  return 0;
}

}  // namespace atp::cli
