// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs11_uri.hpp"

#include <charconv>
#include <optional>
#include <span>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace pkcs11 {
namespace {

constexpr std::string_view kScheme = "pkcs11:";
constexpr std::size_t kUriLimit = 4096;

struct Attribute {
  std::string_view name;
  std::string Uri::*value;
};

constexpr Attribute kInPath[] = {
    {"token", &Uri::token}, {"serial", &Uri::serial}, {"manufacturer", &Uri::manufacturer},
    {"model", &Uri::model}, {"object", &Uri::object}, {"id", &Uri::id},
    {"type", &Uri::type},
};
constexpr Attribute kInQuery[] = {
    {"module-path", &Uri::module_path},
    {"pin-source", &Uri::pin_source},
};

/// One of the two parts of a URI, as RFC 7512, section 2.3, has it.
struct Part {
  std::span<const Attribute> known;
  char separator;
  std::string_view reserved;  ///< What stands for itself beside letters, digits and `-._~`.
};

constexpr Part kPath{kInPath, ';', ":[]@!$'()*+,=&"};
constexpr Part kQuery{kInQuery, '&', ":[]@!$'()*+,=/?|"};

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::invalid_argument, "pkcs11 uri", message);
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

/// Of the two hexadecimal digits after a percent sign.
std::optional<char> decode_byte(std::string_view digits) {
  unsigned char value = 0;
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value, 16);
  if (digits.size() != 2 || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return static_cast<char>(value);
}

std::string decode(std::string_view name, std::string_view text, std::string_view reserved) {
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (!is_unreserved(text[i]) && reserved.find(text[i]) == std::string_view::npos)
        refuse(std::string(name) + ": expected characters of RFC 7512, found another");
      value += text[i];
      continue;
    }
    const auto byte = decode_byte(text.substr(i + 1, 2));
    if (!byte) refuse(std::string(name) + ": expected % and two hexadecimal digits, found another");
    value += *byte;
    i += 2;
  }
  return value;
}

void take_attribute(std::string_view text, const Part& part, Uri& uri) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) refuse("expected name=value, found no =");
  const std::string name(text.substr(0, equals));
  if (name == "pin-value") refuse("pin-value: expected the pin in a file, found it in the uri");
  for (const Attribute& known : part.known) {
    if (known.name != name) continue;
    std::string& value = uri.*known.value;
    if (!value.empty()) refuse(name + ": expected it once, found it twice");
    value = decode(name, text.substr(equals + 1), part.reserved);
    if (value.empty()) refuse(name + ": expected a value, found nothing");
    if (known.value != &Uri::id && value.find('\0') != std::string::npos)
      refuse(name + ": expected text, found a byte of zero");
    return;
  }
  refuse("expected attributes that are known where they stand, found " + name);
}

void take_part(std::string_view text, const Part& part, Uri& uri) {
  for (;;) {
    const auto end = text.find(part.separator);
    take_attribute(text.substr(0, end), part, uri);
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

/// `file:/path`, `file:///path` or `/path`.
std::string path_of(std::string_view source) {
  if (source.starts_with("file:")) source.remove_prefix(5);
  if (source.starts_with("///")) source.remove_prefix(2);
  if (!source.starts_with('/') || source.starts_with("//"))
    refuse("pin-source: expected file: and an absolute path, found another");
  return std::string(source);
}

}  // namespace

Uri parse_uri(std::string_view text) {
  if (!text.starts_with(kScheme) || text.size() > kUriLimit)
    refuse("expected pkcs11: and at most 4096 characters, found another");
  text.remove_prefix(kScheme.size());
  Uri uri;
  const auto query = text.find('?');
  take_part(text.substr(0, query), kPath, uri);
  if (query != std::string_view::npos) take_part(text.substr(query + 1), kQuery, uri);
  if (uri.token.empty() && uri.serial.empty()) refuse("expected token or serial, found neither");
  if (uri.object.empty() && uri.id.empty()) refuse("expected object or id, found neither");
  if (!uri.type.empty() && uri.type != "private") refuse("type: expected private, found another");
  if (!uri.module_path.starts_with('/'))
    refuse("module-path: expected an absolute path, found none");
  if (!uri.pin_source.empty()) uri.pin_source = path_of(uri.pin_source);
  return uri;
}

}  // namespace pkcs11
}  // namespace v0
}  // namespace atp
