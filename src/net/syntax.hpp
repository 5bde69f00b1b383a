// SPDX-License-Identifier: Apache-2.0
/// The words of HTTP (RFC 9110, RFC 3986), for this layer's sources and tests only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace atp {
inline namespace v0 {
namespace net {

bool equal_ignoring_case(std::string_view a, std::string_view b);
/// In either case.
bool is_one_of(std::string_view name, std::span<const std::string_view> names);
/// Digits and nothing else; nothing for more than 64 bits.
std::optional<std::uint64_t> parse_number(std::string_view text, int base = 10);
/// A method or the name of a header.
bool is_token(std::string_view text);
/// The value of a header: no control character but the tab, nothing blank around it.
bool is_field_value(std::string_view text);
/// A path, with or without a query, every other byte escaped.
bool is_target(std::string_view text);
struct Authority {
  std::string_view host;  ///< A name, an IPv4 address, or an IPv6 address in brackets.
  std::optional<std::uint16_t> port = {};
};
std::optional<Authority> parse_authority(std::string_view text);
/// Without the spaces and tabs around it.
std::string_view trim(std::string_view text);
/// Whether a comma-separated list has `element`, in either case.
bool list_has(std::string_view list, std::string_view element);

}  // namespace net
}  // namespace v0
}  // namespace atp
