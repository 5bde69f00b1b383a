// SPDX-License-Identifier: Apache-2.0
#include "atp/model/policy_documents.hpp"

#include <array>

#include "model/document_fields.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::array<std::string_view, 7> kMappedNames{
    "time", "action", "actor.id", "subject.id", "subject.email", "subject.phone", "id"};

}  // namespace

std::span<const std::string_view> mapped_names() { return kMappedNames; }

FieldMap default_field_map() {
  FieldMap map;
  for (const std::string_view name : kMappedNames) {
    if (name != "id") map.emplace(name, name);
  }
  return map;
}

template <>
struct Codec<FieldMap> {
  static Json encode(const FieldMap& map) { return Json::Object(map.begin(), map.end()); }
  static FieldMap decode(const Field& field) {
    FieldReader in(field);
    FieldMap map;
    for (const std::string_view name : kMappedNames) {
      if (auto path = in.optional_text(name, kFieldPath)) map.emplace(name, *std::move(path));
    }
    in.finish();
    if (!map.contains("time")) field.refuse("a path for `time`");
    return map;
  }
};

void write_members(FieldWriter& out, const TenantPolicy& policy) {
  out("version", policy.version)("fieldMap", policy.field_map)("retention", policy.retention);
}

template <>
TenantPolicy read_members(FieldReader& in, DocumentHeader header) {
  TenantPolicy policy{.header = std::move(header),
                      .version = in["version"],
                      .field_map = in["fieldMap"],
                      .retention = in["retention"]};
  require(policy.version >= 1, "member `version`: expected 1 or more, found 0");
  return policy;
}

}  // namespace v0
}  // namespace atp
