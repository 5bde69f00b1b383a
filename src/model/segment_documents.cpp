// SPDX-License-Identifier: Apache-2.0
#include "atp/model/segment_documents.hpp"

#include "model/document_fields.hpp"

namespace atp {
inline namespace v0 {
namespace {

void check_manifest(const SegmentManifest& manifest) {
  require(manifest.leaf_scheme >= 1, "member `leafScheme`: expected 1 or more, found 0");
  require(manifest.records >= manifest.opaque_records,
          "member `opaqueRecords`: expected at most `records`, found more");
  const bool timed = manifest.first_time.has_value();
  require(timed == manifest.last_time.has_value(),
          "members `firstTime` and `lastTime`: expected both or neither, found one");
  require(timed == (manifest.records > manifest.opaque_records),
          "member `firstTime`: expected where a record is not opaque and only there");
  require(!timed || *manifest.first_time <= *manifest.last_time,
          "member `firstTime`: expected no later than `lastTime`, found later");
}

}  // namespace

template <>
struct EnumNames<InputEncoding> {
  static constexpr std::pair<InputEncoding, std::string_view> names[] = {
      {InputEncoding::none, "none"}, {InputEncoding::gzip, "gzip"}, {InputEncoding::zstd, "zstd"}};
};

void write_members(FieldWriter& out, const SegmentManifest& manifest) {
  out("stream", manifest.stream)("segment", manifest.segment)("sequence", manifest.sequence);
  out("key", manifest.key)("storedBytes", manifest.stored_bytes);
  out("storedSha256", manifest.stored_sha256)("indexSha256", manifest.index_sha256);
  out("keyEpoch", manifest.key_epoch)("records", manifest.records);
  out("opaqueRecords", manifest.opaque_records)("frames", manifest.frames);
  out("firstTime", manifest.first_time)("lastTime", manifest.last_time);
  out("bytes", manifest.bytes)("sha256", manifest.sha256);
  out("finalNewline", manifest.final_newline)("inputEncoding", manifest.input_encoding);
  out("inputBytes", manifest.input_bytes)("inputSha256", manifest.input_sha256);
  out("sealedAt", manifest.sealed_at)("policyVersion", manifest.policy_version);
  out("merkleRoot", manifest.merkle_root)("leafScheme", manifest.leaf_scheme);
  out("previous", manifest.previous);
}

template <>
SegmentManifest read_members(FieldReader& in, DocumentHeader header) {
  SegmentManifest manifest{.header = std::move(header),
                           .stream = in["stream"],
                           .segment = in["segment"],
                           .sequence = in["sequence"],
                           .key = in.text("key", kObjectKey),
                           .stored_bytes = in["storedBytes"],
                           .stored_sha256 = in["storedSha256"],
                           .index_sha256 = in["indexSha256"],
                           .key_epoch = in.text("keyEpoch", kEpoch),
                           .records = in["records"],
                           .opaque_records = in["opaqueRecords"],
                           .frames = in["frames"],
                           .first_time = in.optional<Time>("firstTime"),
                           .last_time = in.optional<Time>("lastTime"),
                           .bytes = in["bytes"],
                           .sha256 = in["sha256"],
                           .final_newline = in["finalNewline"],
                           .input_encoding = in["inputEncoding"],
                           .input_bytes = in["inputBytes"],
                           .input_sha256 = in["inputSha256"],
                           .sealed_at = in["sealedAt"],
                           .policy_version = in["policyVersion"],
                           .merkle_root = in["merkleRoot"],
                           .leaf_scheme = in["leafScheme"],
                           .previous = in.optional<Digest>("previous")};
  check_manifest(manifest);
  return manifest;
}

}  // namespace v0
}  // namespace atp
