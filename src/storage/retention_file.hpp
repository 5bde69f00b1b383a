// SPDX-License-Identifier: Apache-2.0
/// The contents of `.<name>.retention`: canonical JSON and a line feed. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

/// What a missing or damaged file counts as.
inline constexpr Immutability kRetainedForEver{.retain_until = Time::max(), .legal_hold = false};

std::string format_retention(const Immutability& immutability);
/// Nothing unless `format_retention` printed it.
std::optional<Immutability> parse_retention(std::string_view text);

}  // namespace v0
}  // namespace atp
