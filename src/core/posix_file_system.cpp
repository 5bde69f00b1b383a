// SPDX-License-Identifier: Apache-2.0
/// The machine's file system through POSIX calls, with Linux's renameat2 and OFD locks.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <utility>

#include "atp/core/error.hpp"
#include "atp/core/file_system.hpp"
#include "core/calendar.hpp"
#include "core/system_error.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::uint64_t kLargestOffset = std::numeric_limits<off_t>::max();
constexpr std::uint32_t kPermissionBits = 07777;
constexpr std::uint32_t kOthers = 0077;
constexpr std::size_t kLargeWrite = 1 << 20;

/// Repeats a call that a signal broke off.
template <class Call>
auto retried(const Call& call) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

/// The path as the system takes it. A NUL would silently cut it.
const char* system_path(const Path& path) {
  if (path.native().find('\0') != std::string::npos) {
    throw Error(ErrorKind::invalid_argument, "path", "expected no NUL byte, found one");
  }
  return path.c_str();
}

FileType type_of(mode_t mode) {
  if (S_ISREG(mode)) return FileType::regular;
  if (S_ISDIR(mode)) return FileType::directory;
  return S_ISLNK(mode) ? FileType::symlink : FileType::other;
}

/// Times that `Time` cannot hold become its nearest end.
Time to_time(const timespec& time) {
  const auto joined = join_time(std::chrono::sys_seconds(std::chrono::seconds(time.tv_sec)),
                                std::chrono::nanoseconds(time.tv_nsec));
  if (joined) return *joined;
  return time.tv_sec < 0 ? Time::min() : Time::max();
}

