// SPDX-License-Identifier: Apache-2.0
#include "atp/core/file_system.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <limits>
#include <thread>

#include "atp/core/error.hpp"
#include "atp/core/random.hpp"

namespace {

/// What the calls below do instead of their duty.
struct Faults {
  bool short_transfers = false;  ///< One byte at a time, every second call broken off by a signal.
  /// A write past the page cache ends after half of its bytes, the next is refused.
  bool no_direct_writes = false;
  int rename_error = 0;  ///< Of every rename with a flag.
  int link_error = 0;
  bool no_folder_moves = false;
  int fsync_error = 0;
  bool of_another_owner = false;
  int calls = 0;
};
Faults g_faults;

bool interrupted() {
  if (!g_faults.short_transfers || ++g_faults.calls % 2 == 0) return false;
  errno = EINTR;
  return true;
}

std::size_t allowed(std::size_t size) {
  return g_faults.short_transfers ? std::min<std::size_t>(size, 1) : size;
}

}  // namespace

// These stand before the system's functions in this executable.
extern "C" ssize_t pread(int file, void* out, std::size_t size, off_t offset) {
  if (interrupted()) return -1;
  return ::syscall(SYS_pread64, file, out, allowed(size), offset);
}
extern "C" int fchmod(int file, mode_t mode) {
  if (!g_faults.of_another_owner) return static_cast<int>(::syscall(SYS_fchmod, file, mode));
  errno = EPERM;
  return -1;
}
extern "C" ssize_t pwrite(int file, const void* bytes, std::size_t size, off_t offset) {
  if (interrupted()) return -1;
  if (g_faults.no_direct_writes && (::fcntl(file, F_GETFL) & O_DIRECT) != 0) {
    if (g_faults.calls++ > 0) {
      errno = EINVAL;
      return -1;
    }
    size /= 2;
  }
  return ::syscall(SYS_pwrite64, file, bytes, allowed(size), offset);
}
extern "C" int renameat2(int from_at, const char* from, int to_at, const char* to,
                         unsigned flags) noexcept {
  if (g_faults.rename_error != 0) {
    errno = g_faults.rename_error;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_renameat2, from_at, from, to_at, to, flags));
}
extern "C" int link(const char* from, const char* to) noexcept {
  if (g_faults.link_error != 0) {
    errno = g_faults.link_error;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}
extern "C" int rename(const char* from, const char* to) noexcept {
  struct stat found {};
  if (g_faults.no_folder_moves && ::stat(from, &found) == 0 && S_ISDIR(found.st_mode)) {
    errno = EINVAL;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
extern "C" int fsync(int file) {
  if (g_faults.fsync_error != 0) {
    errno = g_faults.fsync_error;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fsync, file));
}

namespace atp {
namespace {

class FileSystemTest : public testing::Test {
 protected:
  FileSystemTest() {
    std::string name = (std::filesystem::temp_directory_path() / "atp-core-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    root_ = name;
  }
  ~FileSystemTest() override {
    g_faults = {};
    std::filesystem::remove_all(root_);
  }

  Path path(std::string_view name) const { return root_ / name; }

  void put(std::string_view name, std::string_view contents) {
    files_->open(path(name), OpenMode::create_new)->write_at(0, as_bytes(contents));
  }
  std::string get(std::string_view name) {
    const Bytes bytes = read_file(*files_, path(name), 1'000'000);
    return std::string(as_text(bytes));
  }
  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const DirectoryEntry& entry : files_->list(root_)) names.push_back(entry.name);
    return names;
  }

  template <class Call>
  void expect_error(ErrorKind kind, const Call& call) {
    try {
      call();
      ADD_FAILURE() << "expected " << error_kind_info(kind).name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
    }
  }

  std::shared_ptr<FileSystem> files_ = posix_file_system();
  Path root_;
};

TEST_F(FileSystemTest, ReadsBackWhatWasWritten) {
  const auto file = files_->open(path("a"), OpenMode::create_new);
  file->write_at(0, as_bytes("hello world"));
  file->write_at(6, as_bytes("there"));
  file->sync();
  EXPECT_EQ(get("a"), "hello there");
  Bytes out(20);
  EXPECT_EQ(file->read_at(6, out), 5U);
  EXPECT_EQ(file->read_at(100, out), 0U);
  file->truncate(5);
  EXPECT_EQ(file->status().size, 5U);
  EXPECT_EQ(get("a"), "hello");
}

TEST_F(FileSystemTest, LoopsOverShortTransfersAndSignals) {
  g_faults.short_transfers = true;
  put("a", "hello world");
  EXPECT_EQ(get("a"), "hello world");
  EXPECT_GE(g_faults.calls, 40);
}

TEST_F(FileSystemTest, CreateNewRefusesWhatExists) {
  put("a", "old");
  expect_error(ErrorKind::already_exists, [&] { files_->open(path("a"), OpenMode::create_new); });
  EXPECT_EQ(get("a"), "old");
}

TEST_F(FileSystemTest, CreateNewHasOneWinner) {
  std::atomic<int> winners = 0;
  std::atomic<int> losers = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] {
        try {
          files_->open(path("a"), OpenMode::create_new);
          ++winners;
        } catch (const Error& error) {
          if (error.kind() == ErrorKind::already_exists) ++losers;
        }
      });
    }
  }
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(losers, 15);
}

