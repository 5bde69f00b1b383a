// SPDX-License-Identifier: Apache-2.0
/// The encoding of names, recovery point ids and sequence numbers.
#include "atp/core/ids.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";
constexpr std::string_view kCrockfordDigits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kSequenceDigits = 20;
constexpr std::uint64_t kSequenceEnd = std::uint64_t{1} << 53;

bool is_literal(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

Error undecodable(std::string_view encoded) {
  return Error(ErrorKind::invalid_argument, "name",
               "expected [a-z0-9._-] and =XX escapes, found `" + encode_name(encoded) + "`");
}

/// How many bytes a UTF-8 sequence takes and the code points that length is meant for.
struct Utf8Form {
  std::size_t size;
  std::uint32_t first_bits;
  std::uint32_t least;
};

Utf8Form utf8_form(unsigned char first) {
  if (first < 0x80) return {1, first, 0};
  if (first >= 0xc2 && first < 0xe0) return {2, first & 0x1fU, 0x80};
  if (first >= 0xe0 && first < 0xf0) return {3, first & 0x0fU, 0x800};
  if (first >= 0xf0 && first < 0xf5) return {4, first & 0x07U, 0x10000};
  return {0, 0, 0};
}

/// Takes one code point off the front of `text`; nothing where it is not well-formed.
std::optional<std::uint32_t> take_code_point(std::string_view& text) {
  const Utf8Form form = utf8_form(static_cast<unsigned char>(text.front()));
  if (form.size == 0 || form.size > text.size()) return std::nullopt;
  std::uint32_t code = form.first_bits;
  for (const char c : text.substr(1, form.size - 1)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0U) != 0x80U) return std::nullopt;
    code = code << 6 | (byte & 0x3fU);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < form.least || code > 0x10ffff || surrogate) return std::nullopt;
  text.remove_prefix(form.size);
  return code;
}

}  // namespace

std::string encode_name(std::string_view name) {
  std::string encoded;
  for (const char c : name) {
    if (is_literal(c) && !(c == '.' && encoded.empty())) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '=';
    encoded += kHexDigits[byte >> 4];
    encoded += kHexDigits[byte & 15];
  }
  return encoded;
}

std::string decode_name(std::string_view encoded) {
  std::string name;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '=') {
      name += encoded[i];
      continue;
    }
    const std::string_view escape = encoded.substr(i + 1, 2);
    if (escape.size() != 2) throw undecodable(encoded);
    const std::size_t high = kHexDigits.find(escape[0]);
    const std::size_t low = kHexDigits.find(escape[1]);
    if (high == std::string_view::npos || low == std::string_view::npos) throw undecodable(encoded);
    name += static_cast<char>(high << 4 | low);
    i += 2;
  }
  if (encode_name(name) != encoded) throw undecodable(encoded);
  return name;
}

void check_name(std::string_view what, std::string_view name, std::size_t limit) {
  const auto refuse = [&](const std::string& message) {
    throw Error(ErrorKind::invalid_argument, std::string(what), message);
  };
  if (name.empty()) refuse("expected a name, found nothing");
  // Encoding only lengthens: a hostile size is refused before any copy of it.
  const std::size_t size = name.size() > limit ? name.size() : encode_name(name).size();
  if (size > limit) {
    refuse("expected at most " + std::to_string(limit) + " bytes once encoded, found " +
           std::to_string(size) + " or more");
  }
  for (std::string_view rest = name; !rest.empty();) {
    const auto code = take_code_point(rest);
    if (!code) refuse("expected UTF-8, found `" + encode_name(name) + "`");
    if (*code < 0x20 || *code == 0x7f) {
      refuse("expected no control characters, found `" + encode_name(name) + "`");
    }
  }
}

std::string random_hex(Random& random, std::size_t count) {
  Bytes bytes(count);
  random.fill(bytes);
  return to_hex(bytes);
}

namespace {

std::string make_id(std::string_view kind, Time created_at, const Region& region,
                    const TenantId& tenant, Random& random) {
  std::array<std::byte, 5> bytes{};
  random.fill(bytes);
  std::uint64_t bits = 0;
  for (const std::byte byte : bytes) bits = bits << 8 | std::to_integer<std::uint64_t>(byte);
  std::string id = std::string(kind) + "-" + format_compact_time(created_at) + "-" +
                   region.encoded() + "-" + tenant.encoded() + ".";
  for (int shift = 35; shift >= 0; shift -= 5) id += kCrockfordDigits[bits >> shift & 31];
  return id;
}

}  // namespace

std::string make_recovery_point_id(Time created_at, const Region& region, const TenantId& tenant,
                                   Random& random) {
  return make_id("RP", created_at, region, tenant, random);
}

std::string make_export_id(Time created_at, const Region& region, const TenantId& tenant,
                           Random& random) {
  return make_id("EX", created_at, region, tenant, random);
}

std::string format_sequence(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(kSequenceDigits - digits.size(), '0') + digits;
}

std::uint64_t parse_sequence(std::string_view text) {
  const bool digits = text.find_first_not_of("0123456789") == std::string_view::npos;
  std::uint64_t number = 0;
  bool good = digits && text.size() == kSequenceDigits;
  for (std::size_t i = 0; good && i < text.size(); ++i) {
    number = number * 10 + static_cast<std::uint64_t>(text[i] - '0');
    good = number < kSequenceEnd;
  }
  if (good) return number;
  throw Error(ErrorKind::invalid_argument, "sequence",
              "expected 20 decimal digits below 2^53, found `" +
                  encode_name(text.substr(0, kSequenceDigits + 1)) + "`");
}

}  // namespace v0
}  // namespace atp
