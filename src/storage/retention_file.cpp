// SPDX-License-Identifier: Apache-2.0
#include "storage/retention_file.hpp"

#include "atp/core/error.hpp"
#include "atp/model/json.hpp"

namespace atp {
inline namespace v0 {
namespace {

std::optional<Json::Object> parse_object(std::string_view text) {
  try {
    return parse_json(text).as_object();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_argument) throw;
    return std::nullopt;
  }
}

}  // namespace

std::string format_retention(const Immutability& immutability) {
  Json::Object members{{"legalHold", immutability.legal_hold}};
  if (immutability.retain_until) {
    members.emplace("retainUntil", format_time(*immutability.retain_until));
  }
  return Json(std::move(members)).str() + "\n";
}

std::optional<Immutability> parse_retention(std::string_view text) {
  const auto members = parse_object(text);
  if (!members) return std::nullopt;
  Immutability found;
  const auto hold = members->find("legalHold");
  if (hold != members->end() && hold->second.is_bool()) found.legal_hold = hold->second.as_bool();
  const auto until = members->find("retainUntil");
  if (until != members->end() && until->second.is_string()) {
    found.retain_until = parse_canonical_time(until->second.as_string());
  }
  // Whatever was left out above does not print the same again.
  if (format_retention(found) != text) return std::nullopt;
  return found;
}

}  // namespace v0
}  // namespace atp
