// SPDX-License-Identifier: Apache-2.0
/// The file of an SQLite catalog: what `open` refuses, and several who write to it at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "atp/catalog/catalog.hpp"
#include "atp/core/error.hpp"
#include "catalog/sample_rows.hpp"
#include "catalog/sqlite.hpp"
#include "support/error_kind.hpp"
#include "support/temp_dir.hpp"

namespace atp::test {
namespace {

using testing::HasSubstr;

class SqliteCatalogTest : public testing::Test {
 protected:
  std::shared_ptr<Catalog> create() {
    return create_sqlite_catalog(files_, random_, path_, kVaultId);
  }
  std::shared_ptr<Catalog> open() { return open_sqlite_catalog(files_, random_, path_, kVaultId); }

  Bytes contents() { return read_file(*files_, path_, 1U << 30); }
  void write(const Bytes& bytes) {
    std::filesystem::remove(path_);
    SystemRandom random;
    write_file_durably(*files_, random, path_, bytes);
  }
  /// Changes the file behind the catalog's back.
  void execute(const char* sql) { sqlite::Connection(files_, random_, path_).execute(sql); }

  /// `open` fails so, changes not one byte and creates no file.
  void expect_refused(ErrorKind kind) {
    const auto before = files_->list(folder_.path());
    const Bytes bytes = before.empty() ? Bytes{} : contents();
    try {
      open();
      FAIL() << "expected a refusal";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      EXPECT_EQ(error.subject(), path_.string());
    }
    EXPECT_EQ(files_->list(folder_.path()).size(), before.size());
    EXPECT_EQ(before.empty() ? Bytes{} : contents(), bytes);
  }

  TempDir folder_;
  const Path path_ = folder_.path() / "catalog.db";
  std::shared_ptr<FileSystem> files_ = posix_file_system();
  std::shared_ptr<Random> random_ = std::make_shared<SystemRandom>();
};

TEST_F(SqliteCatalogTest, CreatesOneFileForItsOwnerOnly) {
  create()->record_segments({sample_segment(1)});
  const auto entries = files_->list(folder_.path());
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].name, "catalog.db");
  EXPECT_EQ(files_->status(path_)->mode, 0600U);
}

TEST_F(SqliteCatalogTest, CreatesOnlyOnce) {
  create()->record_segments({sample_segment(1)});
  EXPECT_THROW(create(), Error);
  EXPECT_EQ(open()->derived().segments.size(), 1U);
}

