// SPDX-License-Identifier: Apache-2.0
#include "cli/approvals.hpp"

#include "atp/crypto/sha256.hpp"
#include "atp/vault/open_tenant.hpp"
#include "atp/view/text.hpp"
#include "cli/inputs.hpp"
#include "cli/vault_access.hpp"

namespace atp::cli {

void add_approval_options(CLI::App& command, ApprovalArguments& arguments) {
  auto* request = command.add_option("--request", arguments.request,
                                     "Only write a request for approvals of it into this file");
  command.add_option("--key", arguments.key, "Private key of whoever asks for approvals")
      ->needs(request);
  command.add_option("--valid-for", arguments.valid_for,
                     "How long approvals may take (default: P7D, at most P30D)");
  command
      .add_option("--approved", arguments.approved,
                  "The request, then each approval of it; several files")
      ->excludes(request);
}

int write_request(const Session& session, const ApprovalArguments& arguments, const Vault& vault,
                  const Plan& plan) {
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

std::optional<DualApproval> read_approval(const ApprovalArguments& arguments, const Vault& vault,
                                          const std::function<Plan()>& plan) {
  ApprovalDocuments documents;
  for (const std::string& path : arguments.approved) {
    std::string text = read_input(vault.environment(), path, kStatementLimit);
    if (documents.request.empty()) {
      documents.request = std::move(text);
    } else {
      documents.approvals.push_back(std::move(text));
    }
  }
  if (arguments.approved.empty()) return std::nullopt;
  const Plan now = plan();
  OpenTenant tenant(vault, now.tenant);
  return check_approvals(now, documents, vault.trust(), tenant.ledger(),
                         vault.environment().clock->now());
}

}  // namespace atp::cli