TEST_F(FileSystemTest, PrivateFilesGetTheirPermissionsAndOthersObeyTheUmask) {
  const mode_t before = ::umask(0777);
  files_->open(path("secret"), OpenMode::create_new, kPrivateFile);
  ::umask(027);
  files_->open(path("open"), OpenMode::create_new);
  files_->open(path("demanded"), OpenMode::create_new, 0644);
  files_->create_directory(path("folder"));
  ::umask(before);
  EXPECT_EQ(files_->status(path("secret"))->mode, 0600U);
  EXPECT_EQ(files_->status(path("open"))->mode, 0640U);
  EXPECT_EQ(files_->status(path("demanded"))->mode, 0640U);
  EXPECT_EQ(files_->status(path("folder"))->mode, 0750U);
  EXPECT_EQ(files_->status(path("folder"))->owner, ::geteuid());
}

TEST_F(FileSystemTest, LockFilesAreOpenToThoseAloneWhoMayWriteThem) {
  open_lock_file(*files_, path("new"));
  EXPECT_EQ(files_->status(path("new"))->mode, 0600U);
  const std::vector<std::pair<std::uint32_t, std::uint32_t>> narrowed{
      {0600, 0600}, {0644, 0600}, {0640, 0600}, {0604, 0600}, {0755, 0600},
      {0660, 0660}, {0664, 0660}, {0666, 0660}, {0620, 0620}};
  for (const auto& [before, after] : narrowed) {
    files_->open(path("lock"), OpenMode::create_new, before);
    EXPECT_TRUE(open_lock_file(*files_, path("lock"))->try_lock(0, 1, LockKind::exclusive));
    EXPECT_EQ(files_->status(path("lock"))->mode, after) << std::oct << before;
    files_->remove(path("lock"));
  }
}

TEST_F(FileSystemTest, LockFilesOfAnotherOwnerAreUsedAsTheyAre) {
  files_->open(path("lock"), OpenMode::create_new, 0664);
  g_faults.of_another_owner = true;
  EXPECT_TRUE(open_lock_file(*files_, path("lock"))->try_lock(0, 1, LockKind::exclusive));
  EXPECT_EQ(files_->status(path("lock"))->mode, 0664U);
}

TEST_F(FileSystemTest, OtherModesNeedWhatTheySay) {
  expect_error(ErrorKind::not_found, [&] { files_->open(path("a"), OpenMode::read); });
  expect_error(ErrorKind::not_found, [&] { files_->open(path("a"), OpenMode::read_write); });
  files_->open(path("a"), OpenMode::create_or_open)->write_at(0, as_bytes("x"));
  files_->open(path("a"), OpenMode::create_or_open)->write_at(1, as_bytes("y"));
  files_->open(path("a"), OpenMode::read_write)->write_at(2, as_bytes("z"));
  EXPECT_EQ(get("a"), "xyz");
  expect_error(ErrorKind::unavailable,
               [&] { files_->open(path("a"), OpenMode::read)->write_at(0, as_bytes("x")); });
  expect_error(ErrorKind::not_found, [&] { files_->open(path("a/b"), OpenMode::read); });
}

