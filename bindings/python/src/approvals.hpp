// SPDX-License-Identifier: Apache-2.0
/// Requests and approvals of acts, as texts.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "atp/vault/approval.hpp"
#include "atp/vault/open_tenant.hpp"
#include "reader.hpp"

namespace atp::python {

/// Signed with the private key in the file `key`.
inline std::string sign_request(const Handle& handle, const Plan& plan, const std::string& key,
                                const std::string& valid_for) {
  const Environment& environment = handle.environment;
  return request_approval(*handle.vault, plan, *load_signer(*environment.files, key),
                          add_period(environment.clock->now(), CalendarPeriod::parse(valid_for)));
}

/// Of `approved`, the request comes first. Nothing where it is empty.
inline std::optional<DualApproval> approval_of(const Handle& handle,
                                               const std::vector<std::string>& approved,
                                               const std::function<Plan()>& plan) {
  if (approved.empty()) return std::nullopt;
  const Vault& vault = *handle.vault;
  const Plan now = plan();
  OpenTenant tenant(vault, now.tenant);
  return check_approvals(
      now, {.request = approved.front(), .approvals = {approved.begin() + 1, approved.end()}},
      vault.trust(), tenant.ledger(), vault.environment().clock->now());
}

}  // namespace atp::python
