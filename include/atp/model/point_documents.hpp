// SPDX-License-Identifier: Apache-2.0
/// What a recovery point lists, and how.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/core/ids.hpp"
#include "atp/core/time.hpp"
#include "atp/model/document_header.hpp"
#include "atp/model/segment_documents.hpp"

namespace atp {
inline namespace v0 {

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
/// `full` or `incremental`, as documents, the command and Python name them.
ATP_EXPORT std::string_view to_string(BackupType type);
/// Nothing for another word.
ATP_EXPORT std::optional<BackupType> parse_backup_type(std::string_view text);

/// An input that a point does not hold, and why.
struct SkippedInput {
  std::string name;    ///< Path below the source folder.
  std::string reason;  ///< A word, such as `not_sealed`, `damaged` or `dated_ahead`.
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

}  // namespace v0
}  // namespace atp
