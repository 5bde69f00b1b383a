// SPDX-License-Identifier: Apache-2.0
/// ledger checkpoint, consistency, audit, anchor, resolve, accept-clock, publish.
#include <iostream>

#include "atp/core/error.hpp"
#include "atp/ledger/published_ledger.hpp"
#include "atp/vault/anchor.hpp"
#include "atp/vault/clock.hpp"
#include "atp/vault/halt.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "atp/verify/verify.hpp"
#include "atp/view/ledgers.hpp"
#include "atp/view/text.hpp"
#include "cli/approvals.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"
#include "cli/reports.hpp"

namespace atp::cli {
namespace {

struct LedgerArguments : VaultArguments {
  std::string tenant;
  unsigned jobs = 0;
};

struct ConsistencyArguments : LedgerArguments {
  Path old;
};

struct ResolveArguments : LedgerArguments {
  Path old;
  ApprovalArguments approvals;
};

struct ClockArguments : LedgerArguments {
  bool clock_is_right = false;
  ApprovalArguments approvals;
};

struct AuditArguments : LedgerArguments {
  bool bundles = false;
};

struct PublishArguments : LedgerArguments {
  Path to;
};

/// What the ledger's verbs have in common.
struct OpenLedger {
  OpenLedger(const Session& session, const LedgerArguments& arguments)
      : environment(system_environment()),
        store(open_store(environment, arguments.vault)),
        trust(require_trust(keys_of(environment, arguments, KeyUse::trust_only))),
        tenant(arguments.tenant),
        options{.workers = arguments.jobs,
                .stop = session.stop,
                .progress = &session.console,
                .now = environment.clock->now()} {
    if (has_tenant(*store, tenant)) return;
    throw Error(ErrorKind::not_found, tenant.str(), "the vault has nothing of this tenant");
  }

