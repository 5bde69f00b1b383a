// SPDX-License-Identifier: Apache-2.0
/// The file form of a trust policy: strict JSON, unknown members refused. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "atp/crypto/trust_policy.hpp"

namespace atp {

/// Canonical JSON and a line feed.
std::string print_trust_policy(const TrustPolicy& policy);

/// Accepts any layout. Throws: invalid_argument; unsupported for a higher `formatVersion`.
TrustPolicy parse_trust_policy(std::string_view text);

}  // namespace atp
