// SPDX-License-Identifier: Apache-2.0
/// The text of JSON scalars after RFC 8785, and the limits of the profile; shared by the printer
/// and the parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace atp {
inline namespace v0 {

inline constexpr std::size_t kProfileDepth = 32;
inline constexpr std::int64_t kGreatestInteger = (std::int64_t{1} << 53) - 1;

bool is_profile_key(std::string_view key);
bool is_profile_string(std::string_view text);

/// In quotes, escaped as ECMAScript does; `text` is UTF-8.
void append_json_string(std::string& out, std::string_view text);

/// As ECMAScript's Number::toString; `value` is finite.
std::string ecmascript_number(double value);

}  // namespace v0
}  // namespace atp
