// SPDX-License-Identifier: Apache-2.0
#include "atp/crypto/trust_policy.hpp"

#include <algorithm>

namespace atp {
inline namespace v0 {

bool TrustedKey::valid_at(Time signed_at) const {
  return (!not_before || signed_at >= *not_before) && (!not_after || signed_at < *not_after);
}

const Approver* ApprovalPolicy::find_approver(std::string_view name) const {
  const auto found = std::ranges::find(approvers, name, &Approver::name);
  return found == approvers.end() ? nullptr : &*found;
}

const ApprovalRule* ApprovalPolicy::find_rule(std::string_view action) const {
  const auto found = std::ranges::find(rules, action, &ApprovalRule::action);
  return found == rules.end() ? nullptr : &*found;
}

const TrustedKey* TrustPolicy::find(std::string_view key_id, KeyRole role, Time signed_at) const {
  for (const TrustedKey& trusted : keys) {
    if (trusted.role == role && trusted.key.id() == key_id && trusted.valid_at(signed_at)) {
      return &trusted;
    }
  }
  return nullptr;
}

std::vector<PublicKey> TrustPolicy::keys_of(KeyRole role) const {
  return keys_of(role, Time::min());
}

std::vector<PublicKey> TrustPolicy::keys_of(KeyRole role, Time earliest) const {
  std::vector<PublicKey> found;
  for (const TrustedKey& trusted : keys) {
    const bool ended = trusted.not_after && *trusted.not_after <= earliest;
    if (trusted.role == role && !ended) found.push_back(trusted.key);
  }
  return found;
}

}  // namespace v0
}  // namespace atp
