// SPDX-License-Identifier: Apache-2.0
#include "model/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace atp {
inline namespace v0 {
namespace {

constexpr char kDelete = '\x7f';
constexpr std::string_view kHexDigits = "0123456789abcdef";

/// What follows the backslash in the escape of two characters; 0 where there is none.
char short_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\f':
      return 'f';
    case '\r':
      return 'r';
    default:
      return 0;
  }
}

/// A positive number is 0.`digits` times ten to the power of `point`.
struct Decimal {
  std::string digits;
  int point;
};

Decimal shortest_decimal(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const auto e = text.find('e');
  const auto power = text.substr(e + (text[e + 1] == '+' ? 2 : 1));
  int exponent = 0;
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  std::string digits(text.substr(0, e));
  std::erase(digits, '.');
  return {std::move(digits), exponent + 1};
}

std::string with_exponent(const Decimal& decimal) {
  std::string text = decimal.digits.substr(0, 1);
  if (decimal.digits.size() > 1) text += "." + decimal.digits.substr(1);
  const int exponent = decimal.point - 1;
  return text + (exponent < 0 ? "e" : "e+") + std::to_string(exponent);
}

}  // namespace

bool is_profile_key(std::string_view key) {
  return std::all_of(key.begin(), key.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_profile_string(std::string_view text) { return text.find(kDelete) == text.npos; }

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (const char escape = short_escape(c)) {
      out += '\\';
      out += escape;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kHexDigits[static_cast<unsigned char>(c) >> 4];
      out += kHexDigits[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string ecmascript_number(double value) {
  if (value == 0) return "0";
  if (value < 0) return "-" + ecmascript_number(-value);
  const Decimal decimal = shortest_decimal(value);
  if (decimal.point > 21 || decimal.point <= -6) return with_exponent(decimal);
  const int count = static_cast<int>(decimal.digits.size());
  if (decimal.point <= 0) {
    return "0." + std::string(static_cast<std::size_t>(-decimal.point), '0') + decimal.digits;
  }
  const auto point = static_cast<std::size_t>(decimal.point);
  if (decimal.point >= count)
    return decimal.digits + std::string(point - decimal.digits.size(), '0');
  return decimal.digits.substr(0, point) + "." + decimal.digits.substr(point);
}

}  // namespace v0
}  // namespace atp