  Environment environment;
  std::shared_ptr<ObjectStore> store;
  TrustPolicy trust;
  TenantId tenant;
  ScanLedgerOptions options;
};

int checkpoint(const Session& session, const LedgerArguments& arguments) {
  const OpenLedger ledger(session, arguments);
  const auto found = newest_checkpoint(*ledger.store, ledger.tenant, ledger.trust, ledger.options);
  session.console.end_progress();
  session.console.object(to_json(found));
  if (!session.console.json()) std::cout << found.note;
  return 0;
}

int consistency(const Session& session, const ConsistencyArguments& arguments) {
  const OpenLedger ledger(session, arguments);
  const Consistency found = check_consistency(
      *ledger.store, ledger.tenant, ledger.trust,
      read_input(ledger.environment, arguments.old, kCheckpointLimit), ledger.options);
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

int audit(const Session& session, const AuditArguments& arguments) {
  OpenLedger ledger(session, arguments);
  if (arguments.bundles) ledger.options.entries = EntriesFrom::bundles;
  const LedgerAudit found =
      audit_ledger(*ledger.store, ledger.tenant, ledger.trust, ledger.options);
  session.console.end_progress();
  session.console.object(to_json(found));
  print_report(session.console, "ledger of " + printable(ledger.tenant.str()), found.report);
  session.console.line("  " + std::to_string(found.entries) + " entries, " +
                       counted(found.checkpoints, "checkpoint") + ", " +
                       counted(found.documents, "document") + " hold");
  if (found.from_bundles > 0) {
    session.console.line("  " + std::to_string(found.from_bundles) +
                         " entries were read out of bundles: their own objects are there, and what "
                         "they hold was not read");
  }
  return found.report.exit_code();
}

int anchor(const Session& session, const LedgerArguments& arguments) {
  const Environment environment = system_environment();
  const auto vault = vault_of(environment, arguments, KeyUse::trust_only);
  const TenantId tenant(arguments.tenant);
  OpenTenant open(*vault, tenant);
  if (open.ledger().size() == 0) {
    throw Error(ErrorKind::not_found, tenant.str(), "the vault has no ledger of this tenant");
  }
  const Anchors anchors =
      anchor_ledger(open, {.thorough = true, .stop = session.stop, .progress = &session.console});
  session.console.end_progress();
  session.console.object(to_json(anchors));
  print_anchors(session.console, anchors);
  return anchors_exit_code(anchors);
}

int resolve(const Session& session, const ResolveArguments& arguments) {
  const OpenLedger ledger(session, arguments);
  const auto vault = vault_of(ledger.environment, arguments);
  std::optional<std::string> kept;
  if (!arguments.old.empty()) {
    kept = read_input(ledger.environment, arguments.old, kCheckpointLimit);
  }
  if (arguments.approvals.request) {
    return write_request(session, arguments.approvals, *vault,
                         plan_resolution(*vault, ledger.tenant, kept));
  }
  const auto approval = read_approval(arguments.approvals, *vault,
                                      [&] { return plan_resolution(*vault, ledger.tenant, kept); });
  const HaltRow halt = resolve_halt(*vault, ledger.tenant, kept, approval, session.stop);
  session.console.object(to_json(halt));
  session.console.line("resolved: " + printable(ledger.tenant.str()) + " was halted at " +
                       format_time(halt.halted_at) + " by " + printable(halt.subject) + ": " +
                       printable(halt.message));
  return 0;
}

int accept_clock(const Session& session, const ClockArguments& arguments) {
  const OpenLedger ledger(session, arguments);
  const auto vault = vault_of(ledger.environment, arguments);
  const auto plan = [&] { return plan_clock_correction(*vault, ledger.tenant); };
  if (arguments.approvals.request) {
    return write_request(session, arguments.approvals, *vault, plan());
  }
  const auto approval = read_approval(arguments.approvals, *vault, plan);
  const ClockCorrection corrected =
      correct_clock(*vault, ledger.tenant, clock_trust(arguments.clock_is_right), approval);
  session.console.object(to_json(corrected));
  session.console.line("accepted this clock for " + printable(ledger.tenant.str()) +
                       ": of its ledger's entries " + std::to_string(corrected.entries) +
                       " stood ahead, up to entry " + std::to_string(corrected.newest.index) +
                       " of " + format_time(corrected.newest.created_at));
  return 0;
}

int publish(const Session& session, const PublishArguments& arguments) {
  const OpenLedger ledger(session, arguments);
  const Path folder = absolute_path(arguments.to);
  require_outside(folder, arguments.vault);
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

/// With the options that all of them have.
template <class Arguments>
Added<Arguments> add_verb(CommandLine& line, CLI::App& ledger, const char* name, const char* text,
                          int (*run)(const Session&, const Arguments&)) {
  const Added<Arguments> added = line.add(ledger, name, text, run);
  added.command.add_option("--tenant", added.arguments.tenant, "Whose ledger")->required();
  add_keys_options(added.command, added.arguments);
  add_trust_option(added.command, added.arguments);
  return added;
}

/// One that reads whole ledgers.
template <class Arguments>
Added<Arguments> add_reading_verb(CommandLine& line, CLI::App& ledger, const char* name,
                                  const char* text, int (*run)(const Session&, const Arguments&)) {
  const Added<Arguments> added = add_verb(line, ledger, name, text, run);
  add_jobs(added.command, added.arguments.jobs);
  return added;
}

}  // namespace

void add_ledger(CommandLine& line) {
  CLI::App& ledger = line.add_family("ledger", "Look a tenant's ledger over, and show it");
  add_reading_verb(line, ledger, "checkpoint", "Print the newest checkpoint, for outsiders to keep",
                   checkpoint);
  const auto kept = add_reading_verb(
      line, ledger, "consistency", "Check that the ledger goes on from a checkpoint that was kept",
      consistency);
  kept.command
      .add_option("--old", kept.arguments.old, "The note that was kept; - for standard input")
      ->required();
  const auto audited =
      add_reading_verb(line, ledger, "audit", "Verify every entry, checkpoint and document", audit);
  audited.command.add_flag("--bundles", audited.arguments.bundles,
                           "Read entries 256 at a time out of bundles, not each from its object");
  add_verb(line, ledger, "anchor",
           "Ask witnesses and time-stamping authorities for what is pending", anchor);
  const auto halted =
      add_verb(line, ledger, "resolve", "Let a halted tenant go on, once its ledger is whole again",
               resolve);
  halted.command.add_option("--old", halted.arguments.old,
                            "A checkpoint that was kept elsewhere, which it must go on from");
  add_approval_options(halted.command, halted.arguments.approvals);
  const auto ahead =
      add_verb(line, ledger, "accept-clock", "Go on after a clock stood ahead", accept_clock);
  add_clock_option(ahead.command, ahead.arguments.clock_is_right);
  add_approval_options(ahead.command, ahead.arguments.approvals);
  const auto published =
      add_reading_verb(line, ledger, "publish",
                       "Write the ledger as files that C2SP tlog-tiles clients read", publish);
  published.command
      .add_option("--to", published.arguments.to, "Folder, new or of an earlier publication")
      ->required();
}

}  // namespace atp::cli
