// SPDX-License-Identifier: Apache-2.0
/// The VFS method by method, as SQLite calls it.
#include "catalog/sqlite_vfs.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

#include "atp/core/error.hpp"
#include "support/simulated_file_system.hpp"

namespace atp::test {
namespace {

/// A file opened through a VFS of its own.
class OpenedFile {
 public:
  OpenedFile(std::shared_ptr<FileSystem> files, const char* name, int flags)
      : vfs_(std::move(files), std::make_shared<SystemRandom>()),
        registered_(sqlite3_vfs_find(vfs_.name())),
        storage_(static_cast<std::size_t>(registered_->szOsFile)),
        result_(registered_->xOpen(registered_, name, file(), flags, nullptr)) {}
  ~OpenedFile() {
    if (file()->pMethods != nullptr) file()->pMethods->xClose(file());
  }

  int open_result() const { return result_; }
  SqliteVfs& vfs() { return vfs_; }
  sqlite3_vfs* registered() { return registered_; }

  int lock(int level) { return file()->pMethods->xLock(file(), level); }
  int unlock(int level) { return file()->pMethods->xUnlock(file(), level); }
  int sync() { return file()->pMethods->xSync(file(), SQLITE_SYNC_NORMAL); }
  int read(void* out, int size, sqlite3_int64 at) {
    return file()->pMethods->xRead(file(), out, size, at);
  }
  int write(std::string_view text, sqlite3_int64 at) {
    return file()->pMethods->xWrite(file(), text.data(), static_cast<int>(text.size()), at);
  }
  bool reserved() {
    int answer = -1;
    EXPECT_EQ(file()->pMethods->xCheckReservedLock(file(), &answer), SQLITE_OK);
    return answer == 1;
  }

 private:
  sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(storage_.data()); }

  SqliteVfs vfs_;
  sqlite3_vfs* registered_;
  std::vector<std::max_align_t> storage_;
  int result_;
};

constexpr int kDatabase = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE;
constexpr int kJournal = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

class SqliteVfsTest : public testing::Test {
 protected:
  SqliteVfsTest() { files_->open("/db", OpenMode::create_new)->write_at(0, as_bytes("abc")); }