TEST_F(FileSystemTest, SymbolicLinksAreNotFollowed) {
  put("target", "secret");
  std::filesystem::create_symlink(path("target"), path("link"));
  for (const OpenMode mode : {OpenMode::read, OpenMode::read_write, OpenMode::create_or_open}) {
    expect_error(ErrorKind::invalid_argument, [&] { files_->open(path("link"), mode); });
  }
  expect_error(ErrorKind::already_exists,
               [&] { files_->open(path("link"), OpenMode::create_new); });
  EXPECT_EQ(files_->status(path("link"))->type, FileType::symlink);
  files_->create_directory(path("d"));
  std::filesystem::create_directory_symlink(path("d"), path("e"));
  expect_error(ErrorKind::not_found, [&] { files_->list(path("e")); });
}

TEST_F(FileSystemTest, PipesAndDirectoriesAreNoFilesAndDoNotHang) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  expect_error(ErrorKind::invalid_argument, [&] { files_->open(path("pipe"), OpenMode::read); });
  expect_error(ErrorKind::invalid_argument, [&] { files_->open(root_, OpenMode::read); });
  EXPECT_EQ(files_->status(path("pipe"))->type, FileType::other);
}

TEST_F(FileSystemTest, T033_NulDoesNotCutAPath) {
  put("a", "x");
  const Path cut = root_ / std::string("a\0.json", 7);
  expect_error(ErrorKind::invalid_argument, [&] { files_->open(cut, OpenMode::read); });
  expect_error(ErrorKind::invalid_argument, [&] { files_->status(cut); });
  expect_error(ErrorKind::invalid_argument, [&] { files_->remove(cut); });
  expect_error(ErrorKind::invalid_argument, [&] { files_->rename_new(path("a"), cut); });
  expect_error(ErrorKind::invalid_argument, [&] { files_->create_directory(cut); });
}

TEST_F(FileSystemTest, T033_OverlongNamesAreInvalid) {
  expect_error(ErrorKind::invalid_argument,
               [&] { files_->open(path(std::string(256, 'x')), OpenMode::create_new); });
}

TEST_F(FileSystemTest, StatusTellsWhatThereIs) {
  put("a", "hello");
  const auto status = files_->status(path("a"));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->type, FileType::regular);
  EXPECT_EQ(status->size, 5U);
  EXPECT_NE(status->inode, 0U);
  EXPECT_GT(status->modified, Time{});
  EXPECT_EQ(*status, files_->open(path("a"), OpenMode::read)->status());
  EXPECT_EQ(files_->status(root_)->type, FileType::directory);
  EXPECT_FALSE(files_->status(path("b")));
  EXPECT_FALSE(files_->status(path("a/b")));
}

TEST_F(FileSystemTest, T064_TimesOutsideOfTimeAreItsEnds) {
  put("late", "");
  constexpr std::int64_t kYear2446 = 15'032'385'535;
  const timespec times[2] = {{kYear2446, 0}, {kYear2446, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path("late").c_str(), times, 0), 0);
  struct stat raw {};
  ASSERT_EQ(::lstat(path("late").c_str(), &raw), 0);
  if (raw.st_mtim.tv_sec != kYear2446) GTEST_SKIP() << "this file system holds no such time";
  EXPECT_EQ(files_->status(path("late"))->modified, Time::max());
}

