// SPDX-License-Identifier: Apache-2.0
#include "net/syntax.hpp"

#include <algorithm>
#include <boost/asio/ip/address_v6.hpp>
#include <charconv>
#include <string>

#include "atp/net/http.hpp"

namespace atp {
inline namespace v0 {
namespace net {
namespace {

constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;
constexpr std::string_view kBlank = " \t";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_in(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= kLongestLabel &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

bool is_host_name(std::string_view text) {
  if (text.size() > kLongestName) return false;
  for (std::size_t dot = text.find('.'); dot != text.npos; dot = text.find('.')) {
    if (!is_label(text.substr(0, dot))) return false;
    text.remove_prefix(dot + 1);
  }
  return is_label(text);
}

bool is_ipv6(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(),
                   [](char c) { return is_hex_digit(c) || c == ':' || c == '.'; })) {
    return false;  // A zone among others.
  }
  boost::system::error_code error;
  boost::asio::ip::make_address_v6(std::string(text), error);
  return !error;
}

/// Without leading zeros.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = parse_number(text);
  if (!port || text.starts_with('0') || *port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view each) { return equal_ignoring_case(each, name); });
}

std::optional<std::uint64_t> parse_number(std::string_view text, int base) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) || is_in(c, "!#$%&'*+-.^_`|~");
  });
}

bool is_field_value(std::string_view text) {
  return trim(text) == text && std::all_of(text.begin(), text.end(), [](char c) {
           return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
         });
}

bool is_target(std::string_view text) {
  if (!text.starts_with('/')) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%') {
      if (at + 2 >= text.size() || !is_hex_digit(text[at + 1]) || !is_hex_digit(text[at + 2])) {
        return false;
      }
    } else if (!is_alphanumeric(text[at]) && !is_in(text[at], "-._~!$&'()*+,;=:@/?")) {
      return false;
    }
  }
  return true;
}

std::optional<Authority> parse_authority(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const std::size_t end = bracketed ? text.find(']') + 1 : std::min(text.find(':'), text.size());
  Authority authority{.host = text.substr(0, end)};
  const bool is_host =
      bracketed ? end > 1 && is_ipv6(text.substr(1, end - 2)) : is_host_name(authority.host);
  if (!is_host) return std::nullopt;
  if (end == text.size()) return authority;
  authority.port = text[end] == ':' ? parse_port(text.substr(end + 1)) : std::nullopt;
  return authority.port ? std::optional(authority) : std::nullopt;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool list_has(std::string_view list, std::string_view element) {
  for (std::size_t comma = list.find(','); comma != list.npos; comma = list.find(',')) {
    if (equal_ignoring_case(trim(list.substr(0, comma)), element)) return true;
    list.remove_prefix(comma + 1);
  }
  return equal_ignoring_case(trim(list), element);
}

}  // namespace net

const std::string* find_header(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (net::equal_ignoring_case(key, name)) return &value;
  }
  return nullptr;
}

}  // namespace v0
}  // namespace atp
