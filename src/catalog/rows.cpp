// SPDX-License-Identifier: Apache-2.0
#include "catalog/rows.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace atp {
inline namespace v0 {
namespace sqlite {
namespace {

/// In the order of `JobState`.
constexpr std::array<std::string_view, 3> kJobStates{"running", "completed", "failed"};

/// In the order of `ScrubKind`.
constexpr std::array<std::string_view, 3> kScrubKinds{"entries", "packages", "dates"};

std::string_view state_name(JobState state) {
  return kJobStates.at(static_cast<std::size_t>(state));
}

/// All rows of a query as `read` makes them.
template <class Read, class... Values>
auto select(Connection& connection, const char* sql, const Read& read, const Values&... values) {
  Statement statement(connection, sql);
  statement.bind(values...);
  std::vector<decltype(read(connection, statement))> rows;
  while (statement.step()) rows.push_back(read(connection, statement));
  return rows;
}

template <class Row>
std::optional<Row> first_of(const std::vector<Row>& rows) {
  return rows.empty() ? std::nullopt : std::optional(rows.front());
}

SegmentRow read_segment(Connection&, Statement& row) {
  return {.tenant = row.name<TenantId>(),
          .stream = row.name<StreamId>(),
          .sequence = row.number(),
          .segment = row.name<SegmentId>(),
          .manifest_sha256 = row.digest(),
          .manifest = row.blob()};
}

PointRow read_point(Connection&, Statement& row) {
  return {.tenant = row.name<TenantId>(),
          .ledger_index = row.number(),
          .recovery_point_id = row.text(),
          .created_at = row.time(),
          .manifest_sha256 = row.digest(),
          .manifest = row.blob()};
}

std::vector<Digest> split_digests(Connection& connection, const std::string& bytes) {
  constexpr std::size_t kSize = sizeof(Digest::bytes);
  if (bytes.size() % kSize != 0) {
    throw connection.corrupt("expected a frontier of whole digests, found " +
                             std::to_string(bytes.size()) + " bytes");
  }
  std::vector<Digest> digests(bytes.size() / kSize);
  auto from = as_bytes(bytes).begin();
  for (Digest& digest : digests) {
    std::copy_n(from, kSize, digest.bytes.begin());
    from += kSize;
  }
  return digests;
}

Bytes join_digests(const std::vector<Digest>& digests) {
  Bytes bytes;
  for (const Digest& digest : digests) {
    bytes.insert(bytes.end(), digest.bytes.begin(), digest.bytes.end());
  }
  return bytes;
}

LedgerHeadRow read_head(Connection& connection, Statement& row) {
  return {.tenant = row.name<TenantId>(),
          .term = row.number(),
          .origin = row.text(),
          .size = row.number(),
          .root = row.digest(),
          .frontier = split_digests(connection, row.blob()),
          .last_leaf = first_of(split_digests(connection, row.blob()))};
}

JobState read_state(Connection& connection, const std::string& name) {
  const auto found = std::find(kJobStates.begin(), kJobStates.end(), name);
  if (found != kJobStates.end()) return static_cast<JobState>(found - kJobStates.begin());
  throw connection.corrupt("expected a job state, found `" + encode_name(name) + "`");
}

JobRow read_job(Connection& connection, Statement& row) {
  return {.job_id = row.text(),
          .tenant = row.name<TenantId>(),
          .kind = row.text(),
          .state = read_state(connection, row.text()),
          .started_at = row.time(),
          .recovery_point_id = row.text()};
}

HaltRow read_halt(Connection&, Statement& row) {
  return {.tenant = row.name<TenantId>(),
          .halted_at = row.time(),
          .subject = row.text(),
          .message = row.text()};
}

/// Inode numbers use all 64 bits on some file systems.
StatRow read_stat(Connection&, Statement& row) {
  return {.tenant = row.name<TenantId>(),
          .stream = row.name<StreamId>(),
          .segment = row.name<SegmentId>(),
          .path = row.blob(),
          .size = row.number(),
          .modified = row.time(),
          .changed = row.time(),
          .inode = static_cast<std::uint64_t>(row.integer()),
          .sha256 = row.digest()};
}

std::string place_of(const SegmentRow& row) {
  return "segment " + row.tenant.encoded() + "/" + row.stream.encoded() + "/" +
         format_sequence(row.sequence);
}

std::string place_of(const PointRow& row) {
  return "point " + row.tenant.encoded() + "/" + format_sequence(row.ledger_index);
}

template <class Row>
void require_same(Connection& connection, const Row& wanted, const std::vector<Row>& found) {
  if (found.size() == 1 && found.front() == wanted) return;
  const std::string other = found.empty() ? "none" : found.front().manifest_sha256.hex();
  throw connection.corrupt(place_of(wanted) + ": expected a row for manifest " +
                           wanted.manifest_sha256.hex() + ", found " + other);
}

}  // namespace

}  // namespace sqlite

std::string_view to_string(ScrubKind kind) {
  return sqlite::kScrubKinds.at(static_cast<std::size_t>(kind));
}

namespace sqlite {

std::vector<SegmentRow> select_segments(Connection& connection) {
  return select(connection, "SELECT * FROM segments ORDER BY tenant, stream, sequence",
                read_segment);
}

std::vector<SegmentRow> select_segments(Connection& connection, const TenantId& tenant) {
  return select(connection, "SELECT * FROM segments WHERE tenant = ?1 ORDER BY stream, sequence",
                read_segment, tenant);
}

std::vector<SegmentRow> select_segments(Connection& connection, const TenantId& tenant,
                                        const StreamId& stream, std::uint64_t from,
                                        std::uint64_t limit) {
  return select(connection,
                "SELECT * FROM segments WHERE tenant = ?1 AND stream = ?2 AND sequence >= ?3 "
                "ORDER BY sequence LIMIT ?4",
                read_segment, tenant, stream, from, limit);
}

/// Without the plus sign SQLite reads the whole stream, which is in the order asked for.
std::optional<SegmentRow> select_segment(Connection& connection, const TenantId& tenant,
                                         const StreamId& stream, const SegmentId& segment) {
  return first_of(select(connection,
                         "SELECT * FROM segments "
                         "WHERE tenant = ?1 AND stream = ?2 AND segment = ?3 ORDER BY +sequence",
                         read_segment, tenant, stream, segment));
}

std::vector<SegmentPlace> select_places(Connection& connection, const TenantId& tenant) {
  return select(
      connection,
      "SELECT stream, segment, sequence FROM segments WHERE tenant = ?1 ORDER BY stream, sequence",
      [](Connection&, Statement& row) {
        return SegmentPlace{row.name<StreamId>(), row.name<SegmentId>(), row.number()};
      },
      tenant);
}

std::vector<StreamHeadRow> select_stream_heads(Connection& connection, const TenantId& tenant) {
  return select(
      connection,
      "WITH RECURSIVE streams(stream) AS ("
      "  SELECT min(stream) FROM segments WHERE tenant = ?1 UNION ALL"
      "  SELECT (SELECT min(stream) FROM segments WHERE tenant = ?1 AND stream > streams.stream)"
      "  FROM streams WHERE stream IS NOT NULL) "
      "SELECT s.stream, s.sequence, s.manifest_sha256 FROM streams JOIN segments s ON "
      "s.tenant = ?1 AND s.stream = streams.stream AND s.sequence = (SELECT max(sequence) "
      "FROM segments WHERE tenant = ?1 AND stream = streams.stream) ORDER BY s.stream",
      [](Connection&, Statement& row) {
        return StreamHeadRow{row.name<StreamId>(), row.number() + 1, row.digest()};
      },
      tenant);
}

std::vector<PointRow> select_newest_points(Connection& connection, const TenantId& tenant,
                                           std::uint64_t limit) {
  return select(connection,
                "SELECT * FROM points WHERE tenant = ?1 ORDER BY ledger_index DESC LIMIT ?2",
                read_point, tenant, limit);
}

std::vector<PointRow> select_points_of(Connection& connection, const std::string& id) {
  return select(connection,
                "SELECT * FROM points WHERE recovery_point_id = ?1 ORDER BY tenant, ledger_index",
                read_point, std::string_view(id));
}

std::vector<PointRow> select_points(Connection& connection) {
  return select(connection, "SELECT * FROM points ORDER BY tenant, ledger_index", read_point);
}

std::vector<PointRow> select_points(Connection& connection, const TenantId& tenant) {
  return select(connection, "SELECT * FROM points WHERE tenant = ?1 ORDER BY ledger_index",
                read_point, tenant);
}

std::vector<TenantId> select_tenants(Connection& connection) {
  return select(connection, "SELECT tenant FROM ledger_heads ORDER BY tenant",
                [](Connection&, Statement& row) { return row.name<TenantId>(); });
}

std::vector<LedgerHeadRow> select_heads(Connection& connection) {
  return select(connection,
                "SELECT ledger_heads.*, COALESCE(leaf, x'') FROM ledger_heads "
                "LEFT JOIN last_leaves USING(tenant, size) ORDER BY tenant",
                read_head);
}

std::optional<LedgerHeadRow> select_head(Connection& connection, const TenantId& tenant) {
  return first_of(select(connection,
                         "SELECT ledger_heads.*, COALESCE(leaf, x'') FROM ledger_heads "
                         "LEFT JOIN last_leaves USING(tenant, size) WHERE tenant = ?1",
                         read_head, tenant));
}

void insert_segments(Connection& connection, const std::vector<SegmentRow>& rows) {
  Statement insert(connection,
                   "INSERT INTO segments VALUES(?1, ?2, ?3, ?4, ?5, ?6) "
                   "ON CONFLICT(tenant, stream, sequence) DO NOTHING");
  for (const SegmentRow& row : rows) {
    insert.run(row.tenant, row.stream, row.sequence, row.segment, row.manifest_sha256,
               as_bytes(row.manifest));
    if (connection.changes() == 1) continue;
    require_same(connection, row,
                 select(connection,
                        "SELECT * FROM segments WHERE tenant = ?1 AND stream = ?2 AND "
                        "sequence = ?3",
                        read_segment, row.tenant, row.stream, row.sequence));
  }
}

void insert_points(Connection& connection, const std::vector<PointRow>& rows) {
  Statement insert(connection,
                   "INSERT INTO points VALUES(?1, ?2, ?3, ?4, ?5, ?6) "
                   "ON CONFLICT(tenant, ledger_index) DO NOTHING");
  for (const PointRow& row : rows) {
    insert.run(row.tenant, row.ledger_index, row.recovery_point_id, row.created_at,
               row.manifest_sha256, as_bytes(row.manifest));
    if (connection.changes() == 1) continue;
    require_same(connection, row,
                 select(connection, "SELECT * FROM points WHERE tenant = ?1 AND ledger_index = ?2",
                        read_point, row.tenant, row.ledger_index));
  }
}

void advance_head(Connection& connection, const LedgerHeadRow& head) {
  const auto old = select_head(connection, head.tenant);
  if (old) {
    const auto [from, to] =
        std::pair(std::tuple(old->term, old->size), std::tuple(head.term, head.size));
    const bool same_term = old->term == head.term;
    LedgerHeadRow same = *old;
    if (!same.last_leaf || !head.last_leaf) same.last_leaf = head.last_leaf;
    if ((same_term && old->origin != head.origin) || (from == to && same != head)) {
      throw connection.corrupt("ledger of " + head.tenant.encoded() + ": recorded is " +
                               old->origin + " with root " + old->root.hex() + " at size " +
                               std::to_string(old->size) + ", now comes " + head.origin +
                               " with root " + head.root.hex());
    }
    const bool is_news = from < to || (from == to && head.last_leaf && !old->last_leaf);
    if (!is_news) return;
  }
  Statement(connection, "INSERT OR REPLACE INTO ledger_heads VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
      .run(head.tenant, head.term, head.origin, head.size, head.root, join_digests(head.frontier));
  if (!head.last_leaf) return;
  Statement(connection, "INSERT OR REPLACE INTO last_leaves VALUES(?1, ?2, ?3)")
      .run(head.tenant, head.size, *head.last_leaf);
}

void delete_derived(Connection& connection) {
  connection.execute("DELETE FROM segments");
  connection.execute("DELETE FROM points");
  connection.execute("DELETE FROM ledger_heads");
  connection.execute("DELETE FROM last_leaves");
}

void insert_job(Connection& connection, const JobRow& job) {
  Statement(connection,
            "INSERT INTO jobs VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(job_id) DO NOTHING")
      .run(job.job_id, job.tenant, job.kind, state_name(job.state), job.started_at,
           job.recovery_point_id);
  if (connection.changes() == 1) return;
  throw Error(ErrorKind::already_exists, job.job_id, "the catalog has a job of this id");
}

void update_job(Connection& connection, const std::string& job_id, JobState state) {
  Statement(connection, "UPDATE jobs SET state = ?2 WHERE job_id = ?1")
      .run(job_id, state_name(state));
  if (connection.changes() == 1) return;
  throw Error(ErrorKind::not_found, job_id, "the catalog has no job of this id");
}

std::vector<JobRow> select_running_jobs(Connection& connection) {
  return select(connection, "SELECT * FROM jobs WHERE state = ?1 ORDER BY started_at, job_id",
                read_job, state_name(JobState::running));
}

std::vector<JobRow> select_running_jobs(Connection& connection, const TenantId& tenant) {
  return select(connection,
                "SELECT * FROM jobs WHERE state = ?1 AND tenant = ?2 ORDER BY started_at, job_id",
                read_job, state_name(JobState::running), tenant);
}

std::optional<JobRow> select_job(Connection& connection, const std::string& job_id) {
  return first_of(select(connection, "SELECT * FROM jobs WHERE job_id = ?1", read_job, job_id));
}

void insert_halt(Connection& connection, const HaltRow& row) {
  Statement(connection, "INSERT INTO halts VALUES(?1, ?2, ?3, ?4) ON CONFLICT(tenant) DO NOTHING")
      .run(row.tenant, row.halted_at, row.subject, row.message);
}

std::vector<HaltRow> select_halts(Connection& connection) {
  return select(connection, "SELECT * FROM halts ORDER BY tenant", read_halt);
}

std::optional<HaltRow> select_halt(Connection& connection, const TenantId& tenant) {
  return first_of(select(connection, "SELECT * FROM halts WHERE tenant = ?1", read_halt, tenant));
}

void delete_halt(Connection& connection, const TenantId& tenant) {
  Statement(connection, "DELETE FROM halts WHERE tenant = ?1").run(tenant);
}

std::optional<std::uint64_t> select_resolution(Connection& connection, const TenantId& tenant) {
  return first_of(select(
      connection, "SELECT ledger_index FROM halt_resolutions WHERE tenant = ?1",
      [](Connection&, Statement& row) { return row.number(); }, tenant));
}

void replace_resolution(Connection& connection, const TenantId& tenant,
                        std::uint64_t ledger_index) {
  Statement(connection, "INSERT OR REPLACE INTO halt_resolutions VALUES(?1, ?2)")
      .run(tenant, ledger_index);
}

std::optional<KeptRow> select_kept(Connection& connection, const TenantId& tenant) {
  return first_of(select(
      connection, "SELECT * FROM kept WHERE tenant = ?1",
      [](Connection&, Statement& row) {
        return KeptRow{row.name<TenantId>(), row.time(), row.number(), row.time(), row.text()};
      },
      tenant));
}

void replace_kept(Connection& connection, const KeptRow& row) {
  Statement(connection, "INSERT OR REPLACE INTO kept VALUES(?1, ?2, ?3, ?4, ?5)")
      .run(row.tenant, row.documents_until, row.policy_version, row.round_until, row.round_after);
}

void delete_kept(Connection& connection) { connection.execute("DELETE FROM kept"); }

std::optional<CheckedRow> select_checked(Connection& connection, const TenantId& tenant) {
  return first_of(select(
      connection, "SELECT * FROM checked WHERE tenant = ?1",
      [](Connection&, Statement& row) {
        return CheckedRow{row.name<TenantId>(), row.time(), row.time()};
      },
      tenant));
}

void replace_checked(Connection& connection, const CheckedRow& row) {
  Statement(connection, "INSERT OR REPLACE INTO checked VALUES(?1, ?2, ?3)")
      .run(row.tenant, row.checked_at, row.stated_at);
}

std::optional<ScrubRow> select_scrub(Connection& connection, const TenantId& tenant,
                                     ScrubKind kind) {
  return first_of(select(
      connection,
      "SELECT began_at, since, after, state FROM scrubs WHERE tenant = ?1 AND kind = ?2",
      [&](Connection&, Statement& row) {
        return ScrubRow{tenant, kind, row.time(), row.time(), row.text(), row.text()};
      },
      tenant, std::string(to_string(kind))));
}

void replace_scrub(Connection& connection, const ScrubRow& row) {
  Statement(connection, "INSERT OR REPLACE INTO scrubs VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
      .run(row.tenant, std::string(to_string(row.kind)), row.began_at, row.since, row.after,
           row.state);
}

/// A manifest is canonical JSON: the digest of the decoded bytes is its one member `sha256`.
std::vector<StatRow> select_sealed_stats(Connection& connection, const TenantId& tenant) {
  return select(connection,
                "SELECT stats.* FROM stats JOIN segments USING(tenant, stream, segment) "
                "WHERE tenant = ?1 AND instr(manifest, "
                "CAST('\"sha256\":\"' || lower(hex(stats.sha256)) || '\"' AS BLOB)) > 0 "
                "ORDER BY path",
                read_stat, tenant);
}

std::vector<StatRow> select_stats(Connection& connection, const TenantId& tenant) {
  return select(connection, "SELECT * FROM stats WHERE tenant = ?1 ORDER BY path", read_stat,
                tenant);
}

void replace_stats(Connection& connection, const std::vector<StatRow>& rows) {
  Statement insert(connection,
                   "INSERT OR REPLACE INTO stats VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  for (const StatRow& row : rows) {
    insert.run(row.tenant, row.stream, row.segment, as_bytes(row.path), row.size, row.modified,
               row.changed, static_cast<std::int64_t>(row.inode), row.sha256);
  }
}

}  // namespace sqlite
}  // namespace v0
}  // namespace atp