  std::shared_ptr<SimulatedFileSystem> files_ = std::make_shared<SimulatedFileSystem>();
};

TEST_F(SqliteVfsTest, GoesFromTheRegistryWithItsOwner) {
  std::string name;
  {
    SqliteVfs vfs(files_, std::make_shared<SystemRandom>());
    name = vfs.name();
    EXPECT_NE(sqlite3_vfs_find(name.c_str()), nullptr);
  }
  EXPECT_EQ(sqlite3_vfs_find(name.c_str()), nullptr);
}

TEST_F(SqliteVfsTest, T015_CreatesNoDatabaseEvenWhenAsked) {
  OpenedFile missing(files_, "/none", kDatabase | SQLITE_OPEN_CREATE);
  EXPECT_EQ(missing.open_result(), SQLITE_CANTOPEN);
  EXPECT_THROW(std::rethrow_exception(missing.vfs().take_exception()), Error);
  EXPECT_FALSE(files_->status("/none"));
}

TEST_F(SqliteVfsTest, RefusesTemporaryFiles) {
  constexpr int kTemporary =
      SQLITE_OPEN_TEMP_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_DELETEONCLOSE;
  EXPECT_EQ(OpenedFile(files_, nullptr, kTemporary).open_result(), SQLITE_CANTOPEN);
}

TEST_F(SqliteVfsTest, FillsAShortReadWithZeros) {
  OpenedFile file(files_, "/db", kDatabase);
  std::array<char, 5> out{'x', 'x', 'x', 'x', 'x'};
  EXPECT_EQ(file.read(out.data(), 5, 1), SQLITE_IOERR_SHORT_READ);
  EXPECT_EQ(std::memcmp(out.data(), "bc\0\0\0", 5), 0);
}

TEST_F(SqliteVfsTest, T002_NeverAsksAFileToSyncAgainAfterAFailure) {
  OpenedFile file(files_, "/db", kDatabase);
  EXPECT_EQ(file.write("xyz", 0), SQLITE_OK);
  files_->fail_sync(1);
  EXPECT_EQ(file.sync(), SQLITE_IOERR_FSYNC);
  const std::uint64_t operations = files_->operations();
  EXPECT_EQ(file.sync(), SQLITE_IOERR_FSYNC);
  EXPECT_EQ(files_->operations(), operations);
}

TEST_F(SqliteVfsTest, MakesTheNameOfANewJournalDurableWithItsFirstSync) {
  OpenedFile journal(files_, "/db-journal", kJournal);
  EXPECT_EQ(journal.write("abc", 0), SQLITE_OK);
  EXPECT_FALSE(files_->reboot(Variant::none())->status("/db-journal"));
  EXPECT_EQ(journal.sync(), SQLITE_OK);
  EXPECT_EQ(files_->reboot(Variant::none())->status("/db-journal")->size, 3U);
}

TEST_F(SqliteVfsTest, MakesARemovalDurableWhereAsked) {
  files_->sync_directory("/");
  OpenedFile any(files_, "/db", kDatabase);
  sqlite3_vfs* const vfs = any.registered();
  EXPECT_EQ(vfs->xDelete(vfs, "/db", 1), SQLITE_OK);
  EXPECT_FALSE(files_->reboot(Variant::none())->status("/db"));
  EXPECT_EQ(vfs->xDelete(vfs, "/db", 1), SQLITE_IOERR_DELETE_NOENT);
}

TEST_F(SqliteVfsTest, KeepsTheFirstExceptionOfAnyTypeForItsCaller) {
  OpenedFile file(files_, "/db", kDatabase);
  files_->fail_operation(1, Operation::write, ErrorKind::no_space);
  EXPECT_EQ(file.write("x", 0), SQLITE_IOERR_WRITE);
  files_->crash_after(1);
  EXPECT_EQ(file.sync(), SQLITE_IOERR_FSYNC);
  EXPECT_THROW(std::rethrow_exception(file.vfs().take_exception()), Error);
  EXPECT_EQ(file.write("x", 0), SQLITE_IOERR_WRITE);
  EXPECT_THROW(std::rethrow_exception(file.vfs().take_exception()), SimulatedCrash);
  EXPECT_EQ(file.vfs().take_exception(), nullptr);
}

TEST_F(SqliteVfsTest, LocksAsSqliteWants) {
  OpenedFile writer(files_, "/db", kDatabase);
  OpenedFile reader(files_, "/db", kDatabase);
  OpenedFile late(files_, "/db", kDatabase);
  EXPECT_EQ(writer.lock(SQLITE_LOCK_SHARED), SQLITE_OK);
  EXPECT_EQ(reader.lock(SQLITE_LOCK_SHARED), SQLITE_OK);
  EXPECT_FALSE(reader.reserved());
  EXPECT_EQ(writer.lock(SQLITE_LOCK_RESERVED), SQLITE_OK);
  EXPECT_TRUE(writer.reserved());
  EXPECT_TRUE(reader.reserved());
  EXPECT_EQ(reader.lock(SQLITE_LOCK_RESERVED), SQLITE_BUSY);
  EXPECT_EQ(writer.lock(SQLITE_LOCK_EXCLUSIVE), SQLITE_BUSY) << "a reader is there";
  EXPECT_EQ(late.lock(SQLITE_LOCK_SHARED), SQLITE_BUSY) << "a writer waits";
  EXPECT_EQ(reader.unlock(SQLITE_LOCK_NONE), SQLITE_OK);
  EXPECT_EQ(writer.lock(SQLITE_LOCK_EXCLUSIVE), SQLITE_OK);
  EXPECT_EQ(late.lock(SQLITE_LOCK_SHARED), SQLITE_BUSY);
  EXPECT_EQ(writer.unlock(SQLITE_LOCK_SHARED), SQLITE_OK);
  EXPECT_FALSE(late.reserved());
  EXPECT_EQ(late.lock(SQLITE_LOCK_SHARED), SQLITE_OK);
  EXPECT_EQ(late.lock(SQLITE_LOCK_EXCLUSIVE), SQLITE_BUSY) << "the writer reads";
}

}  // namespace
}  // namespace atp::test
