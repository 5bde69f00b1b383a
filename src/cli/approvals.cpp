// SPDX-License-Identifier: Apache-2.0
#include "cli/approvals.hpp"

#include "atp/crypto/sha256.hpp"
#include "atp/view/text.hpp"
#include "cli/reports.hpp"

namespace atp::cli {

int write_request(const Session& session, const Vault& vault, const Plan& plan) {
  const Arguments& arguments = session.arguments;
  const Environment& environment = vault.environment();
  const auto signer = load_person_key(environment, arguments.key);
  const Time until =
      add_period(environment.clock->now(), CalendarPeriod::parse(arguments.valid_for));
  const std::string request = request_approval(vault, plan, *signer, until);
  write_file_durably(*environment.files, *environment.random, absolute_path(*arguments.request),
                     as_bytes(request));
  session.console.object({{"request", json_text(arguments.request->string())},
                          {"sha256", sha256(as_bytes(request)).hex()},
                          {"expiresAt", format_time(until)}});
  session.console.line("wrote " + printable(arguments.request->string()) +
                       ": approvals of it are good until " + format_time(until));
  return 0;
}

std::optional<DualApproval> read_approval(const Session& session, const Vault& vault,
                                          const std::function<Plan()>& plan) {
  ApprovalDocuments documents;
  for (const std::string& path : session.arguments.approvals) {
    std::string text = read_input(vault.environment(), path, kStatementLimit);
    if (documents.request.empty()) {
      documents.request = std::move(text);
    } else {
      documents.approvals.push_back(std::move(text));
    }
  }
  if (session.arguments.approvals.empty()) return std::nullopt;
  const Plan now = plan();
  return check_approvals(now, documents, vault.trust(),
                         Ledger::load(vault.store(), vault.trust(), now.tenant),
                         vault.environment().clock->now());
}

}  // namespace atp::cli
