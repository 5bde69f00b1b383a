// SPDX-License-Identifier: Apache-2.0
/// approve.
#include <iostream>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/vault/approval.hpp"
#include "atp/view/exports.hpp"
#include "atp/view/text.hpp"
#include "cli/session.hpp"

namespace atp::cli {
namespace {

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

}  // namespace

int run_approve(const Session& session) {
  const Arguments& arguments = session.arguments;
  const Environment environment = system_environment();
  const TrustPolicy trust = load_trust_policy(*environment.files, *arguments.trust);
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

}  // namespace atp::cli
