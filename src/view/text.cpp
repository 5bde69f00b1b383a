// SPDX-License-Identifier: Apache-2.0
#include "atp/view/text.hpp"

#include "atp/core/ids.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr char kDelete = '\x7f';

bool is_json_text(std::string_view text) {
  try {
    Json(text).str();
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::string json_text(std::string_view text) {
  if (is_json_text(text)) return std::string(text);
  std::string safe;
  for (const char c : text) {
    safe += c >= ' ' && c < kDelete ? std::string(1, c) : encode_name(std::string_view(&c, 1));
  }
  return safe;
}

Json::Object to_json(const Error& error) {
  return {{"kind", error_kind_info(error.kind()).name},
          {"subject", json_text(error.subject())},
          {"message", json_text(error.message())}};
}

}  // namespace v0
}  // namespace atp
