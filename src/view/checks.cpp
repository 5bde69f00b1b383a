// SPDX-License-Identifier: Apache-2.0
#include "atp/view/checks.hpp"

#include "atp/view/text.hpp"
#include "view/json_parts.hpp"

namespace atp {
inline namespace v0 {
namespace {

Json text_or_null(const std::optional<std::string>& text) {
  return text ? Json(json_text(*text)) : Json();
}

}  // namespace

Json::Object to_json(const Check& check) {
  Json records;
  if (check.records) {
    records = Json::Object{{"first", check.records->first}, {"last", check.records->last}};
  }
  return {{"name", check.name},
          {"state", to_string(check.state)},
          {"subject", json_text(check.subject)},
          {"stream", text_or_null(check.stream)},
          {"segment", text_or_null(check.segment)},
          {"frame", check.frame ? Json(*check.frame) : Json()},
          {"records", std::move(records)},
          {"expected", json_text(check.expected)},
          {"found", json_text(check.found)}};
}

Json::Array to_json(const std::vector<Check>& checks) { return array_json(checks); }

Json::Object to_json(const Report& report) {
  return {{"recoveryPointId", json_text(report.recovery_point_id)},
          {"verdict", to_string(report.verdict())},
          {"checks", to_json(report.checks)}};
}

}  // namespace v0
}  // namespace atp
