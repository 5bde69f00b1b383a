// SPDX-License-Identifier: Apache-2.0
/// What the verbs of acts that may need approvals have in common.
#pragma once

#include <functional>
#include <optional>

#include "atp/vault/approval.hpp"
#include "cli/session.hpp"

namespace atp::cli {

/// Writes a request for approvals of `plan` to `--request`, signed with `--key`. The exit code.
int write_request(const Session& session, const Vault& vault, const Plan& plan);

/// What `--approved` names, a request and then approvals, checked against what `plan` says now.
/// Nothing without it. Throws: as `check_approvals`.
std::optional<DualApproval> read_approval(const Session& session, const Vault& vault,
                                          const std::function<Plan()>& plan);

}  // namespace atp::cli
