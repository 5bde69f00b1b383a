// SPDX-License-Identifier: Apache-2.0
/// Descriptors, list pages, and the documents that are neither point nor segment.
#include "atp/model/documents.hpp"

#include <array>

#include "atp/core/error.hpp"
#include "model/document_fields.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::array<std::string_view, 7> kMappedNames{
    "time", "action", "actor.id", "subject.id", "subject.email", "subject.phone", "id"};

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

void write_members(FieldWriter& out, const VaultDocument& document) {
  out("region", document.region)("domain", document.domain)("recipients", document.recipients);
}

template <>
VaultDocument read_members(FieldReader& in, DocumentHeader header) {
  return {.header = std::move(header),
          .region = in["region"],
          .domain = in.text("domain", kDomain),
          .recipients = in.texts("recipients", kRecipient)};
}

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

void write_members(FieldWriter& out, const KeyEpoch& epoch) {
  out("epoch", epoch.epoch)("index", epoch.index)("recipient", epoch.recipient);
  out("wrapKey", epoch.wrap_key)("wrapSha256", epoch.wrap_sha256);
}

template <>
KeyEpoch read_members(FieldReader& in, DocumentHeader header) {
  return {.header = std::move(header),
          .epoch = in.text("epoch", kEpoch),
          .index = in["index"],
          .recipient = in.text("recipient", kRecipient),
          .wrap_key = in.text("wrapKey", kObjectKey),
          .wrap_sha256 = in["wrapSha256"]};
}

template <>
struct Codec<LogPosition> {
  static Json encode(const LogPosition& position) {
    FieldWriter out;
    out("origin", position.origin)("size", position.size)("root", position.root);
    return std::move(out).json();
  }
  static LogPosition decode(const Field& field) {
    FieldReader in(field);
    LogPosition position{
        .origin = in.text("origin", kOrigin), .size = in["size"], .root = in["root"]};
    in.finish();
    return position;
  }
};

template <>
struct Codec<ApprovedBy> {
  static Json encode(const ApprovedBy& approved_by) {
    FieldWriter out;
    out("request", approved_by.request)("approvals", approved_by.approvals);
    return std::move(out).json();
  }
  static ApprovedBy decode(const Field& field) {
    FieldReader in(field);
    ApprovedBy approved_by{.request = in["request"], .approvals = in["approvals"]};
    in.finish();
    require(approved_by.approvals.size() >= 2, "member `approvals`: expected two or more");
    return approved_by;
  }
};

void write_members(FieldWriter& out, const Statement& statement) {
  out("origin", statement.origin)("index", statement.index)("action", statement.action);
  out("jobId", statement.job_id)("subjectId", statement.subject_id);
  out("subjectSha256", statement.subject_sha256)("predecessor", statement.predecessor);
  out("approvedBy", statement.approved_by);
}

template <>
Statement read_members(FieldReader& in, DocumentHeader header) {
  Statement statement{.header = std::move(header),
                      .origin = in.text("origin", kOrigin),
                      .index = in["index"],
                      .action = in.text("action", kWord),
                      .job_id = in.optional_text("jobId", kRandomId),
                      .subject_id = in.optional_text("subjectId", kNotEmpty),
                      .subject_sha256 = in.optional<Digest>("subjectSha256"),
                      .predecessor = in.optional<LogPosition>("predecessor"),
                      .approved_by = in.optional<ApprovedBy>("approvedBy")};
  require(!statement.predecessor || statement.action == "ledger.opened",
          "member `predecessor`: expected in ledger.opened only, found in " + statement.action);
  return statement;
}

}  // namespace v0
}  // namespace atp
