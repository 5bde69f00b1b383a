// SPDX-License-Identifier: Apache-2.0
/// check-proof.
#include "atp/ledger/log_proof.hpp"
#include "atp/verify/record_proof.hpp"
#include "atp/view/exports.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"
#include "cli/reports.hpp"

namespace atp::cli {
namespace {

struct Arguments {
  Path from;
  Path trust;
  Path to;
};

void print_proven(Console& console, const Path& to, const ProvenRecord& proven) {
  const Checkpoint& checkpoint = proven.checkpoint;
  console.line("  record      " + printable(place_text(proven.place)) + " of " +
               printable(proven.tenant.str()) + ", counted from 0");
  console.line("  point       " + proven.recovery_point_id + ", completed " +
               format_time(proven.completed_at));
  console.line("  entry       " + std::to_string(proven.entry) + " of ledger " + checkpoint.origin);
  console.line("  checkpoint  size " + std::to_string(checkpoint.size) + ", root " +
               to_base64(checkpoint.root.view()));
  if (to.empty()) {
    console.line(printable(as_text(proven.record)));
  } else {
    console.line("  written to  " + printable(to.string()));
  }
}

int run(const Session& session, const Arguments& arguments) {
  const Environment environment = system_environment();
  const TrustPolicy trust = load_trust_policy(*environment.files, arguments.trust);
  const CheckedProof checked =
      check_record_proof(read_input(environment, arguments.from, kLogProofLimit), trust);
  if (checked.proven && !arguments.to.empty()) {
    write_file_durably(*environment.files, *environment.random, absolute_path(arguments.to),
                       checked.proven->record, kPrivateFile);
  }
  session.console.object(to_json(checked));
  print_report(session.console, printable(arguments.from.string()), checked.report);
  if (checked.proven) print_proven(session.console, arguments.to, *checked.proven);
  return checked.report.exit_code();
}

}  // namespace

void add_check_proof(CommandLine& line) {
  auto [command, arguments] =
      line.add(line.app(), "check-proof",
               "Check a proof of a record; needs no vault, only a trust policy", run);
  command.add_option("FILE", arguments.from, "What `atp prove` wrote; - for standard input")
      ->required();
  add_required_trust(command, arguments.trust);
  command.add_option("--to", arguments.to, "New file for the record's bytes");
}

}  // namespace atp::cli
