// SPDX-License-Identifier: Apache-2.0
/// The index of a vault and its job table. It decides nothing: derived rows carry the signed bytes
/// they mirror and are restored row for row by a rebuild; operational rows are not. Thread-safe,
/// and several processes may have one catalog open.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
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
  bool operator==(const LedgerHeadRow&) const = default;
};

enum class JobState { running, completed, failed };

/// Operational: durable before the job's first write to the store.
struct JobRow {
  std::string job_id;  ///< 32 hexadecimal digits.
  TenantId tenant;
  std::string kind;  ///< `backup`, `export`, `resolve`.
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
  /// In order of ledger index; of every tenant, one after the other, where none is given.
  virtual std::vector<PointRow> points(const std::optional<TenantId>& tenant) = 0;
  virtual std::optional<LedgerHeadRow> ledger_head(const TenantId& tenant) = 0;
  virtual DerivedRows derived() = 0;

  /// Inserts rows; an equal one already there is success. Throws: corrupt where another one is.
  virtual void record_segments(const std::vector<SegmentRow>& rows) = 0;
  /// In one transaction: the points as `record_segments` does, and the head where its term, then
  /// its size is larger than the one recorded. Throws: corrupt where a head of that term and size
  /// is another one, or the term has another origin.
  virtual void record_ledger(const std::vector<PointRow>& points, const LedgerHeadRow& head) = 0;
  /// Replaces all derived rows in one transaction.
  virtual void replace_derived(const DerivedRows& rows) = 0;

  /// Throws: already_exists.
  virtual void begin_job(const JobRow& job) = 0;
  /// Throws: not_found.
  virtual void end_job(const std::string& job_id, JobState state) = 0;
  /// In order of their start.
  virtual std::vector<JobRow> running_jobs() = 0;
  virtual std::optional<JobRow> job(const std::string& job_id) = 0;

  /// The first halt of a tenant stays as it is.
  virtual void halt(const HaltRow& row) = 0;
  virtual std::optional<HaltRow> find_halt(const TenantId& tenant) = 0;
  virtual void lift_halt(const TenantId& tenant) = 0;

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
