// SPDX-License-Identifier: Apache-2.0
/// The file form of a trust policy: strict JSON, unknown members refused. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "atp/core/export.hpp"
#include "atp/crypto/trust_policy.hpp"

namespace atp {
inline namespace v0 {

/// As the file has it: `document`, `ledger`, `witness`, `approver`.
ATP_EXPORT std::string_view to_string(KeyRole role);

/// Canonical JSON and a line feed.
ATP_EXPORT std::string print_trust_policy(const TrustPolicy& policy);

/// Accepts any layout. Throws: invalid_argument; unsupported for a higher `formatVersion`.
ATP_EXPORT TrustPolicy parse_trust_policy(std::string_view text);

/// Throws: invalid_argument for a text that is no `domain` of a trust policy.
ATP_EXPORT void check_domain(std::string_view text);

}  // namespace v0
}  // namespace atp