FileStatus to_status(const struct stat& found) {
  FileStatus status;
  status.type = type_of(found.st_mode);
  status.size = static_cast<std::uint64_t>(found.st_size);
  status.inode = found.st_ino;
  status.mode = found.st_mode & kPermissionBits;
  status.owner = found.st_uid;
  status.modified = to_time(found.st_mtim);
  status.changed = to_time(found.st_ctim);
  return status;
}

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string name)
      : descriptor_(std::move(descriptor)), name_(std::move(name)) {}

  std::size_t read_at(std::uint64_t offset, MutableByteView out) override {
    check_range(offset, out.size());
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t count = retried([&] {
        return ::pread(descriptor_.get(), out.data() + done, out.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (count < 0) throw system_error(errno, name_, "pread");
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  void write_at(std::uint64_t offset, ByteView bytes) override {
    check_range(offset, bytes.size());
    std::size_t done = write_directly(offset, bytes);
    if (done == bytes.size()) return;
    while (done < bytes.size()) {
      const ssize_t count = retried([&] {
        return ::pwrite(descriptor_.get(), bytes.data() + done, bytes.size() - done,
                        static_cast<off_t>(offset + done));
      });
      if (count < 0) throw system_error(errno, name_, "pwrite");
      done += static_cast<std::size_t>(count);
    }
    if (bytes.size() >= kLargeWrite) start_writing_out(offset, bytes.size());
  }

  void truncate(std::uint64_t size) override {
    check_range(size, 0);
    const int result =
        retried([&] { return ::ftruncate(descriptor_.get(), static_cast<off_t>(size)); });
    if (result != 0) throw system_error(errno, name_, "ftruncate");
  }

  void sync() override {
    // After a failed fsync the kernel may call the lost pages clean: a second success means
    // nothing.
    if (sync_failed_) {
      throw Error(ErrorKind::unavailable, name_, "an earlier fsync of this file failed");
    }
    if (::fsync(descriptor_.get()) == 0) return;
    sync_failed_ = true;
    throw system_error(errno, name_, "fsync");
  }

  void set_permissions(std::uint32_t permissions) override {
    if (::fchmod(descriptor_.get(), permissions) != 0) throw system_error(errno, name_, "fchmod");
  }

  FileStatus status() override {
    struct stat found {};
    if (::fstat(descriptor_.get(), &found) != 0) throw system_error(errno, name_, "fstat");
    return to_status(found);
  }

  bool try_lock(std::uint64_t offset, std::uint64_t length, LockKind kind) override {
    check_range(offset, length);
    struct flock lock {};
    lock.l_type = kind == LockKind::exclusive ? F_WRLCK
                  : kind == LockKind::shared  ? F_RDLCK
                                              : F_UNLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(offset);
    lock.l_len = static_cast<off_t>(length);
    if (retried([&] { return ::fcntl(descriptor_.get(), F_OFD_SETLK, &lock); }) == 0) return true;
    if (errno == EAGAIN || errno == EACCES) return false;
    throw system_error(errno, name_, "fcntl");
  }

 private:
  /// Past the page cache, where bytes and file system allow it: how many were written. What was
  /// written is on the disk after `sync`, as ever.
  std::size_t write_directly(std::uint64_t offset, ByteView bytes) {
    const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
    if (bytes.size() < kLargeWrite || (offset | bytes.size() | address) % kDiskBlock != 0) return 0;
    if (!direct_) direct_.emplace(open_directly());
    std::size_t done = 0;
    while (done < bytes.size() && direct_->get() >= 0) {
      const ssize_t count = retried([&] {
        return ::pwrite(direct_->get(), bytes.data() + done, bytes.size() - done,
                        static_cast<off_t>(offset + done));
      });
      if (count >= 0) {
        done += static_cast<std::size_t>(count);
      } else if (errno == EINVAL) {  // Not in these blocks, or no more after a short write.
        direct_.emplace(-1);
      } else {
        throw system_error(errno, name_, "pwrite");
      }
    }
    return done;
  }

  int open_directly() {
    const std::string self = "/proc/self/fd/" + std::to_string(descriptor_.get());
    return ::open(self.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC);
  }

  /// So that the `sync` to come has less to wait for. It makes nothing durable, and where it is not
  /// possible nothing is lost.
  void start_writing_out(std::uint64_t offset, std::size_t size) {
    static_cast<void>(::sync_file_range(descriptor_.get(), static_cast<off_t>(offset),
                                        static_cast<off_t>(size), SYNC_FILE_RANGE_WRITE));
  }

  void check_range(std::uint64_t offset, std::uint64_t length) const {
    if (offset <= kLargestOffset && length <= kLargestOffset - offset) return;
    throw Error(ErrorKind::invalid_argument, name_,
                "expected an end below 2^63, found offset " + std::to_string(offset) +
                    " and length " + std::to_string(length));
  }

  Descriptor descriptor_;
  std::optional<Descriptor>
      direct_;  ///< The same file once more, of -1 where that is not possible.
  std::string name_;
  bool sync_failed_ = false;
};

int open_flags(OpenMode mode) {
  // O_NONBLOCK: opening a named pipe must not hang; on regular files it does nothing.
  constexpr int kAlways = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
  switch (mode) {
    case OpenMode::read:
      return kAlways | O_RDONLY;
    case OpenMode::create_new:
      return kAlways | O_RDWR | O_CREAT | O_EXCL;
    case OpenMode::read_write:
      return kAlways | O_RDWR;
    case OpenMode::create_or_open:
      return kAlways | O_RDWR | O_CREAT;
  }
  throw Error(ErrorKind::invalid_argument, "open mode", "expected one of OpenMode");
}

Descriptor open_directory(const Path& path, int more_flags) {
  const char* const name = system_path(path);
  const int number =
      retried([&] { return ::open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | more_flags); });
  if (number < 0) throw system_error(errno, path.string(), "open");
  return Descriptor(number);
}

/// Directory streams close the descriptor they are given.
struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using DirectoryStream = std::unique_ptr<DIR, DirectoryCloser>;

DirectoryStream open_stream(const Path& path) {
  Descriptor descriptor = open_directory(path, O_NOFOLLOW);
  DirectoryStream stream(::fdopendir(descriptor.get()));
  if (!stream) throw system_error(errno, path.string(), "fdopendir");
  static_cast<void>(descriptor.release());
  return stream;
}

/// Nothing where the entry went away in between.
std::optional<FileType> type_of_entry(DIR* stream, const dirent& entry, const Path& directory) {
  if (entry.d_type != DT_UNKNOWN) return type_of(DTTOIF(entry.d_type));
  struct stat found {};
  if (::fstatat(::dirfd(stream), entry.d_name, &found, AT_SYMLINK_NOFOLLOW) == 0) {
    return type_of(found.st_mode);
  }
  if (errno == ENOENT) return std::nullopt;
  throw system_error(errno, (directory / entry.d_name).string(), "fstatat");
}

/// Whatever the umask. Some file systems give all their files one mode, such as 0755.
void make_private(int descriptor, const Path& path, std::uint32_t permissions) {
  struct stat found {};
  const bool done = ::fchmod(descriptor, permissions) == 0 && ::fstat(descriptor, &found) == 0 &&
                    (found.st_mode & kOthers) == 0;
  if (done) return;
  static_cast<void>(::unlink(path.c_str()));
  throw Error(ErrorKind::permission_denied, path.string(),
              "its file system keeps no permissions: others could read this file");
}

/// About the name that is in the way or missing.
Error rename_error(int number, const Path& from, const Path& to, std::string_view call) {
  const Path& subject = number == EEXIST || number == ENOTEMPTY ? to : from;
  return system_error(number == ENOTEMPTY ? EEXIST : number, subject.string(), call);
}

/// Whether a call failed because a file system does not have it, as NFS and many in user space say.
bool is_unknown(int number) {
  return number == EINVAL || number == ENOSYS || number == EOPNOTSUPP || number == EPERM;
}

/// An EPERM that any call gets is of the folder; one that only link(2) gets is of the file system.
Error cannot_move(int first, int number, const Path& from, const Path& to, std::string_view call) {
  if (!is_unknown(number) || first == EPERM) return rename_error(number, from, to, call);
  return Error(ErrorKind::unsupported, to.string(),
               "its file system gives a new name only where it may replace an old one (" +
                   std::string(call) + ", errno " + std::to_string(number) + ")");
}

/// link(2) refuses a taken name.
void link_file(int first, const Path& from, const Path& to) {
  if (::link(from.c_str(), to.c_str()) != 0) throw cannot_move(first, errno, from, to, "link");
  if (::unlink(from.c_str()) != 0) throw rename_error(errno, from, to, "unlink");
}

/// rename(2) puts a folder in the place of an empty one, and of nothing else.
void replace_empty_folder(int first, const Path& from, const Path& to, mode_t mode) {
  if (::mkdir(to.c_str(), mode) != 0) throw cannot_move(first, errno, from, to, "mkdir");
  if (::rename(from.c_str(), to.c_str()) == 0) return;
  const int number = errno;
  static_cast<void>(::rmdir(to.c_str()));
  throw cannot_move(first, number, from, to, "rename");
}

/// Where renameat2(2) said `first` of RENAME_NOREPLACE.
void rename_otherwise(int first, const Path& from, const Path& to) {
  struct stat found {};
  if (::lstat(from.c_str(), &found) != 0) throw rename_error(errno, from, to, "lstat");
  if (!S_ISDIR(found.st_mode)) return link_file(first, from, to);
  replace_empty_folder(first, from, to, found.st_mode & kPermissionBits);
}

class PosixFileSystem final : public FileSystem {
 public:
  std::unique_ptr<File> open(const Path& path, OpenMode mode, std::uint32_t permissions) override {
    const char* const name = system_path(path);
    const int flags = open_flags(mode);
    const int number = retried([&] { return ::open(name, flags, permissions); });
    if (number < 0) throw system_error(errno, path.string(), "open");
    auto file = std::make_unique<PosixFile>(Descriptor(number), path.string());
    const FileStatus status = file->status();
    if (status.type != FileType::regular) {
      throw Error(ErrorKind::invalid_argument, path.string(),
                  "expected a regular file, found something else");
    }
    const bool is_private = mode == OpenMode::create_new && (permissions & kOthers) == 0;
    if (is_private && status.mode != permissions) make_private(number, path, permissions);
    return file;
  }

  std::optional<FileStatus> status(const Path& path) override {
    struct stat found {};
    if (::lstat(system_path(path), &found) == 0) return to_status(found);
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw system_error(errno, path.string(), "lstat");
  }

  std::vector<DirectoryEntry> list(const Path& directory, const NameFilter& wanted) override {
    const DirectoryStream stream = open_stream(directory);
    std::vector<DirectoryEntry> entries;
    for (;;) {
      errno = 0;
      const dirent* const entry = ::readdir(stream.get());
      if (entry == nullptr && errno != 0) {
        throw system_error(errno, directory.string(), "readdir");
      }
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == ".." || (wanted && !wanted(name))) continue;
      const auto type = type_of_entry(stream.get(), *entry, directory);
      if (type) entries.push_back({std::string(name), *type});
    }
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
  }

  void create_directory(const Path& path, std::uint32_t permissions) override {
    if (::mkdir(system_path(path), permissions) != 0) {
      throw system_error(errno, path.string(), "mkdir");
    }
  }

  void rename_new(const Path& from, const Path& to) override {
    const char* const old_name = system_path(from);
    const char* const new_name = system_path(to);
    if (::renameat2(AT_FDCWD, old_name, AT_FDCWD, new_name, RENAME_NOREPLACE) == 0) return;
    if (!is_unknown(errno)) throw rename_error(errno, from, to, "renameat2");
    rename_otherwise(errno, from, to);
  }

  void rename(const Path& from, const Path& to) override {
    if (::rename(system_path(from), system_path(to)) != 0) {
      throw rename_error(errno, from, to, "rename");
    }
  }

  void remove(const Path& path) override {
    if (std::remove(system_path(path)) != 0) throw system_error(errno, path.string(), "remove");
  }

  void sync_directory(const Path& path) override {
    const Descriptor descriptor = open_directory(path, 0);
    if (::fsync(descriptor.get()) == 0) return;
    if (errno != EINVAL && errno != EROFS) throw system_error(errno, path.string(), "fsync");
    throw Error(ErrorKind::unsupported, path.string(), "its file system syncs no directories");
  }
};

}  // namespace

std::shared_ptr<FileSystem> posix_file_system() { return std::make_shared<PosixFileSystem>(); }

}  // namespace v0
}  // namespace atp
