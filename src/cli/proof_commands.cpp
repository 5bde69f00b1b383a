// SPDX-License-Identifier: Apache-2.0
/// prove, check-proof, ledger.
#include <algorithm>
#include <charconv>
#include <iostream>

#include "atp/core/error.hpp"
#include "atp/ledger/log_proof.hpp"
#include "atp/ledger/published_ledger.hpp"
#include "atp/vault/recovery.hpp"
#include "atp/vault/vault.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "atp/verify/record_proof.hpp"
#include "cli/reports.hpp"
#include "cli/session.hpp"

namespace atp::cli {
namespace {

constexpr std::size_t kCheckpointLimit = 64 << 10;

std::string place_text(const RecordPlace& place) {
  return place.segment.stream.str() + "/" + place.segment.segment.str() + ":" +
         std::to_string(place.number);
}

/// `STREAM/SEGMENT:N`.
RecordPlace parse_place(const std::string& text) {
  const auto colon = text.rfind(':');
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const bool numbered =
      colon != std::string::npos && colon + 1 < text.size() &&
      std::from_chars(text.data() + colon + 1, end, number) == std::from_chars_result{end, {}};
  if (!numbered) {
    throw Error(ErrorKind::invalid_argument, "--record " + text,
                "expected STREAM/SEGMENT:N, N from 0 (default/SEGMENT:N for flat files)");
  }
  return {parse_segment_name(text.substr(0, colon)), number};
}

RecordPlace find_place(const Session& session, ObjectStore& store, const Keys& keys) {
  const Arguments& arguments = session.arguments;
  if (arguments.record) return parse_place(*arguments.record);
  const auto places = find_records(store, *arguments.point, *arguments.record_id, *keys.trust,
                                   keys.identities, &session.console, session.stop);
  session.console.end_progress();
  if (places.size() == 1) return places.front();
  const std::string subject = "--record-id " + *arguments.record_id;
  if (places.empty()) {
    throw Error(ErrorKind::not_found, subject, "no record of " + *arguments.point + " has this id");
  }
  throw Error(ErrorKind::invalid_argument, subject,
              "is the id of " + std::to_string(places.size()) + " records, such as " +
                  place_text(places[0]) + " and " + place_text(places[1]) +
                  ": say which with --record");
}

void write_new(const Session& session, const Environment& environment, ByteView bytes) {
  write_file_durably(*environment.files, *environment.random, absolute_path(session.arguments.to),
                     bytes);
}

std::string read_input(const Environment& environment, const Path& path, std::size_t limit) {
  if (path == "-") return read_standard_input(limit);
  return std::string(as_text(read_file(*environment.files, path, limit)));
}

void print_proven(const Session& session, const ProvenRecord& proven) {
  Console& console = session.console;
  const Checkpoint& checkpoint = proven.checkpoint;
  console.line("  record      " + printable(place_text(proven.place)) + " of " +
               printable(proven.tenant.str()) + ", counted from 0");
  console.line("  point       " + proven.recovery_point_id + ", completed " +
               format_time(proven.completed_at));
  console.line("  entry       " + std::to_string(proven.entry) + " of ledger " + checkpoint.origin);
  console.line("  checkpoint  size " + std::to_string(checkpoint.size) + ", root " +
               to_base64(checkpoint.root.view()));
  if (session.arguments.to.empty()) {
    console.line(printable(as_text(proven.record)));
  } else {
    console.line("  written to  " + printable(session.arguments.to.string()));
  }
}

Json checkpoint_json(const Checkpoint& checkpoint) {
  return Json::Object{
      {"origin", checkpoint.origin}, {"size", checkpoint.size}, {"root", checkpoint.root.hex()}};
}

Json proven_json(const ProvenRecord& proven) {
  return Json::Object{{"tenantId", proven.tenant.str()},
                      {"stream", proven.place.segment.stream.str()},
                      {"segment", proven.place.segment.segment.str()},
                      {"record", proven.place.number},
                      {"recordBase64", to_base64(proven.record)},
                      {"recoveryPointId", proven.recovery_point_id},
                      {"completedAt", format_time(proven.completed_at)},
                      {"entry", proven.entry},
                      {"checkpoint", checkpoint_json(proven.checkpoint)}};
}

const TrustPolicy& require_trust(const Keys& keys) {
  if (keys.trust) return *keys.trust;
  throw Error(ErrorKind::unauthenticated, "trust policy",
              "there is none at hand (trust.json of the key folder, or --trust FILE)");
}

/// What the ledger's verbs have in common.
struct OpenLedger {
  explicit OpenLedger(const Session& session)
      : environment(system_environment()),
        store(open_store(environment, session.arguments.vault)),
        trust(require_trust(load_keys(environment, session.arguments))),
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

int run_prove(const Session& session) {
  const Arguments& arguments = session.arguments;
  const Environment environment = system_environment();
  const auto store = open_store(environment, arguments.vault);
  if (!arguments.to.empty()) require_outside(arguments.to, arguments.vault);
  const Keys keys = load_keys(environment, arguments);
  require_trust(keys);
  const RecordPlace place = find_place(session, *store, keys);
  const std::string proof =
      prove_record(*store, *arguments.point, place, *keys.trust, keys.identities, session.stop);
  Json::Object object{{"recoveryPointId", *arguments.point}, {"record", place_text(place)}};
  if (arguments.to.empty()) {
    object.emplace("proof", proof);
    if (!session.console.json()) std::cout << proof;
  } else {
    write_new(session, environment, as_bytes(proof));
    object.emplace("file", json_text(arguments.to.string()));
    session.console.line("proof of " + printable(place_text(place)) + " written to " +
                         printable(arguments.to.string()));
  }
  session.console.object(object);
  return 0;
}

int run_check_proof(const Session& session) {
  const Arguments& arguments = session.arguments;
  const Environment environment = system_environment();
  const TrustPolicy trust = load_trust_policy(*environment.files, *arguments.trust);
  const CheckedProof checked =
      check_record_proof(read_input(environment, arguments.from, kLogProofLimit), trust);
  if (checked.proven && !arguments.to.empty()) {
    write_new(session, environment, checked.proven->record);
  }
  session.console.object({{"verdict", to_string(checked.report.verdict())},
                          {"checks", checks_json(checked.report.checks)},
                          {"proven", checked.proven ? proven_json(*checked.proven) : Json()}});
  print_report(session.console, printable(arguments.from.string()), checked.report);
  if (checked.proven) print_proven(session, *checked.proven);
  return checked.report.exit_code();
}

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
  const HaltRow halt = resolve_halt(*vault, ledger.tenant, kept, session.stop);
  session.console.object({{"tenantId", ledger.tenant.str()},
                          {"haltedAt", format_time(halt.halted_at)},
                          {"subject", json_text(halt.subject)},
                          {"message", json_text(halt.message)}});
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