TEST_F(SqliteCatalogTest, T015_MissingFileIsNotFoundAndNotCreated) {
  expect_refused(ErrorKind::not_found);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(SqliteCatalogTest, T015_EmptyFileIsCorrupt) {
  write({});
  expect_refused(ErrorKind::corrupt);
}

TEST_F(SqliteCatalogTest, T015_ZeroedFirstPageIsCorrupt) {
  create()->record_segments({sample_segment(1)});
  Bytes bytes = contents();
  std::fill_n(bytes.begin(), 4096, std::byte{0});
  write(bytes);
  expect_refused(ErrorKind::corrupt);
}

TEST_F(SqliteCatalogTest, T015_TextFileIsCorrupt) {
  for (const std::string& text : {std::string("x"), std::string("not a database\n"),
                                  std::string("SQLite format 3"), std::string(9000, 'a')}) {
    write(to_bytes(text));
    expect_refused(ErrorKind::corrupt);
  }
}

TEST_F(SqliteCatalogTest, T015_ForeignDatabaseIsCorrupt) {
  sqlite::Connection foreign("foreign");
  foreign.execute("CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT)");
  write(foreign.serialize());
  expect_refused(ErrorKind::corrupt);
}

TEST_F(SqliteCatalogTest, T015_CatalogOfAnotherVaultIsCorrupt) {
  create_sqlite_catalog(files_, random_, path_, "ffffffffffffffffffffffffffffffff");
  expect_refused(ErrorKind::corrupt);
}

TEST_F(SqliteCatalogTest, T015_EveryTruncationIsCorrupt) {
  create()->record_segments({sample_segment(1), sample_segment(2), sample_segment(3)});
  const Bytes bytes = contents();
  for (std::size_t size = 1; size < bytes.size(); size += 509) {
    write(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
    expect_refused(ErrorKind::corrupt);
  }
}

/// Rows as they were, or none.
template <class Rows>
void expect_rows_or_damage(const Rows& expected, const std::function<Rows()>& read) {
  try {
    EXPECT_EQ(read(), expected);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt) << error.what();
  }
}

TEST_F(SqliteCatalogTest, T015_EveryZeroedPageIsCorruptAndNoQueryGivesOtherRows) {
  const auto catalog = create();
  for (std::uint64_t i = 0; i < 12; ++i) catalog->record_segments({sample_segment(i)});
  catalog->record_ledger({sample_point(0)}, sample_head(1));
  catalog->begin_job(sample_job(1));
  catalog->record_stats({sample_stat(1)});
  const DerivedRows derived = catalog->derived();
  const auto jobs = catalog->running_jobs();
  const auto stats = catalog->stats(TenantId("acme"));
  const Bytes bytes = contents();
  for (std::size_t page = 0; page < bytes.size(); page += 4096) {
    SCOPED_TRACE(page);
    Bytes damaged = bytes;
    std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(page), 4096, std::byte{0});
    write(damaged);
    EXPECT_EQ(error_kind([&] { open()->check(); }), ErrorKind::corrupt);
    expect_rows_or_damage<DerivedRows>(derived, [&] { return open()->derived(); });
    expect_rows_or_damage<std::vector<JobRow>>(jobs, [&] { return open()->running_jobs(); });
    expect_rows_or_damage<std::vector<StatRow>>(stats,
                                                [&] { return open()->stats(TenantId("acme")); });
  }
}

TEST_F(SqliteCatalogTest, T015_ARowThatNoTableTakesIsCorruptWhereItIsRead) {
  create()->record_ledger({}, sample_head(1));
  execute("PRAGMA ignore_check_constraints = ON; UPDATE ledger_heads SET root = x'00'");
  const auto catalog = open();
  EXPECT_EQ(error_kind([&] { catalog->check(); }), ErrorKind::corrupt);
  EXPECT_EQ(error_kind([&] { catalog->ledger_head(TenantId("acme")); }), ErrorKind::corrupt);
}

TEST_F(SqliteCatalogTest, OpenedForReadingItGivesRowsAndTakesNone) {
  create()->record_segments({sample_segment(1)});
  const auto catalog =
      open_sqlite_catalog(files_, random_, path_, kVaultId, CatalogAccess::read_only);
  EXPECT_EQ(catalog->derived().segments.size(), 1U);
  EXPECT_EQ(error_kind([&] { catalog->record_segments({sample_segment(2)}); }),
            ErrorKind::permission_denied);
}

TEST_F(SqliteCatalogTest, T015_LostTablesAndRowsAreCorrupt) {
  for (const char* const sql :
       {"DROP TABLE points", "DELETE FROM meta", "ALTER TABLE segments ADD COLUMN note TEXT",
        "PRAGMA application_id = 7", "PRAGMA user_version = 0"}) {
    SCOPED_TRACE(sql);
    std::filesystem::remove(path_);
    create()->record_ledger({}, sample_head(1));
    execute(sql);
    expect_refused(ErrorKind::corrupt);
  }
}

TEST_F(SqliteCatalogTest, RefusesTriggersAndViewsOfOthers) {
  for (const char* const sql :
       {"CREATE TRIGGER t AFTER INSERT ON segments BEGIN DELETE FROM points; END",
        "CREATE VIEW v AS SELECT * FROM points", "CREATE INDEX i ON points(created_at)"}) {
    SCOPED_TRACE(sql);
    std::filesystem::remove(path_);
    create();
    execute(sql);
    expect_refused(ErrorKind::corrupt);
  }
}