TEST_F(FileSystemTest, ListsSortedByName) {
  for (const std::string_view name : {"b", "a", "C", "\xc3\xa9", ".hidden", "a-1"}) put(name, "");
  files_->create_directory(path("dir"));
  std::filesystem::create_symlink("a", path("link"));
  EXPECT_EQ(names(),
            (std::vector<std::string>{".hidden", "C", "a", "a-1", "b", "dir", "link", "\xc3\xa9"}));
  const auto entries = files_->list(root_);
  EXPECT_EQ(entries[0].type, FileType::regular);
  EXPECT_EQ(entries[5].type, FileType::directory);
  EXPECT_EQ(entries[6].type, FileType::symlink);
  expect_error(ErrorKind::not_found, [&] { files_->list(path("missing")); });
}

TEST_F(FileSystemTest, RenameNewRefusesATakenName) {
  for (const int fallback : {0, EINVAL, ENOSYS, EOPNOTSUPP, EPERM}) {
    g_faults.rename_error = fallback;
    const std::string from = "from" + std::to_string(fallback);
    const std::string to = "to" + std::to_string(fallback);
    put(from, "new");
    put(to, "old");
    expect_error(ErrorKind::already_exists, [&] { files_->rename_new(path(from), path(to)); });
    EXPECT_EQ(get(from), "new");
    EXPECT_EQ(get(to), "old");
    files_->remove(path(to));
    files_->rename_new(path(from), path(to));
    EXPECT_EQ(get(to), "new");
    EXPECT_FALSE(files_->status(path(from)));
    expect_error(ErrorKind::not_found, [&] { files_->rename_new(path(from), path("else")); });
  }
}

TEST_F(FileSystemTest, RenameNewMovesFoldersWhereRenamesTakeNoFlags) {
  for (const int fallback : {0, EINVAL, ENOSYS, EOPNOTSUPP, EPERM}) {
    g_faults.rename_error = fallback;
    const std::string from = "from" + std::to_string(fallback);
    const std::string to = "to" + std::to_string(fallback);
    files_->create_directory(path(from), 0700);
    put(from + "/a", "new");
    for (const bool with_file : {false, true}) {
      files_->create_directory(path(to));
      if (with_file) put(to + "/b", "old");
      expect_error(ErrorKind::already_exists, [&] { files_->rename_new(path(from), path(to)); });
      EXPECT_EQ(get(from + "/a"), "new");
      std::filesystem::remove_all(path(to));
    }
    files_->rename_new(path(from), path(to));
    EXPECT_EQ(get(to + "/a"), "new");
    EXPECT_EQ(files_->status(path(to))->mode, 0700U);
    EXPECT_FALSE(files_->status(path(from)));
  }
}

TEST_F(FileSystemTest, WhereNothingCanBeMovedSafelyItIsSaidAndNothingChanges) {
  SystemRandom random;
  require_folders_move(*files_, random, root_);
  g_faults.rename_error = EINVAL;
  require_folders_move(*files_, random, root_);
  EXPECT_TRUE(names().empty());
  g_faults.no_folder_moves = true;
  expect_error(ErrorKind::unsupported, [&] { require_folders_move(*files_, random, root_); });
  EXPECT_TRUE(names().empty());
  put("from", "new");
  g_faults.link_error = EPERM;
  expect_error(ErrorKind::unsupported, [&] { files_->rename_new(path("from"), path("to")); });
  g_faults.rename_error = EPERM;
  expect_error(ErrorKind::permission_denied, [&] { files_->rename_new(path("from"), path("to")); });
  EXPECT_EQ(names(), std::vector<std::string>{"from"});
}

TEST_F(FileSystemTest, RenameReplaces) {
  put("from", "new");
  put("to", "old");
  files_->rename(path("from"), path("to"));
  EXPECT_EQ(get("to"), "new");
  EXPECT_EQ(names(), std::vector<std::string>{"to"});
}

TEST_F(FileSystemTest, RemovesFilesAndEmptyDirectories) {
  put("a", "");
  files_->create_directory(path("d"));
  put("d/b", "");
  EXPECT_THROW(files_->remove(path("d")), Error);
  files_->remove(path("d/b"));
  files_->remove(path("d"));
  files_->remove(path("a"));
  EXPECT_TRUE(names().empty());
  expect_error(ErrorKind::not_found, [&] { files_->remove(path("a")); });
}

