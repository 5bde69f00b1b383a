// SPDX-License-Identifier: Apache-2.0
// The trust policy's file.
// covers: src/model/trust_policy_file.cpp src/crypto/trust_policy.cpp
#include <string>

#include "atp/model/trust_policy_file.hpp"
#include "fuzz.hpp"

using atp::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = atp::as_text(atp::fuzz::input(data, size));
  atp::fuzz::parse([&] {
    const atp::TrustPolicy policy = atp::parse_trust_policy(text);
    const std::string printed = atp::print_trust_policy(policy);
    require(atp::print_trust_policy(atp::parse_trust_policy(printed)) == printed,
            "a printed policy is the policy");
    for (const atp::TrustedKey& trusted : policy.keys) {
      const atp::Time inside = trusted.not_before.value_or(atp::Time{});
      const atp::TrustedKey* found = policy.find(trusted.key.id(), trusted.role, inside);
      require(found == nullptr || found->key == trusted.key, "a key is found by its own id alone");
      const bool ended = trusted.not_after && inside >= *trusted.not_after;
      require(found != nullptr || ended, "a key is found at the time it is valid");
    }
  });
  return 0;
}
