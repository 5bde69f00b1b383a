// SPDX-License-Identifier: Apache-2.0
#include "atp/model/point_documents.hpp"

#include <algorithm>
#include <tuple>

#include "atp/core/error.hpp"
#include "model/document_fields.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::string_view kListType = "list";
constexpr std::uint64_t kListFormatVersion = 1;

ListPage read_list_page(const Json& json) {
  FieldReader in(json);
  require(std::string(in["type"]) == kListType, "member `type`: expected list");
  require(std::uint64_t(in["formatVersion"]) == kListFormatVersion,
          "member `formatVersion`: expected 1");
  ListPage page{.vault_id = in.text("vaultId", kRandomId),
                .tenant = in["tenantId"],
                .stream = in["stream"],
                .page = in["page"],
                .descriptors = in["descriptors"]};
  in.finish();
  return page;
}

void check_list_page(const ListPage& page) {
  const std::size_t count = page.descriptors.size();
  require(count >= 1 && count <= kDescriptorsPerPage,
          "expected 1 to 1000 descriptors, found " + std::to_string(count));
  const Descriptor* previous = nullptr;
  for (const Descriptor& descriptor : page.descriptors) {
    const std::string at = "sequence " + std::to_string(descriptor.sequence) + ": ";
    require(descriptor.stream == page.stream, at + "expected the page's stream, found another");
    require(descriptor.sequence / kDescriptorsPerPage == page.page,
            at + "expected on page " + std::to_string(page.page) + ", found elsewhere");
    require(previous == nullptr || previous->sequence < descriptor.sequence,
            at + "expected sequences to rise, found them out of order");
    previous = &descriptor;
  }
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

template <>
struct EnumNames<DescriptorKind> {
  static constexpr std::pair<DescriptorKind, std::string_view> names[] = {
      {DescriptorKind::segment, "segment"}, {DescriptorKind::blob, "blob"}};
};

Json Codec<Descriptor>::encode(const Descriptor& descriptor) {
  FieldWriter out;
  out("kind", descriptor.kind)("name", descriptor.name)("stream", descriptor.stream);
  out("sequence", descriptor.sequence)("key", descriptor.key)("sha256", descriptor.sha256);
  out("bytes", descriptor.bytes)("manifestSha256", descriptor.manifest_sha256);
  out("merkleRoot", descriptor.merkle_root)("leafScheme", descriptor.leaf_scheme);
  out("records", descriptor.records);
  return std::move(out).json();
}

Descriptor Codec<Descriptor>::decode(const Field& field) {
  FieldReader in(field);
  Descriptor descriptor{.kind = in["kind"],
                        .name = SegmentId(in["name"]).str(),
                        .stream = in["stream"],
                        .sequence = in["sequence"],
                        .key = in.text("key", kObjectKey),
                        .sha256 = in["sha256"],
                        .bytes = in["bytes"],
                        .manifest_sha256 = in["manifestSha256"],
                        .merkle_root = in["merkleRoot"],
                        .leaf_scheme = in["leafScheme"],
                        .records = in["records"]};
  in.finish();
  require(descriptor.leaf_scheme >= 1, "member `leafScheme`: expected 1 or more, found 0");
  return descriptor;
}

std::string canonical(const Descriptor& descriptor) {
  return Codec<Descriptor>::encode(descriptor).str();
}

Descriptor descriptor_of(const SegmentManifest& manifest, const Digest& manifest_sha256) {
  return {.kind = DescriptorKind::segment,
          .name = manifest.segment.str(),
          .stream = manifest.stream,
          .sequence = manifest.sequence,
          .key = manifest.key,
          .sha256 = manifest.stored_sha256,
          .bytes = manifest.stored_bytes,
          .manifest_sha256 = manifest_sha256,
          .merkle_root = manifest.merkle_root,
          .leaf_scheme = manifest.leaf_scheme,
          .records = manifest.records};
}

std::string canonical(const ListPage& page) {
  check_list_page(page);
  FieldWriter out;
  out("type", kListType)("formatVersion", kListFormatVersion)("vaultId", page.vault_id);
  out("tenantId", page.tenant)("stream", page.stream)("page", page.page);
  out("descriptors", page.descriptors);
  return std::move(out).json().str();
}

ListPage parse_list_page(std::string_view stored) {
  try {
    const Json json = parse_json(stored);
    require(json.str() == stored, "expected canonical JSON, found another form");
    ListPage page = read_list_page(json);
    check_list_page(page);
    return page;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_argument) throw;
    throw Error(ErrorKind::corrupt, "list page", error.what());
  }
}

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
