// SPDX-License-Identifier: Apache-2.0
/// The index of a vault and its job table. It decides nothing: derived rows carry the signed bytes
/// they mirror and are restored row for row by a rebuild; operational rows are not. Thread-safe,
/// and several processes may have one catalog open.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"
#include "atp/core/ids.hpp"
#include "atp/core/random.hpp"
#include "atp/core/time.hpp"

namespace atp {
inline namespace v0 {

/// Derived: a segment manifest as stored.
struct SegmentRow {
  TenantId tenant;
  StreamId stream;
  std::uint64_t sequence;
  SegmentId segment;
  Digest manifest_sha256;
  std::string manifest;
  bool operator==(const SegmentRow&) const = default;
};

/// Derived: a completed recovery point's manifest as stored.
struct PointRow {
  TenantId tenant;
  std::uint64_t ledger_index;  ///< Of the statement that completed it.
  std::string recovery_point_id;
  Time created_at;
  Digest manifest_sha256;
  std::string manifest;
  bool operator==(const PointRow&) const = default;
};

/// Derived: how far a tenant's ledger had come.
struct LedgerHeadRow {
  TenantId tenant;
  std::uint64_t term;
  std::string origin;
  std::uint64_t size;
  Digest root;
  std::vector<Digest> frontier = {};  ///< Roots of the perfect subtrees, largest first.
  /// Hash of the last entry (RFC 9162, section 2.1.1); absent in rows of earlier builds.
  std::optional<Digest> last_leaf = {};
  bool operator==(const LedgerHeadRow&) const = default;
};

enum class JobState { running, completed, failed };

/// Operational: durable before the job's first write to the store.
struct JobRow {
  std::string job_id;  ///< 32 hexadecimal digits.
  TenantId tenant;
  std::string kind;  ///< `backup`, `resolve`, or the rule of the act: `export`, `clock.correct`.
  JobState state;
  Time started_at;
  std::string recovery_point_id = {};  ///< The point that a backup makes; empty for others.
  bool operator==(const JobRow&) const = default;
};

/// Operational: a source file as it was when its bytes were last read.
struct StatRow {
  TenantId tenant;
  StreamId stream;
  SegmentId segment;
  std::string path;  ///< Absolute, so that two sources do not mix.
  std::uint64_t size;
  Time modified;
  Time changed;
  std::uint64_t inode;
  Digest sha256;  ///< Of the decoded bytes.
  bool operator==(const StatRow&) const = default;
};

/// Operational: a tenant whose ledger was found not to be what it was. Nothing is written for it
/// until an operator has looked at it.
struct HaltRow {
  TenantId tenant;
  Time halted_at;
  std::string subject;  ///< Key of the object.
  std::string message;  ///< What was expected, and found.
  bool operator==(const HaltRow&) const = default;
};

/// Operational: until when the store has promised to keep a tenant's objects, as it was read back.
/// A rebuild forgets it, so that the next run asks the store again.
struct KeptRow {
  TenantId tenant;
  Time documents_until;          ///< At least: every document, of whatever age.
  std::uint64_t policy_version;  ///< Every package that a point lists, as policies up to this ask.
  /// Until when the documents up to the key `round_after` are kept: a round of growing them that
  /// goes on in later runs. No earlier than `documents_until`.
  Time round_until;
  std::string round_after = {};
  bool operator==(const KeptRow&) const = default;
};

/// Operational: when a backup of a tenant last found all its source in the vault.
struct CheckedRow {
  TenantId tenant;
  Time checked_at;
  Time stated_at;  ///< When one last said so in the ledger.
  bool operator==(const CheckedRow&) const = default;
};

/// As a limit: all there are.
inline constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;

/// What runs read again of what is old.
enum class ScrubKind {
  entries,   ///< Of the ledger.
  packages,  ///< And the manifests of their segments.
  dates,     ///< Until when objects are kept.
};
ATP_EXPORT std::string_view to_string(ScrubKind kind);

/// Operational: how far runs have come in a pass over all there is of a kind.
struct ScrubRow {
  TenantId tenant;
  ScrubKind kind;
  Time began_at;  ///< The pass that goes on.
  Time since;     ///< The one before it began: what is older has been read again since.
  std::string after = {};
  std::string state = {};
  bool operator==(const ScrubRow&) const = default;
};

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

/// Every method throws corrupt for a damaged catalog, not_found for one whose file was removed or
/// replaced meanwhile, no_space, permission_denied, unavailable. Writes are durable when they
/// return; after an error they happened as a whole or not at all, and may be tried again.
class ATP_EXPORT Catalog {
 public:
  virtual ~Catalog() = default;

  virtual std::string vault_id() = 0;

  /// Reads every page. Throws: corrupt where one is damaged, which otherwise only those notice who
  /// need its rows.
  virtual void check() = 0;

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

  /// Throws: already_exists.
  virtual void begin_job(const JobRow& job) = 0;
  /// Throws: not_found.
  virtual void end_job(const std::string& job_id, JobState state) = 0;
  /// In order of their start.
  virtual std::vector<JobRow> running_jobs() = 0;
  virtual std::vector<JobRow> running_jobs(const TenantId& tenant) = 0;
  virtual std::optional<JobRow> job(const std::string& job_id) = 0;

  /// The first halt of a tenant stays as it is.
  virtual void halt(const HaltRow& row) = 0;
  /// Of every tenant, in order.
  virtual std::vector<HaltRow> halts() = 0;
  virtual std::optional<HaltRow> find_halt(const TenantId& tenant) = 0;
  virtual void lift_halt(const TenantId& tenant) = 0;
  /// Index of the ledger entry that resolved a tenant's halts last, as far as anybody looked.
  virtual std::optional<std::uint64_t> halt_resolution(const TenantId& tenant) = 0;
  virtual void record_halt_resolution(const TenantId& tenant, std::uint64_t ledger_index) = 0;

  virtual std::optional<KeptRow> kept(const TenantId& tenant) = 0;
  virtual void record_kept(const KeptRow& row) = 0;
  virtual std::optional<CheckedRow> checked(const TenantId& tenant) = 0;
  virtual void record_checked(const CheckedRow& row) = 0;
  virtual std::optional<ScrubRow> scrub(const TenantId& tenant, ScrubKind kind) = 0;
  virtual void record_scrub(const ScrubRow& row) = 0;

  /// Of files whose segment is sealed with the bytes that they had when they were read.
  virtual std::vector<StatRow> sealed_stats(const TenantId& tenant) = 0;
  /// The last one recorded of each path, in order of path.
  virtual std::vector<StatRow> stats(const TenantId& tenant) = 0;
  virtual void record_stats(const std::vector<StatRow>& rows) = 0;
};

enum class CatalogAccess {
  read_write,
  /// Also on a medium that is only read. The half transaction of a writer who died is rolled back
  /// all the same: without that there are no rows to believe.
  read_only,
};

/// An embedded catalog in one SQLite file on `files`. `create` makes a new one; `open` never
/// creates, and reads all of it only where its last writer did not end in order. Throws:
/// already_exists, also for the journal of a catalog that is lost; not_found where there is no
/// file; corrupt where it is no catalog, is seen to be damaged or of another vault; unsupported for
/// a newer schema. Trouble of the machine is never corrupt.
ATP_EXPORT std::shared_ptr<Catalog> create_sqlite_catalog(std::shared_ptr<FileSystem> files,
                                                          std::shared_ptr<Random> random,
                                                          const Path& path,
                                                          const std::string& vault_id);
/// An empty `vault_id` opens any vault's.
ATP_EXPORT std::shared_ptr<Catalog> open_sqlite_catalog(
    std::shared_ptr<FileSystem> files, std::shared_ptr<Random> random, const Path& path,
    const std::string& vault_id, CatalogAccess access = CatalogAccess::read_write);

}  // namespace v0
}  // namespace atp
