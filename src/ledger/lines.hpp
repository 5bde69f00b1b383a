// SPDX-License-Identifier: Apache-2.0
/// What the text formats of C2SP have in common.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace atp {
inline namespace v0 {
namespace ledger {

/// Without its line feed; nothing where none is left.
inline std::optional<std::string_view> take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

/// ASCII digits without leading zeros.
inline std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool canonical = text == "0" || (!text.empty() && text.front() != '0');
  if (error != std::errc() || end != text.data() + text.size() || !canonical) return std::nullopt;
  return value;
}

}  // namespace ledger
}  // namespace v0
}  // namespace atp
