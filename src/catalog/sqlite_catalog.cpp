// SPDX-License-Identifier: Apache-2.0
/// The catalog in one SQLite file.
#include <filesystem>
#include <mutex>
#include <span>
#include <type_traits>
#include <utility>

#include "atp/catalog/catalog.hpp"
#include "catalog/rows.hpp"
#include "catalog/schema.hpp"
#include "catalog/sqlite.hpp"

namespace atp {
inline namespace v0 {
namespace {

using sqlite::Connection;
using sqlite::Statement;
using sqlite::Transaction;

constexpr std::uint32_t kPermissions = 0600;

/// A new catalog as the bytes of a file.
Bytes empty_catalog(const std::string& vault_id) {
  Connection connection("new catalog");
  connection.execute(("PRAGMA application_id = " + std::to_string(sqlite::kApplicationId)).c_str());
  connection.execute(("PRAGMA user_version = " + std::to_string(sqlite::kSchemaVersion)).c_str());
  for (const char* const table : sqlite::kTables) connection.execute(table);
  Statement(connection, "INSERT INTO meta VALUES('vault_id', ?1)").run(vault_id);
  return connection.serialize();
}

std::int64_t read_integer(Connection& connection, const char* sql) {
  Statement statement(connection, sql);
  statement.step();
  return statement.integer();
}

void check_version(Connection& connection, const Path& path) {
  const std::int64_t application = read_integer(connection, "PRAGMA application_id");
  if (application != sqlite::kApplicationId) {
    throw connection.corrupt("expected a catalog, found an sqlite file of application id " +
                             std::to_string(application));
  }
  const std::int64_t version = read_integer(connection, "PRAGMA user_version");
  if (version > sqlite::kSchemaVersion) {
    throw Error(ErrorKind::unsupported, path.string(),
                "expected schema version " + std::to_string(sqlite::kSchemaVersion) + ", found " +
                    std::to_string(version));
  }
  if (version < sqlite::kOldestVersion) {
    throw connection.corrupt("found schema version " + std::to_string(version) +
                             " of an earlier build");
  }
}

std::span<const char* const> tables_of(std::int64_t version) {
  const auto place = static_cast<std::size_t>(version - sqlite::kOldestVersion);
  return std::span(sqlite::kTables).first(sqlite::kTablesOf.at(place));
}

/// Earlier versions lacked tables and indexes; those that they had are the same.
void upgrade(Connection& connection) {
  if (read_integer(connection, "PRAGMA user_version") == sqlite::kSchemaVersion) return;
  Transaction transaction(connection, Transaction::Kind::write);
  const std::int64_t version = read_integer(connection, "PRAGMA user_version");
  const std::size_t had = tables_of(version).size();
  for (const char* const table : std::span(sqlite::kTables).subspan(had)) {
    connection.execute(table);
  }
  if (version < sqlite::kCoveredLeaves) connection.execute("DELETE FROM last_leaves");
  connection.execute(("PRAGMA user_version = " + std::to_string(sqlite::kSchemaVersion)).c_str());
  transaction.commit();
}

/// Gives a connection that may only read an empty temporary table for each that the catalog lacks.
void make_up_for(Connection& connection) {
  constexpr std::string_view kTable = "CREATE TABLE ";
  const std::size_t had = tables_of(read_integer(connection, "PRAGMA user_version")).size();
  for (const std::string_view table : std::span(sqlite::kTables).subspan(had)) {
    if (!table.starts_with(kTable)) continue;  // An index of a table that there is.
    const std::string rest(table.substr(kTable.size()));
    connection.execute(("CREATE TEMP TABLE " + rest).c_str());
  }
  connection.execute("PRAGMA query_only = ON");
}

/// The tables and nothing else: no trigger, no view, no index of somebody else.
void check_schema(Connection& connection) {
  Statement found(connection, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid");
  for (const char* const table : tables_of(read_integer(connection, "PRAGMA user_version"))) {
    if (!found.step() || found.text() != table) {
      throw connection.corrupt("the tables are not those of a catalog");
    }
  }
  if (found.step()) throw connection.corrupt("found more than the tables of a catalog");
}

std::string read_vault_id(Connection& connection) {
  Statement statement(connection, "SELECT value FROM meta WHERE key = 'vault_id'");
  if (!statement.step()) throw connection.corrupt("expected a vault id, found none");
  return statement.text();
}

/// SQLite takes a last page that is cut short for one that ends in zeros.
void check_size(Connection& connection, std::uint64_t size) {
  const std::int64_t expected =
      read_integer(connection, "PRAGMA page_count") * read_integer(connection, "PRAGMA page_size");
  if (static_cast<std::uint64_t>(expected) == size) return;
  throw connection.corrupt("expected " + std::to_string(expected) + " bytes, found " +
                           std::to_string(size));
}

void check_contents(Connection& connection) {
  Statement statement(connection, "PRAGMA quick_check(1)");
  statement.step();
  const std::string answer = statement.text();
  if (answer == "ok") return;
  connection.rethrow_unreported();
  throw connection.corrupt("damaged: " + answer);
}

class SqliteCatalog final : public Catalog {
 public:
  SqliteCatalog(std::shared_ptr<FileSystem> files, std::shared_ptr<Random> random, Path path,
                std::string vault_id, CatalogAccess access)
      : files_(std::move(files)),
        random_(std::move(random)),
        path_(std::move(path)),
        vault_id_(std::move(vault_id)),
        access_(access) {
    connect();
  }

  std::string vault_id() override {
    return read([](Connection& connection) { return read_vault_id(connection); });
  }

  void check() override { read(check_contents); }

  std::vector<SegmentRow> segments(const TenantId& tenant) override {
    return read([&](Connection& connection) { return select_segments(connection, tenant); });
  }

  std::vector<PointRow> points(const std::optional<TenantId>& tenant) override {
    return read([&](Connection& connection) {
      return tenant ? select_points(connection, *tenant) : sqlite::select_points(connection);
    });
  }

  std::optional<SegmentRow> find_segment(const TenantId& tenant, const StreamId& stream,
                                         const SegmentId& segment) override {
    return read([&](Connection& connection) {
      return select_segment(connection, tenant, stream, segment);
    });
  }

  std::vector<SegmentRow> segments(const TenantId& tenant, const StreamId& stream,
                                   std::uint64_t from, std::uint64_t limit) override {
    return read([&](Connection& connection) {
      return select_segments(connection, tenant, stream, from, limit);
    });
  }

  std::vector<SegmentPlace> segment_places(const TenantId& tenant) override {
    return read([&](Connection& connection) { return select_places(connection, tenant); });
  }

  std::vector<StreamHeadRow> stream_heads(const TenantId& tenant) override {
    return read([&](Connection& connection) { return select_stream_heads(connection, tenant); });
  }

  std::vector<PointRow> newest_points(const TenantId& tenant, std::uint64_t limit) override {
    return read(
        [&](Connection& connection) { return select_newest_points(connection, tenant, limit); });
  }

  std::vector<PointRow> find_points(const std::string& id) override {
    return read([&](Connection& connection) { return select_points_of(connection, id); });
  }

  std::optional<KeptRow> kept(const TenantId& tenant) override {
    return read([&](Connection& connection) { return select_kept(connection, tenant); });
  }

  void record_kept(const KeptRow& row) override {
    write([&](Connection& connection) { replace_kept(connection, row); });
  }

  std::optional<CheckedRow> checked(const TenantId& tenant) override {
    return read([&](Connection& connection) { return select_checked(connection, tenant); });
  }

  void record_checked(const CheckedRow& row) override {
    write([&](Connection& connection) { replace_checked(connection, row); });
  }

  std::optional<ScrubRow> scrub(const TenantId& tenant, ScrubKind kind) override {
    return read([&](Connection& connection) { return select_scrub(connection, tenant, kind); });
  }

  void record_scrub(const ScrubRow& row) override {
    write([&](Connection& connection) { replace_scrub(connection, row); });
  }

  std::optional<LedgerHeadRow> ledger_head(const TenantId& tenant) override {
    return read([&](Connection& connection) { return select_head(connection, tenant); });
  }

  std::vector<TenantId> tenants() override {
    return read([](Connection& connection) { return select_tenants(connection); });
  }

  DerivedRows derived() override {
    return read([](Connection& connection) {
      return DerivedRows{.segments = select_segments(connection),
                         .points = select_points(connection),
                         .heads = select_heads(connection)};
    });
  }

  void record_segments(const std::vector<SegmentRow>& rows) override {
    write([&](Connection& connection) { insert_segments(connection, rows); });
  }

  void record_ledger(const std::vector<PointRow>& points, const LedgerHeadRow& head) override {
    write([&](Connection& connection) {
      insert_points(connection, points);
      advance_head(connection, head);
    });
  }

  void replace_derived(const DerivedRows& rows) override {
    write([&](Connection& connection) {
      delete_derived(connection);
      delete_kept(connection);
      insert_segments(connection, rows.segments);
      insert_points(connection, rows.points);
      for (const LedgerHeadRow& head : rows.heads) advance_head(connection, head);
    });
  }

  void begin_job(const JobRow& job) override {
    write([&](Connection& connection) { insert_job(connection, job); });
  }

  void end_job(const std::string& job_id, JobState state) override {
    write([&](Connection& connection) { update_job(connection, job_id, state); });
  }

  std::vector<JobRow> running_jobs() override {
    return read([](Connection& connection) { return select_running_jobs(connection); });
  }

  std::vector<JobRow> running_jobs(const TenantId& tenant) override {
    return read([&](Connection& connection) { return select_running_jobs(connection, tenant); });
  }

  std::optional<std::uint64_t> halt_resolution(const TenantId& tenant) override {
    return read([&](Connection& connection) { return select_resolution(connection, tenant); });
  }

  void record_halt_resolution(const TenantId& tenant, std::uint64_t ledger_index) override {
    write([&](Connection& connection) { replace_resolution(connection, tenant, ledger_index); });
  }

  std::optional<JobRow> job(const std::string& job_id) override {
    return read([&](Connection& connection) { return select_job(connection, job_id); });
  }

  void halt(const HaltRow& row) override {
    write([&](Connection& connection) { insert_halt(connection, row); });
  }

  std::vector<HaltRow> halts() override {
    return read([](Connection& connection) { return select_halts(connection); });
  }

  std::optional<HaltRow> find_halt(const TenantId& tenant) override {
    return read([&](Connection& connection) { return select_halt(connection, tenant); });
  }

  void lift_halt(const TenantId& tenant) override {
    write([&](Connection& connection) { delete_halt(connection, tenant); });
  }

  std::vector<StatRow> sealed_stats(const TenantId& tenant) override {
    return read([&](Connection& connection) { return select_sealed_stats(connection, tenant); });
  }

  std::vector<StatRow> stats(const TenantId& tenant) override {
    return read([&](Connection& connection) { return select_stats(connection, tenant); });
  }

  void record_stats(const std::vector<StatRow>& rows) override {
    write([&](Connection& connection) { replace_stats(connection, rows); });
  }

 private:
  FileStatus status() const {
    const auto status = files_->status(path_);
    if (status) return *status;
    throw Error(ErrorKind::not_found, path_.string(), "expected a catalog, found no file");
  }

  void connect() {
    if (status().size == 0) {
      throw Error(ErrorKind::corrupt, path_.string(), "expected a catalog, found an empty file");
    }
    const bool interrupted = was_interrupted();
    auto connection = std::make_unique<Connection>(
        files_, random_, path_, interrupted ? CatalogAccess::read_write : access_);
    check_catalog(*connection);
    if (interrupted) check_contents(*connection);
    settle();
    if (access_ == CatalogAccess::read_only) {
      make_up_for(*connection);
    } else {
      upgrade(*connection);
    }
    connection_ = std::move(connection);
  }

  /// Whether a writer is at work, or died at it.
  bool was_interrupted() const {
    const auto journal = files_->status(path_.string() + "-journal");
    return journal && journal->size > 0;
  }

  /// Makes durable what the last writer left, or the roll-back of its crash. Where no directory can
  /// be synced, it can still be read.
  void settle() {
    try {
      files_->sync_directory(path_.parent_path());
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unsupported) throw;
    }
  }

  void check_catalog(Connection& connection) const {
    const Transaction transaction(connection, Transaction::Kind::read);
    check_version(connection, path_);
    check_schema(connection);
    const std::string found = read_vault_id(connection);
    if (!vault_id_.empty() && found != vault_id_) {
      throw connection.corrupt("expected the catalog of vault " + vault_id_ + ", found that of " +
                               found);
    }
    check_size(connection, status().size);
  }

  template <class Call>
  std::invoke_result_t<Call, Connection&> read(const Call& call) {
    const std::lock_guard guard(mutex_);
    const Transaction transaction(connection(), Transaction::Kind::read);
    return call(*connection_);
  }

  /// Where all rows were there already, their writer may have died before the removal of its
  /// journal was durable: a power loss now would roll them back.
  template <class Call>
  void write(const Call& call) {
    const std::lock_guard guard(mutex_);
    Transaction transaction(connection(), Transaction::Kind::write);
    const std::int64_t changes = connection_->total_changes();
    call(*connection_);
    transaction.commit();
    if (connection_->total_changes() == changes) files_->sync_directory(path_.parent_path());
  }

  /// A failed file is dropped, with all that SQLite knew of it, and opened anew: that rolls back
  /// what was left half done.
  Connection& connection() {
    if (connection_ && !connection_->broken()) return *connection_;
    connection_.reset();
    connect();
    return *connection_;
  }

  const std::shared_ptr<FileSystem> files_;
  const std::shared_ptr<Random> random_;
  const Path path_;
  const std::string vault_id_;
  const CatalogAccess access_;
  std::mutex mutex_;
  std::unique_ptr<Connection> connection_;
};

/// A later change of the working directory must not part the file from its journal.
Path anchored(const Path& path) { return std::filesystem::absolute(path); }

class SqliteCatalogPlace final : public CatalogPlace {
 public:
  SqliteCatalogPlace(std::shared_ptr<FileSystem> files, std::shared_ptr<const Clock> clock,
                     std::shared_ptr<Random> random, const Path& path)
      : files_(std::move(files)),
        clock_(std::move(clock)),
        random_(std::move(random)),
        path_(path) {}

  std::string describe() const override { return path_.string(); }

  std::shared_ptr<Catalog> open(const std::string& vault_id, CatalogAccess access) override {
    return open_sqlite_catalog(files_, random_, path_, vault_id, access);
  }

  Renewed renew(const std::string& vault_id) override {
    const Path folder = path_.parent_path();
    Renewed renewed;
    files_->sync_directory(folder);                // Where that fails nothing is moved.
    for (const char* suffix : {"-journal", ""}) {  // The journal first: it belongs to the old file.
      const Path old = path_.string() + suffix;
      if (!files_->status(old)) continue;
      renewed.kept = path_.string() + ".kept-" + format_compact_time(clock_->now()) + "-" +
                     random_hex(*random_, 4) + suffix;
      files_->rename_new(old, *renewed.kept);
    }
    files_->sync_directory(folder);
    renewed.catalog = create_sqlite_catalog(files_, random_, path_, vault_id);
    return renewed;
  }

 private:
  const std::shared_ptr<FileSystem> files_;
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Random> random_;
  const Path path_;
};

}  // namespace

std::shared_ptr<Catalog> create_sqlite_catalog(std::shared_ptr<FileSystem> files,
                                               std::shared_ptr<Random> random, const Path& path,
                                               const std::string& vault_id) {
  const Path file = anchored(path);
  const Path journal(file.string() + "-journal");
  if (files->status(journal)) {
    throw Error(ErrorKind::already_exists, journal.string(),
                "the journal of a lost catalog would be applied to the new one");
  }
  write_file_durably(*files, *random, file, empty_catalog(vault_id), kPermissions);
  return open_sqlite_catalog(std::move(files), std::move(random), file, vault_id);
}

std::shared_ptr<Catalog> open_sqlite_catalog(std::shared_ptr<FileSystem> files,
                                             std::shared_ptr<Random> random, const Path& path,
                                             const std::string& vault_id, CatalogAccess access) {
  return std::make_shared<SqliteCatalog>(std::move(files), std::move(random), anchored(path),
                                         vault_id, access);
}

std::shared_ptr<CatalogPlace> sqlite_catalog_place(std::shared_ptr<FileSystem> files,
                                                   std::shared_ptr<const Clock> clock,
                                                   std::shared_ptr<Random> random,
                                                   const Path& path) {
  return std::make_shared<SqliteCatalogPlace>(std::move(files), std::move(clock), std::move(random),
                                              path);
}

}  // namespace v0
}  // namespace atp