TEST_F(FileSystemTest, FailedSyncIsNotTriedAgain) {
  const auto file = files_->open(path("a"), OpenMode::create_new);
  g_faults.fsync_error = EIO;
  expect_error(ErrorKind::unavailable, [&] { file->sync(); });
  expect_error(ErrorKind::unavailable, [&] { files_->sync_directory(root_); });
  g_faults.fsync_error = 0;
  expect_error(ErrorKind::unavailable, [&] { file->sync(); });
  EXPECT_NO_THROW(files_->open(path("a"), OpenMode::read_write)->sync());
}

/// As squashfs answers, which is only read.
TEST_F(FileSystemTest, DirectoriesThatCannotBeSyncedAreToldFromFailures) {
  g_faults.fsync_error = EINVAL;
  expect_error(ErrorKind::unsupported, [&] { files_->sync_directory(root_); });
  EXPECT_NO_THROW(create_directories(*files_, root_));
  g_faults.fsync_error = EIO;
  expect_error(ErrorKind::unavailable, [&] { create_directories(*files_, root_); });
}

TEST_F(FileSystemTest, SizeLimitIsNoSpace) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const auto file = files_->open(path("a"), OpenMode::create_new);
  const rlimit tight{4096, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  expect_error(ErrorKind::no_space, [&] { file->write_at(0, Bytes(8192)); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
}

struct alignas(kDiskBlock) LargePiece : std::array<std::byte, 2 << 20> {};

std::unique_ptr<LargePiece> large_piece() {
  auto piece = std::make_unique<LargePiece>();
  for (std::size_t i = 0; i < piece->size(); ++i) (*piece)[i] = static_cast<std::byte>(i * 7 / 5);
  return piece;
}

TEST_F(FileSystemTest, LargeAlignedPiecesAndOthersReadBackTogether) {
  const auto piece = large_piece();
  for (const bool refused : {false, true}) {
    g_faults.no_direct_writes = refused;
    const std::string name = refused ? "refused" : "taken";
    const auto file = files_->open(path(name), OpenMode::create_new);
    file->write_at(0, ByteView(*piece).first(100));
    file->write_at(kDiskBlock, *piece);
    file->write_at(kDiskBlock + piece->size(), ByteView(*piece).first(3));
    file->write_at(2 * kDiskBlock, ByteView(*piece).subspan(kDiskBlock));
    file->write_at(kDiskBlock + 1, ByteView(*piece).subspan(1));
    file->sync();
    Bytes expected(kDiskBlock);
    std::copy_n(piece->begin(), 100, expected.begin());
    expected.insert(expected.end(), piece->begin(), piece->end());
    expected.insert(expected.end(), piece->begin(), piece->begin() + 3);
    EXPECT_EQ(read_file(*files_, path(name), 4 << 20), expected) << name;
  }
  EXPECT_EQ(g_faults.calls, 2);
}

TEST_F(FileSystemTest, SizeLimitIsNoSpaceForLargePiecesToo) {
  const auto piece = large_piece();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const auto file = files_->open(path("a"), OpenMode::create_new);
  const rlimit tight{1 << 20, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  expect_error(ErrorKind::no_space, [&] { file->write_at(0, *piece); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
}

TEST_F(FileSystemTest, T064_OffsetsThatOverflowAreRefused) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  constexpr std::uint64_t kLast = kMost / 2;
  const auto file = files_->open(path("a"), OpenMode::create_new);
  Bytes byte(1);
  for (const std::uint64_t offset : {kMost, kLast + 1, kLast}) {
    expect_error(ErrorKind::invalid_argument, [&] { file->write_at(offset, byte); });
    expect_error(ErrorKind::invalid_argument, [&] { file->read_at(offset, byte); });
    expect_error(ErrorKind::invalid_argument,
                 [&] { file->try_lock(offset, kLast, LockKind::exclusive); });
  }
  expect_error(ErrorKind::invalid_argument, [&] { file->truncate(kMost); });
  EXPECT_EQ(file->status().size, 0U);
}

TEST_F(FileSystemTest, LocksHoldBetweenFileObjects) {
  const auto first = files_->open(path("a"), OpenMode::create_new);
  auto second = files_->open(path("a"), OpenMode::read_write);
  EXPECT_TRUE(first->try_lock(0, 10, LockKind::exclusive));
  EXPECT_FALSE(second->try_lock(0, 10, LockKind::exclusive));
  EXPECT_FALSE(second->try_lock(9, 1, LockKind::shared));
  EXPECT_TRUE(second->try_lock(10, 1, LockKind::exclusive));
  EXPECT_FALSE(first->try_lock(0, 11, LockKind::shared));
  EXPECT_TRUE(first->try_lock(0, 10, LockKind::shared));
  EXPECT_TRUE(second->try_lock(0, 10, LockKind::shared));
  EXPECT_FALSE(first->try_lock(0, 10, LockKind::exclusive));
  EXPECT_TRUE(second->try_lock(0, 10, LockKind::unlocked));
  EXPECT_TRUE(first->try_lock(0, 10, LockKind::exclusive));
}

TEST_F(FileSystemTest, LocksGoWithTheirFileAndWithNoOther) {
  auto first = files_->open(path("a"), OpenMode::create_new);
  const auto second = files_->open(path("a"), OpenMode::read_write);
  EXPECT_TRUE(first->try_lock(0, 1, LockKind::exclusive));
  files_->open(path("a"), OpenMode::read).reset();
  EXPECT_FALSE(second->try_lock(0, 1, LockKind::exclusive));
  first.reset();
  EXPECT_TRUE(second->try_lock(0, 1, LockKind::exclusive));
}

TEST_F(FileSystemTest, FilesAreClosedOnExec) {
  const int lowest_free = ::dup(STDERR_FILENO);
  ::close(lowest_free);
  const auto file = files_->open(path("a"), OpenMode::create_new);
  EXPECT_EQ(::fcntl(lowest_free, F_GETFD), FD_CLOEXEC);
}

TEST_F(FileSystemTest, ReadFileHasALimit) {
  put("a", "hello");
  EXPECT_EQ(read_file(*files_, path("a"), 5).size(), 5U);
  expect_error(ErrorKind::corrupt, [&] { read_file(*files_, path("a"), 4); });
  expect_error(ErrorKind::not_found, [&] { read_file(*files_, path("b"), 4); });
}

TEST_F(FileSystemTest, CreatesMissingDirectories) {
  create_directories(*files_, path("a/b/c"), 0700);
  EXPECT_EQ(files_->status(path("a/b/c"))->type, FileType::directory);
  EXPECT_EQ(files_->status(path("a"))->mode, 0700U);
  EXPECT_NO_THROW(create_directories(*files_, path("a/b/c/")));
  EXPECT_NO_THROW(create_directories(*files_, path("a/d/")));
  EXPECT_EQ(files_->status(path("a/d"))->type, FileType::directory);
  std::filesystem::create_directory_symlink(path("a"), path("link"));
  create_directories(*files_, path("link/sub"));
  EXPECT_EQ(files_->status(path("a/sub"))->type, FileType::directory);
  put("file", "");
  expect_error(ErrorKind::already_exists, [&] { create_directories(*files_, path("file")); });
  expect_error(ErrorKind::already_exists, [&] { create_directories(*files_, path("file/x")); });
}

TEST_F(FileSystemTest, WritesFilesDurablyAndLeavesNothingElse) {
  SystemRandom random;
  write_file_durably(*files_, random, path("a"), as_bytes("hello"), 0600);
  EXPECT_EQ(get("a"), "hello");
  EXPECT_EQ(files_->status(path("a"))->mode, 0600U);
  expect_error(ErrorKind::already_exists,
               [&] { write_file_durably(*files_, random, path("a"), as_bytes("other")); });
  EXPECT_EQ(get("a"), "hello");
  g_faults.fsync_error = EIO;
  expect_error(ErrorKind::unavailable,
               [&] { write_file_durably(*files_, random, path("b"), as_bytes("other")); });
  g_faults.fsync_error = 0;
  EXPECT_EQ(names(), std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace atp
