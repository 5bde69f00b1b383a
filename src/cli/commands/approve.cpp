// SPDX-License-Identifier: Apache-2.0
/// approve.
#include <iostream>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/vault/approval.hpp"
#include "atp/view/exports.hpp"
#include "atp/view/text.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"

namespace atp::cli {
namespace {

struct Arguments {
  Path from;
  Path trust;
  Path key;
  std::string role;
  std::optional<std::string> sha256;
  Path to;
  bool dry_run = false;
};

/// On standard error, where the approval is on the other.
void print_request(Console& console, const CheckedRequest& checked, const std::string& digest) {
  const ApprovalRequest& request = checked.request;
  console.note(checked.requester + " asks to approve " + request.action + " of " +
               printable(request.subject_id) + ", until " + format_time(request.expires_at));
  console.note("  vault            " + request.header.vault_id + ", tenant " +
               printable(request.header.tenant->str()));
  console.note("  asked            " + format_time(request.header.created_at) + ", at " +
               std::to_string(request.ledger_size) + " entries of the ledger");
  console.note("  SHA-256          " + digest);
  for (const PlanStep& step : request.plan) {
    console.note("  " + step.name +
                 std::string(17 - std::min<std::size_t>(16, step.name.size()), ' ') +
                 printable(step.value));
  }
}

int run(const Session& session, const Arguments& arguments) {
  const Environment environment = system_environment();
  const TrustPolicy trust = load_trust_policy(*environment.files, arguments.trust);
  const Time now = environment.clock->now();
  const std::string request = read_input(environment, arguments.from, kStatementLimit);
  const CheckedRequest checked = check_request(request, trust, now);
  Json::Object object = to_json(checked);
  const std::string digest = sha256(as_bytes(request)).hex();
  object.emplace("sha256", digest);
  if (arguments.sha256 && *arguments.sha256 != digest) {
    throw Error(ErrorKind::not_approved, "request",
                "expected SHA-256 " + *arguments.sha256 + ", found " + digest);
  }
  print_request(session.console, checked, digest);
  if (!arguments.dry_run) {
    const auto signer = load_person_key(environment, arguments.key);
    const std::string approval =
        approve(request, trust, *signer, arguments.role, now, *environment.random);
    object.emplace("role", arguments.role);
    if (arguments.to.empty()) {
      object.emplace("approval", approval);
      if (!session.console.json()) std::cout << approval;
    } else {
      write_file_durably(*environment.files, *environment.random, absolute_path(arguments.to),
                         as_bytes(approval));
      object.emplace("file", json_text(arguments.to.string()));
      session.console.line("approved as " + printable(arguments.role) + ": " +
                           printable(arguments.to.string()));
    }
  }
  session.console.object(object);
  return 0;
}

}  // namespace

void add_approve(CommandLine& line) {
  auto [command, arguments] =
      line.add(line.app(), "approve",
               "Approve what somebody asked for; needs no vault, only a trust policy", run);
  command.add_option("FILE", arguments.from, "The request; - for standard input")->required();
  add_required_trust(command, arguments.trust);
  command.add_option("--key", arguments.key, "Your own private key, in PEM");
  command.add_option("--as", arguments.role, "The role you approve in");
  command.add_option("--sha256", arguments.sha256,
                     "Only the request with this digest, as it was shown before");
  command.add_option("--to", arguments.to, "New file (default: standard output)");
  add_dry_run(command, arguments.dry_run);
}

}  // namespace atp::cli