TEST_F(SqliteCatalogTest, RefusesAFileInWalMode) {
  create();
  Bytes bytes = contents();
  bytes[18] = bytes[19] = std::byte{2};
  write(bytes);
  expect_refused(ErrorKind::corrupt);
}

TEST_F(SqliteCatalogTest, T020_NewerSchemaIsUnsupported) {
  create();
  execute("PRAGMA user_version = 6");
  expect_refused(ErrorKind::unsupported);
}

/// On a medium that is only read nobody can bring it up to date.
TEST_F(SqliteCatalogTest, AnOlderCatalogIsReadAsItIsAndUpgradedToBeWritten) {
  const TenantId tenant("acme");
  create()->record_segments({sample_segment(1)});
  execute(
      "DROP TABLE scrubs; DROP TABLE kept; DROP TABLE checked; DROP TABLE halt_resolutions; "
      "DROP TABLE last_leaves; DROP INDEX segments_by_name; DROP INDEX points_by_id; "
      "DROP INDEX running_jobs; PRAGMA user_version = 2");
  const ScrubRow row{tenant, ScrubKind::dates, Time{}, Time{}, "k", ""};
  const Bytes before = contents();
  {
    const auto catalog =
        open_sqlite_catalog(files_, random_, path_, kVaultId, CatalogAccess::read_only);
    EXPECT_EQ(catalog->derived().segments.size(), 1U);
    const SegmentRow segment = sample_segment(1);
    EXPECT_EQ(catalog->find_segment(segment.tenant, segment.stream, segment.segment), segment);
    EXPECT_FALSE(catalog->scrub(tenant, ScrubKind::dates));
    EXPECT_EQ(error_kind([&] { catalog->record_scrub(row); }), ErrorKind::permission_denied);
  }
  EXPECT_EQ(contents(), before);
  const auto catalog = open();
  EXPECT_EQ(catalog->derived().segments.size(), 1U);
  catalog->record_scrub(row);
  EXPECT_EQ(catalog->scrub(tenant, ScrubKind::dates), row);
  EXPECT_FALSE(catalog->scrub(tenant, ScrubKind::entries));
}

TEST_F(SqliteCatalogTest, T020_OlderSchemaIsToBeRebuilt) {
  create();
  execute("PRAGMA user_version = 1");
  expect_refused(ErrorKind::corrupt);
}

TEST_F(SqliteCatalogTest, T015_JournalOfALostCatalogIsNotAppliedToANewOne) {
  const Path journal = path_.string() + "-journal";
  SystemRandom random;
  write_file_durably(*files_, random, journal, to_bytes("journal"));
  try {
    create();
    FAIL() << "expected a refusal";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::already_exists);
    EXPECT_EQ(error.subject(), journal.string());
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(SqliteCatalogTest, T015_RemovedWhileOpenIsNotFoundAtTheNextWrite) {
  const auto catalog = create();
  catalog->record_segments({sample_segment(1)});
  std::filesystem::remove(path_);
  for (int i = 0; i < 2; ++i) {
    try {
      catalog->record_segments({sample_segment(2)});
      FAIL() << "expected a refusal";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::not_found) << error.what();
    }
  }
  EXPECT_TRUE(files_->list(folder_.path()).empty());
}

TEST_F(SqliteCatalogTest, T014_ReplacedWhileOpenIsNoticedAtTheNextWrite) {
  const auto catalog = create();
  const Bytes older = contents();
  catalog->record_segments({sample_segment(1)});
  write(older);
  EXPECT_THROW(catalog->record_segments({sample_segment(2)}), Error);
  EXPECT_TRUE(catalog->segments(TenantId("acme")).empty());
}

TEST_F(SqliteCatalogTest, MeansTheSameFileAfterTheWorkingDirectoryChanges) {
  const auto old_directory = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());
  const auto catalog = create_sqlite_catalog(files_, random_, "catalog.db", kVaultId);
  std::filesystem::current_path(old_directory);
  catalog->record_segments({sample_segment(1)});
  EXPECT_EQ(open()->derived().segments.size(), 1U);
}

