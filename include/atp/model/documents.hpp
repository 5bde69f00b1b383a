// SPDX-License-Identifier: Apache-2.0
/// The documents a vault stores, as values. docs/format.md has each one byte by byte; JSON names
/// are the fields' names in camel case. Signing and checking them is in signed_document.hpp.
///
/// Texts are within the profile of json.hpp: whoever takes one from a file system (a skipped
/// input's name) escapes other bytes first; to sign or print a document with others throws
/// invalid_argument.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/core/ids.hpp"
#include "atp/core/time.hpp"

namespace atp {
inline namespace v0 {

/// What every signed document begins with.
struct DocumentHeader {
  std::string vault_id;                 ///< 32 hexadecimal digits.
  std::optional<TenantId> tenant = {};  ///< Absent only in `vault` documents.
  std::string nonce;                    ///< 32 random hexadecimal digits.
  Time created_at = {};
  bool operator==(const DocumentHeader&) const = default;
};

/// `vault.json`: what the store belongs to. Put last by `init`.
struct ATP_EXPORT VaultDocument {
  static constexpr std::string_view type = "vault";
  DocumentHeader header;
  Region region;
  std::string domain;
  std::vector<std::string> recipients = {};  ///< age recipients of every key epoch's wraps.
  bool operator==(const VaultDocument&) const = default;
};

/// Which record field, as a dotted path, each mapped name is read from.
using FieldMap = std::map<std::string, std::string, std::less<>>;

/// The names that can be mapped: `time`, `action`, `actor.id`, `subject.id`, `subject.email`,
/// `subject.phone` and `id`, the record's own.
ATP_EXPORT std::span<const std::string_view> mapped_names();

/// Each of them but `id`, from the path of its own name.
ATP_EXPORT FieldMap default_field_map();

/// `policies/<tenant>/<20-digit version>.json`; versions count from 1.
struct ATP_EXPORT TenantPolicy {
  static constexpr std::string_view type = "policy";
  DocumentHeader header;
  std::uint64_t version;
  FieldMap field_map;
  CalendarPeriod retention;
  bool operator==(const TenantPolicy&) const = default;
};

/// `keys/<tenant>/<epoch>/<20-digit index>.json`: the recipient of everything sealed in an epoch.
struct ATP_EXPORT KeyEpoch {
  static constexpr std::string_view type = "keyEpoch";
  DocumentHeader header;
  std::string epoch;      ///< `yyyymm` of the writer's UTC clock.
  std::uint64_t index;    ///< 0, then one more with each rotation of the wraps.
  std::string recipient;  ///< `age1...`; the same at every index.
  std::string wrap_key;   ///< Key of the wrapped identity.
  Digest wrap_sha256;
  bool operator==(const KeyEpoch&) const = default;
};

enum class InputEncoding { none, gzip, zstd };

/// `manifests/<tenant>/<stream>/<20-digit sequence>.json`: the commit of one segment.
struct ATP_EXPORT SegmentManifest {
  static constexpr std::string_view type = "segmentManifest";
  DocumentHeader header = {};
  StreamId stream;
  SegmentId segment;
  std::uint64_t sequence;
  std::string key;  ///< The package.
  std::uint64_t stored_bytes;
  Digest stored_sha256;
  Digest index_sha256 = {};  ///< Of the plain bytes of the package's index.
  std::string key_epoch = {};
  std::uint64_t records;
  std::uint64_t opaque_records;
  std::uint64_t frames;
  std::optional<Time> first_time = {};  ///< Absent where every record is opaque.
  std::optional<Time> last_time = {};
  std::uint64_t bytes;  ///< Decoded.
  Digest sha256 = {};   ///< Of the decoded bytes.
  bool final_newline;
  InputEncoding input_encoding;
  std::uint64_t input_bytes;  ///< As found at the source.
  Digest input_sha256 = {};
  Time sealed_at = {};
  std::uint64_t policy_version;
  Digest merkle_root = {};
  std::uint64_t leaf_scheme = 1;
  std::optional<Digest> previous = {};  ///< SHA-256 of the preceding manifest as stored.
  bool operator==(const SegmentManifest&) const = default;
};

enum class DescriptorKind { segment, blob };

/// What a recovery point says of one package; a leaf of the point's Merkle tree is its canonical
/// text.
struct Descriptor {
  DescriptorKind kind = DescriptorKind::segment;
  std::string name;
  StreamId stream;
  std::uint64_t sequence;
  std::string key;
  Digest sha256 = {};
  std::uint64_t bytes;
  Digest manifest_sha256 = {};
  Digest merkle_root = {};
  std::uint64_t leaf_scheme = 1;
  std::uint64_t records;
  bool operator==(const Descriptor&) const = default;
};

/// The descriptors' canonical JSON text.
ATP_EXPORT std::string canonical(const Descriptor& descriptor);
ATP_EXPORT Descriptor descriptor_of(const SegmentManifest& manifest, const Digest& manifest_sha256);

/// `lists/<tenant>/<sha256>.json`: descriptors of one stream with equal sequence / 1000, in order.
/// Content-addressed, without nonce or signature.
struct ListPage {
  std::string vault_id;
  TenantId tenant;
  StreamId stream;
  std::uint64_t page;  ///< sequence / 1000.
  std::vector<Descriptor> descriptors = {};
  bool operator==(const ListPage&) const = default;
};
inline constexpr std::uint64_t kDescriptorsPerPage = 1000;

ATP_EXPORT std::string canonical(const ListPage& page);
/// Throws: corrupt unless `stored` is what `canonical` prints.
ATP_EXPORT ListPage parse_list_page(std::string_view stored);

enum class BackupType { full, incremental };

/// An input that a point does not hold, and why.
struct SkippedInput {
  std::string name;  ///< Path below the source folder.
  /// `not_sealed`, `empty`, `record_too_long`, `unreadable`, `damaged`, `dated_ahead`.
  std::string reason;
  std::string detail;
  bool operator==(const SkippedInput&) const = default;
};

/// A sealed segment that was found with other bytes later; the first package stays the truth. It
/// has no digest, from which records that are shown to nobody could be guessed.
struct AlteredSegment {
  StreamId stream;
  SegmentId segment;
  std::uint64_t sequence;
  std::uint64_t found_bytes;  ///< Decoded.
  Time found_changed_at;      ///< When the file was changed last, by its status.
  bool operator==(const AlteredSegment&) const = default;
};

struct ParentPoint {
  std::string id;
  Digest sha256;  ///< Of the parent's manifest as stored.
  bool operator==(const ParentPoint&) const = default;
};

/// How far a stream's manifests had come.
struct StreamCoverage {
  StreamId stream;
  std::uint64_t sequences;  ///< Manifests 0 to this, exclusive, were read.
  Digest head;              ///< SHA-256 of the last of them as stored.
  bool operator==(const StreamCoverage&) const = default;
};

struct ListReference {
  StreamId stream;
  std::uint64_t page;
  Digest sha256;
  std::uint64_t descriptors;
  bool operator==(const ListReference&) const = default;
};

/// `recovery-points/<tenant>/<id>.json`.
struct ATP_EXPORT RecoveryPoint {
  static constexpr std::string_view type = "recoveryPoint";
  DocumentHeader header = {};
  std::string recovery_point_id;
  Region region;
  BackupType backup_type;
  Time as_of = {};         ///< When the source was listed.
  Time completed_at = {};  ///< When the last package was durable.
  std::vector<std::string> data_classes{"hot"};
  std::optional<ParentPoint> parent = {};  ///< Absent in a full point.
  std::vector<StreamCoverage> covered_to = {};
  std::vector<ListReference> lists = {};  ///< In order of stream and page.
  Digest merkle_root = {};                ///< RFC 9162 over the listed descriptors, in that order.
  std::uint64_t segments;                 ///< How many descriptors are listed.
  std::uint64_t records;
  std::uint64_t bytes;         ///< Decoded.
  std::uint64_t stored_bytes;  ///< Of the packages.
  std::vector<SkippedInput> skipped = {};
  std::vector<AlteredSegment> alarms = {};
  std::uint64_t policy_version;
  std::uint64_t ledger_size_seen;
  bool operator==(const RecoveryPoint&) const = default;
};

/// Where an earlier log of the tenant ended.
struct LogPosition {
  std::string origin;
  std::uint64_t size;
  Digest root;
  bool operator==(const LogPosition&) const = default;
};

/// What an act would do, in one line each.
struct PlanStep {
  std::string name;
  std::string value;
  bool operator==(const PlanStep&) const = default;
};

/// A request has no more steps.
inline constexpr std::size_t kPlanStepLimit = 1000;

/// The SHA-256 of the steps' canonical JSON: names and values, in their order.
ATP_EXPORT Digest plan_digest(std::span<const PlanStep> plan);

/// Somebody asks others to approve one act. Signed with the key of a person, who cannot approve it.
struct ATP_EXPORT ApprovalRequest {
  static constexpr std::string_view type = "approvalRequest";
  DocumentHeader header;
  std::string action;
  std::string subject_id;
  std::vector<PlanStep> plan = {};
  std::uint64_t ledger_size;  ///< Of the tenant's ledger when the plan was made.
  Time expires_at;
  bool operator==(const ApprovalRequest&) const = default;
};

/// One person's consent, signed with a key of theirs. It repeats what it is to, so that the
/// signature is over it, whatever is shown beside it.
struct ATP_EXPORT Approval {
  static constexpr std::string_view type = "approval";
  DocumentHeader header;
  std::string action;
  std::string subject_id;
  Digest plan_sha256;
  Digest request_sha256;  ///< Of the request as stored.
  std::uint64_t ledger_size;
  Time expires_at;
  std::string role;  ///< That the person approves in.
  bool operator==(const Approval&) const = default;
};

/// What an act was done by virtue of: documents, by the SHA-256 of what was signed and stored.
struct ApprovedBy {
  Digest request;
  std::vector<Digest> approvals = {};
  bool operator==(const ApprovedBy&) const = default;
};

/// A ledger entry: an act, by the digest of what it is about.
struct ATP_EXPORT Statement {
  static constexpr std::string_view type = "statement";
  DocumentHeader header;
  std::string origin = {};
  std::uint64_t index;
  std::string action;  ///< `ledger.opened`, `recovery_point.completed`, `checked`.
  std::optional<std::string> job_id = {};  ///< 32 hexadecimal digits; the catalog knows the job.
  std::optional<std::string> subject_id = {};   ///< A recovery point's id.
  std::optional<Digest> subject_sha256 = {};    ///< Of the subject as stored.
  std::optional<LogPosition> predecessor = {};  ///< Only in `ledger.opened` of a later term.
  std::optional<ApprovedBy> approved_by = {};   ///< Where the act needed approvals.
  bool operator==(const Statement&) const = default;
};

/// A file of an export bundle, by its path below the bundle's folder.
struct ExportedFile {
  std::string name;
  std::uint64_t bytes;
  Digest sha256;
  bool operator==(const ExportedFile&) const = default;
};

/// Between which segments of a stream the exported records lie, both ends included, in order of the
/// segments' ids.
struct ExportedRange {
  StreamId stream;
  SegmentId first;
  SegmentId last;
  bool operator==(const ExportedRange&) const = default;
};

/// `manifest.json` of an export bundle: what was handed over, to the last file.
struct ATP_EXPORT ExportManifest {
  static constexpr std::string_view type = "exportManifest";
  DocumentHeader header;
  std::string export_id;
  Region region;
  std::string recovery_point_id;
  std::uint64_t records;
  std::vector<ExportedRange> ranges = {};  ///< In order of stream.
  /// In order of their names: all but `manifest.json` and `manifest-sha256.txt`.
  std::vector<ExportedFile> files = {};
  /// A reply (RFC 3161) about `export_imprint`, which does not cover it; the signature does.
  std::optional<Bytes> timestamp = {};
  bool operator==(const ExportManifest&) const = default;
};

/// What a time-stamp inside an export manifest is about: the SHA-256 of the canonical bytes without
/// `tsa`, `signature` and `coSignatures`. Throws: invalid_argument for what is no JSON object.
ATP_EXPORT Digest export_imprint(std::string_view stored);

}  // namespace v0
}  // namespace atp
