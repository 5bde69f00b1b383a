// SPDX-License-Identifier: Apache-2.0
/// prove, check-proof.
#include <iostream>

#include "atp/core/error.hpp"
#include "atp/ledger/log_proof.hpp"
#include "atp/vault/vault.hpp"
#include "atp/verify/record_proof.hpp"
#include "cli/reports.hpp"
#include "cli/session.hpp"

namespace atp::cli {
namespace {

std::string place_text(const RecordPlace& place) {
  return place.segment.stream.str() + "/" + place.segment.segment.str() + ":" +
         std::to_string(place.number);
}

/// `STREAM/SEGMENT:N`.
RecordPlace parse_place(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto number = colon == std::string::npos
                          ? std::nullopt
                          : parse_number(std::string_view(text).substr(colon + 1));
  if (!number) {
    throw Error(ErrorKind::invalid_argument, "--record " + text,
                "expected STREAM/SEGMENT:N, N from 0 (default/SEGMENT:N for flat files)");
  }
  return {parse_segment_name(text.substr(0, colon)), *number};
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
                     bytes, kPrivateFile);
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

}  // namespace atp::cli
