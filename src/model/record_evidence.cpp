// SPDX-License-Identifier: Apache-2.0
#include "atp/model/record_evidence.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "model/document_fields.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::string_view kType = "recordEvidence";
constexpr std::uint64_t kFormatVersion = 1;
constexpr std::size_t kSaltSize = 16;

/// Documents stand as the objects they are: canonical JSON prints them as they were stored.
Json::Array objects_of(const std::vector<std::string>& stored) {
  Json::Array objects;
  for (const std::string& text : stored) objects.push_back(parse_json(text));
  return objects;
}

RecordEvidence read_evidence(const Json& json) {
  FieldReader in(json);
  require(std::string(in["type"]) == kType, "member `type`: expected recordEvidence");
  const std::uint64_t version = in["formatVersion"];
  if (version > kFormatVersion) {
    throw Error(ErrorKind::unsupported, "proof",
                "formatVersion is " + std::to_string(version) + ", this release reads 1");
  }
  require(version == kFormatVersion, "member `formatVersion`: expected 1");
  RecordEvidence evidence{.tenant = in["tenantId"],
                          .number = in["number"],
                          .record = in["record"],
                          .salt = in["salt"],
                          .record_path = in["recordPath"],
                          .descriptor = in["descriptor"],
                          .descriptor_index = in["descriptorIndex"],
                          .descriptors = in["descriptors"],
                          .descriptor_path = in["descriptorPath"],
                          .statement = in["statement"].value().str()};
  const Field points = in["points"];
  if (!points.value().is_array()) points.refuse("an array");
  for (const Json& point : points.value().as_array()) evidence.points.push_back(point.str());
  if (auto timestamps = in.optional<std::vector<Bytes>>("timestamps")) {
    require(!timestamps->empty(), "member `timestamps`: expected one or more");
    evidence.timestamps = *std::move(timestamps);
  }
  in.finish();
  require(evidence.salt.size() == kSaltSize, "member `salt`: expected 16 bytes");
  require(!evidence.points.empty(), "member `points`: expected one or more");
  return evidence;
}

}  // namespace

std::string canonical(const RecordEvidence& evidence) {
  FieldWriter out;
  out("type", kType)("formatVersion", kFormatVersion)("tenantId", evidence.tenant);
  out("number", evidence.number)("record", evidence.record)("salt", evidence.salt);
  out("recordPath", evidence.record_path)("descriptor", evidence.descriptor);
  out("descriptorIndex", evidence.descriptor_index)("descriptors", evidence.descriptors);
  out("descriptorPath", evidence.descriptor_path);
  if (!evidence.timestamps.empty()) out("timestamps", evidence.timestamps);
  Json json = std::move(out).json();
  json.as_object().emplace("points", objects_of(evidence.points));
  json.as_object().emplace("statement", parse_json(evidence.statement));
  return json.str();
}

RecordEvidence parse_record_evidence(std::string_view text) {
  try {
    const Json json = parse_json(text);
    require(json.str() == text, "expected canonical JSON, found another form");
    return read_evidence(json);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_argument) throw;
    throw Error(ErrorKind::corrupt, "proof", error.what());
  }
}

}  // namespace v0
}  // namespace atp
