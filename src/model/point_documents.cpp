// SPDX-License-Identifier: Apache-2.0
/// Segment manifests and recovery points as JSON.
#include <algorithm>
#include <tuple>

#include "model/document_fields.hpp"

namespace atp {
inline namespace v0 {

template <>
struct EnumNames<InputEncoding> {
  static constexpr std::pair<InputEncoding, std::string_view> names[] = {
      {InputEncoding::none, "none"}, {InputEncoding::gzip, "gzip"}, {InputEncoding::zstd, "zstd"}};
};

template <>
struct EnumNames<BackupType> {
  static constexpr std::pair<BackupType, std::string_view> names[] = {
      {BackupType::full, "full"}, {BackupType::incremental, "incremental"}};
};

std::string_view to_string(BackupType type) { return enum_name(type); }

std::optional<BackupType> parse_backup_type(std::string_view text) {
  return enum_named<BackupType>(text);
}

template <>
struct Codec<ParentPoint> {
  static Json encode(const ParentPoint& parent) {
    FieldWriter out;
    out("recoveryPointId", parent.id)("sha256", parent.sha256);
    return std::move(out).json();
  }
  static ParentPoint decode(const Field& field) {
    FieldReader in(field);
    ParentPoint parent{.id = in.text("recoveryPointId", kPointId), .sha256 = in["sha256"]};
    in.finish();
    return parent;
  }
};

template <>
struct Codec<StreamCoverage> {
  static Json encode(const StreamCoverage& coverage) {
    FieldWriter out;
    out("stream", coverage.stream)("sequences", coverage.sequences)("head", coverage.head);
    return std::move(out).json();
  }
  static StreamCoverage decode(const Field& field) {
    FieldReader in(field);
    StreamCoverage coverage{
        .stream = in["stream"], .sequences = in["sequences"], .head = in["head"]};
    in.finish();
    return coverage;
  }
};

template <>
struct Codec<ListReference> {
  static Json encode(const ListReference& list) {
    FieldWriter out;
    out("stream", list.stream)("page", list.page)("sha256", list.sha256);
    out("descriptors", list.descriptors);
    return std::move(out).json();
  }
  static ListReference decode(const Field& field) {
    FieldReader in(field);
    ListReference list{.stream = in["stream"],
                       .page = in["page"],
                       .sha256 = in["sha256"],
                       .descriptors = in["descriptors"]};
    in.finish();
    require(list.descriptors >= 1 && list.descriptors <= kDescriptorsPerPage,
            "member `descriptors`: expected 1 to 1000, found " + std::to_string(list.descriptors));
    return list;
  }
};

template <>
struct Codec<SkippedInput> {
  static Json encode(const SkippedInput& input) {
    FieldWriter out;
    out("name", input.name)("reason", input.reason)("detail", input.detail);
    return std::move(out).json();
  }
  static SkippedInput decode(const Field& field) {
    FieldReader in(field);
    SkippedInput input{.name = in.text("name", kNotEmpty),
                       .reason = in.text("reason", kWord),
                       .detail = in["detail"]};
    in.finish();
    return input;
  }
};

template <>
struct Codec<AlteredSegment> {
  static Json encode(const AlteredSegment& altered) {
    FieldWriter out;
    out("stream", altered.stream)("segment", altered.segment)("sequence", altered.sequence);
    out("foundBytes", altered.found_bytes)("foundChangedAt", altered.found_changed_at);
    return std::move(out).json();
  }
  static AlteredSegment decode(const Field& field) {
    FieldReader in(field);
    AlteredSegment altered{.stream = in["stream"],
                           .segment = in["segment"],
                           .sequence = in["sequence"],
                           .found_bytes = in["foundBytes"],
                           .found_changed_at = in["foundChangedAt"]};
    in.finish();
    return altered;
  }
};

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

void check_point(const RecoveryPoint& point) {
  require(point.parent.has_value() == (point.backup_type == BackupType::incremental),
          "member `parent`: expected in an incremental point and only there");
  const ListReference* previous = nullptr;
  for (const ListReference& list : point.lists) {
    require(previous == nullptr ||
                std::tie(previous->stream, previous->page) < std::tie(list.stream, list.page),
            "member `lists`: expected in order of stream and page, found out of order");
    previous = &list;
  }
  const auto& covered = point.covered_to;
  const auto disorder = std::adjacent_find(
      covered.begin(), covered.end(),
      [](const auto& one, const auto& next) { return !(one.stream < next.stream); });
  require(disorder == covered.end(),
          "member `coveredTo`: expected in order of stream, found out of order");
}

}  // namespace

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

void write_members(FieldWriter& out, const RecoveryPoint& point) {
  out("recoveryPointId", point.recovery_point_id)("region", point.region);
  out("backupType", point.backup_type)("asOf", point.as_of)("completedAt", point.completed_at);
  out("dataClasses", point.data_classes)("parent", point.parent);
  out("coveredTo", point.covered_to)("lists", point.lists)("merkleRoot", point.merkle_root);
  out("segments", point.segments)("records", point.records)("bytes", point.bytes);
  out("storedBytes", point.stored_bytes)("skipped", point.skipped)("alarms", point.alarms);
  out("policyVersion", point.policy_version)("ledgerSizeSeen", point.ledger_size_seen);
}

template <>
RecoveryPoint read_members(FieldReader& in, DocumentHeader header) {
  RecoveryPoint point{.header = std::move(header),
                      .recovery_point_id = in.text("recoveryPointId", kPointId),
                      .region = in["region"],
                      .backup_type = in["backupType"],
                      .as_of = in["asOf"],
                      .completed_at = in["completedAt"],
                      .data_classes = in.texts("dataClasses", kWord),
                      .parent = in.optional<ParentPoint>("parent"),
                      .covered_to = in["coveredTo"],
                      .lists = in["lists"],
                      .merkle_root = in["merkleRoot"],
                      .segments = in["segments"],
                      .records = in["records"],
                      .bytes = in["bytes"],
                      .stored_bytes = in["storedBytes"],
                      .skipped = in["skipped"],
                      .alarms = in["alarms"],
                      .policy_version = in["policyVersion"],
                      .ledger_size_seen = in["ledgerSizeSeen"]};
  check_point(point);
  return point;
}

}  // namespace v0
}  // namespace atp
