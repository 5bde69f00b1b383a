// SPDX-License-Identifier: Apache-2.0
#include "atp/crypto/age_armor.hpp"

#include <algorithm>
#include <string>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace age {
namespace {

constexpr std::string_view kBegin = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view kEnd = "-----END AGE ENCRYPTED FILE-----";
constexpr std::string_view kSpace = " \t\r\n";
constexpr std::size_t kColumns = 64;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::corrupt, "age armor", message);
}

std::string_view trim(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(kSpace), text.size());
  return text.substr(first, text.find_last_not_of(kSpace) + 1 - first);
}

/// The next line, without its end (LF or CRLF), taken off `text`.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

Bytes decode_armor(std::string_view text) {
  text = trim(text);
  if (take_line(text) != kBegin) refuse("expected " + std::string(kBegin) + ", found other text");
  std::string base64;
  bool ended = false;
  for (std::string_view line = take_line(text); line != kEnd; line = take_line(text)) {
    if (ended) refuse("expected a short line to be the last, found more");
    if (line.empty() || line.size() > kColumns)
      refuse("expected 1 to 64 columns, found " + std::to_string(line.size()));
    ended = line.size() < kColumns;
    base64 += line;
  }
  if (!text.empty()) refuse("expected nothing after the end line, found more");
  std::optional<Bytes> bytes = from_base64(base64);
  if (!bytes) refuse("expected canonical base64, found other text");
  return *std::move(bytes);
}

}  // namespace age
}  // namespace v0
}  // namespace atp