TEST_F(SqliteCatalogTest, WaitsForAnotherWriterAndSeesItsRows) {
  create();
  sqlite::Connection other(files_, random_, path_);
  other.execute("BEGIN IMMEDIATE");
  std::thread writer([this] { open()->begin_job(sample_job(1)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  EXPECT_TRUE(open()->running_jobs().empty());
  other.execute("COMMIT");
  writer.join();
  EXPECT_EQ(open()->running_jobs().size(), 1U);
}

TEST_F(SqliteCatalogTest, ExclusiveLockKeepsReadersOfTheSameProcessOut) {
  create();
  sqlite::Connection writer(files_, random_, path_);
  sqlite::Connection reader(files_, random_, path_);
  sqlite3_busy_timeout(reader.handle(), 0);
  writer.execute("BEGIN EXCLUSIVE");
  try {
    reader.execute("SELECT * FROM meta");
    FAIL() << "expected a refusal";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_TRUE(error.temporary());
    EXPECT_THAT(error.what(), HasSubstr("locked"));
  }
  writer.execute("COMMIT");
  reader.execute("SELECT * FROM meta");
}

constexpr std::uint64_t kRowsEach = 20;

/// One row a transaction, and one that all writers share.
void write_rows(Catalog& catalog, std::uint64_t writer) {
  for (std::uint64_t i = 0; i < kRowsEach; ++i) {
    catalog.record_segments({sample_segment(i, "acme", "stream-" + std::to_string(writer)),
                             sample_segment(i, "acme", "shared")});
    catalog.record_ledger({sample_point(i)}, sample_head(i + 1));
    catalog.begin_job(sample_job(writer * 1000 + i));
    catalog.end_job(sample_job(writer * 1000 + i).job_id, JobState::completed);
  }
}

void expect_all_rows(Catalog& catalog, std::uint64_t writers) {
  EXPECT_EQ(catalog.segments(TenantId("acme")).size(), (writers + 1) * kRowsEach);
  EXPECT_EQ(catalog.points(std::nullopt).size(), kRowsEach);
  EXPECT_EQ(catalog.ledger_head(TenantId("acme")), sample_head(kRowsEach));
  EXPECT_TRUE(catalog.running_jobs().empty());
  for (std::uint64_t job = 0; job < writers * kRowsEach; ++job) {
    EXPECT_TRUE(catalog.job(sample_job(job / kRowsEach * 1000 + job % kRowsEach).job_id));
  }
}

TEST_F(SqliteCatalogTest, T017_LosesNothingWhereTwoCatalogsOfOneProcessWriteAtOnce) {
  create();
  const auto write_own = [this](std::uint64_t writer) { write_rows(*open(), writer); };
  std::thread first(write_own, 0);
  std::thread second(write_own, 1);
  first.join();
  second.join();
  expect_all_rows(*open(), 2);
}

TEST_F(SqliteCatalogTest, LosesNothingWhereTwoThreadsShareOneCatalog) {
  const auto catalog = create();
  std::thread first([&] { write_rows(*catalog, 0); });
  std::thread second([&] { write_rows(*catalog, 1); });
  first.join();
  second.join();
  expect_all_rows(*catalog, 2);
}

TEST_F(SqliteCatalogTest, T017_LosesNothingWhereTwoProcessesWriteAtOnce) {
  create();
  std::vector<pid_t> children;
  for (std::uint64_t writer = 0; writer < 2; ++writer) {
    const pid_t child = fork();
    ASSERT_NE(child, -1);
    if (child == 0) {
      try {
        write_rows(*open(), writer);
        _exit(0);
      } catch (const std::exception& error) {
        fprintf(stderr, "%s\n", error.what());
        _exit(1);
      }
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  expect_all_rows(*open(), 2);
}

}  // namespace
}  // namespace atp::test
