// SPDX-License-Identifier: Apache-2.0
#include "atp/crypto/trust_policy.hpp"

namespace atp::inline v0 {
namespace {

bool valid_at(const TrustedKey& trusted, Time time) {
  return (!trusted.not_before || time >= *trusted.not_before) &&
         (!trusted.not_after || time < *trusted.not_after);
}

}  // namespace

const PublicKey* TrustPolicy::find(std::string_view key_id, KeyRole role, Time signed_at) const {
  for (const TrustedKey& trusted : keys) {
    if (trusted.role == role && trusted.key.id() == key_id && valid_at(trusted, signed_at))
      return &trusted.key;
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

}  // namespace atp::inline v0
