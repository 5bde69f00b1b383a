// SPDX-License-Identifier: Apache-2.0
/// What the verbs of acts that may need approvals have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "atp/vault/approval.hpp"
#include "cli/session.hpp"

namespace atp::cli {

struct ApprovalArguments {
  std::optional<Path> request = {};
  Path key = {};
  std::string valid_for = "P7D";
  std::vector<std::string> approved = {};
};

/// --request, --key, --valid-for, --approved.
void add_approval_options(CLI::App& command, ApprovalArguments& arguments);

/// Writes a request for approvals of `plan` to `--request`, signed with `--key`. The exit code.
int write_request(const Session& session, const ApprovalArguments& arguments, const Vault& vault,
                  const Plan& plan);

/// What `--approved` names, a request and then approvals, checked against what `plan` says now.
/// Nothing without it. Throws: as `check_approvals`.
std::optional<DualApproval> read_approval(const ApprovalArguments& arguments, const Vault& vault,
                                          const std::function<Plan()>& plan);

}  // namespace atp::cli
