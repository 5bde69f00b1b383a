// SPDX-License-Identifier: Apache-2.0
/// What a catalog knows of a store: rows that carry the signed bytes they mirror, and that a
/// rebuild restores row for row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/core/ids.hpp"
#include "atp/core/time.hpp"

namespace atp {
inline namespace v0 {

/// A segment manifest as stored.
struct SegmentRow {
  TenantId tenant;
  StreamId stream;
  std::uint64_t sequence;
  SegmentId segment;
  Digest manifest_sha256;
  std::string manifest;
  bool operator==(const SegmentRow&) const = default;
};

/// A completed recovery point's manifest as stored.
struct PointRow {
  TenantId tenant;
  std::uint64_t ledger_index;  ///< Of the statement that completed it.
  std::string recovery_point_id;
  Time created_at;
  Digest manifest_sha256;
  std::string manifest;
  bool operator==(const PointRow&) const = default;
};

/// How far a tenant's ledger had come.
struct LedgerHeadRow {
  TenantId tenant;
  std::uint64_t term;
  std::string origin;
  std::uint64_t size;
  Digest root;
  std::vector<Digest> frontier = {};  ///< Roots of the perfect subtrees, largest first.
  /// Hash of the last entry (RFC 9162, section 2.1.1), where a checkpoint covers it; also absent in
  /// rows of earlier builds.
  std::optional<Digest> last_leaf = {};
  bool operator==(const LedgerHeadRow&) const = default;
};

/// As a limit: all there are.
inline constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;

/// Where a segment stands in its stream.
struct SegmentPlace {
  StreamId stream;
  SegmentId segment;
  std::uint64_t sequence;
  bool operator==(const SegmentPlace&) const = default;
};

/// How far the manifests of a stream have come.
struct StreamHeadRow {
  StreamId stream;
  std::uint64_t manifests;  ///< Of sequences 0 to this, exclusive.
  Digest sha256;            ///< Of the last of them as stored.
  bool operator==(const StreamHeadRow&) const = default;
};

struct DerivedRows {
  std::vector<SegmentRow> segments = {};  ///< By tenant, stream and sequence.
  std::vector<PointRow> points = {};      ///< By tenant and ledger index.
  std::vector<LedgerHeadRow> heads = {};  ///< By tenant.
  bool operator==(const DerivedRows&) const = default;
};

/// Throws as `Catalog` says.
class ATP_EXPORT DerivedIndex {
 public:
  virtual ~DerivedIndex() = default;

  virtual std::vector<SegmentRow> segments(const TenantId& tenant) = 0;
  /// Of one stream, from a sequence on, in order, at most `limit`.
  virtual std::vector<SegmentRow> segments(const TenantId& tenant, const StreamId& stream,
                                           std::uint64_t from, std::uint64_t limit) = 0;
  virtual std::optional<SegmentRow> find_segment(const TenantId& tenant, const StreamId& stream,
                                                 const SegmentId& segment) = 0;
  /// In order of stream and sequence.
  virtual std::vector<SegmentPlace> segment_places(const TenantId& tenant) = 0;
  /// In order of stream.
  virtual std::vector<StreamHeadRow> stream_heads(const TenantId& tenant) = 0;
  /// Those that the ledger completed last, the newest first.
  virtual std::vector<PointRow> newest_points(const TenantId& tenant, std::uint64_t limit) = 0;
  /// The points of that id, of whichever tenants.
  virtual std::vector<PointRow> find_points(const std::string& recovery_point_id) = 0;
  /// In order of ledger index; of every tenant, one after the other, where none is given.
  virtual std::vector<PointRow> points(const std::optional<TenantId>& tenant) = 0;
  virtual std::optional<LedgerHeadRow> ledger_head(const TenantId& tenant) = 0;
  /// Those with a ledger, in order.
  virtual std::vector<TenantId> tenants() = 0;
  virtual DerivedRows derived() = 0;

  /// Inserts rows; an equal one already there is success. Throws: corrupt where another one is.
  virtual void record_segments(const std::vector<SegmentRow>& rows) = 0;
  /// In one transaction: the points as `record_segments` does, and the head where its term, then
  /// its size is larger than the one recorded. Throws: corrupt where a head of that term and size
  /// is another one, or the term has another origin.
  virtual void record_ledger(const std::vector<PointRow>& points, const LedgerHeadRow& head) = 0;
  /// Replaces all derived rows in one transaction, and forgets what is kept until when.
  virtual void replace_derived(const DerivedRows& rows) = 0;
};

}  // namespace v0
}  // namespace atp
