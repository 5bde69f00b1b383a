// SPDX-License-Identifier: Apache-2.0
#include "atp/model/object_key.hpp"

#include <algorithm>

namespace atp {
inline namespace v0 {
namespace {

constexpr std::size_t kElementLimit = 200;

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '=' || c == '-';
}

}  // namespace

bool is_key_element(std::string_view text) {
  return !text.empty() && text.size() <= kElementLimit && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), is_key_character);
}

bool is_key(std::string_view text) { return text.size() <= kKeyLimit && is_stored_key(text); }

bool is_stored_key(std::string_view text) {
  if (text.size() > kStoredKeyLimit) return false;
  for (auto slash = text.find('/'); slash != text.npos; slash = text.find('/')) {
    if (!is_key_element(text.substr(0, slash))) return false;
    text.remove_prefix(slash + 1);
  }
  return is_key_element(text);
}

}  // namespace v0
}  // namespace atp
