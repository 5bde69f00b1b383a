// SPDX-License-Identifier: Apache-2.0
/// All that the library asks of a file system, so that crashes, full disks and failing fsyncs can
/// be tried. `FileSystem` is thread-safe; one `File` belongs to one thread at a time.
///
/// Nothing is durable before `File::sync` (contents) and `FileSystem::sync_directory` (names).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/core/random.hpp"
#include "atp/core/time.hpp"

namespace atp {
inline namespace v0 {

using Path = std::filesystem::path;

enum class FileType { regular, directory, symlink, other };

struct FileStatus {
  FileType type = FileType::regular;
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  std::uint32_t mode = 0;   ///< Permission bits.
  std::uint32_t owner = 0;  ///< User id; 0 is root.
  Time modified;
  Time changed;
  bool operator==(const FileStatus&) const = default;
};

struct DirectoryEntry {
  std::string name;
  FileType type;
};

enum class OpenMode {
  read,            ///< Must exist. Symbolic links are not followed in the last element.
  create_new,      ///< Must not exist; read and write. Throws: already_exists.
  read_write,      ///< Must exist; read and write.
  create_or_open,  ///< Read and write.
};

/// Permissions of what holds records in clear, or secrets: nobody else reads it.
inline constexpr std::uint32_t kPrivateFile = 0600;
inline constexpr std::uint32_t kPrivateFolder = 0700;

enum class LockKind { unlocked, shared, exclusive };

/// Multiples of it, in the file and in memory, suit every disk.
inline constexpr std::size_t kDiskBlock = 4096;

class ATP_EXPORT File {
 public:
  virtual ~File() = default;
  /// Reads up to `out.size()` bytes; less only at the end of the file.
  virtual std::size_t read_at(std::uint64_t offset, MutableByteView out) = 0;
  /// Writes all of `bytes`, looping over short writes. A megabyte and more in whole, aligned
  /// `kDiskBlock`s may go past the page cache. Throws: no_space, unavailable.
  virtual void write_at(std::uint64_t offset, ByteView bytes) = 0;
  virtual void truncate(std::uint64_t size) = 0;
  /// fsync(2). After a failure the file's unsynced contents are unknown: never call it again on
  /// this object, drop the file.
  virtual void sync() = 0;
  virtual FileStatus status() = 0;
  /// Throws: permission_denied for who does not own it.
  virtual void set_permissions(std::uint32_t permissions) = 0;
  /// Locks bytes `[offset, offset + length)` against other `File` objects, of this process and of
  /// others, without waiting; false where somebody else is in the way. Gone when the file closes.
  virtual bool try_lock(std::uint64_t offset, std::uint64_t length, LockKind kind) = 0;
};

/// Of a name in a directory; every name passes an empty one.
using NameFilter = std::function<bool(std::string_view)>;

class ATP_EXPORT FileSystem {
 public:
  virtual ~FileSystem() = default;
  /// New files get `permissions` less the umask; where they give others nothing, just these.
  /// Throws: not_found, already_exists, permission_denied (also where the file system would make a
  /// private file readable for others), no_space, unavailable.
  virtual std::unique_ptr<File> open(const Path& path, OpenMode mode,
                                     std::uint32_t permissions = 0666) = 0;
  /// Of the entry itself, not of a symbolic link's target; nothing where there is none.
  virtual std::optional<FileStatus> status(const Path& path) = 0;
  /// What `wanted` takes, without `.` and `..`, sorted by name. Throws: not_found.
  virtual std::vector<DirectoryEntry> list(const Path& directory,
                                           const NameFilter& wanted = {}) = 0;
  /// One level, with `permissions` less the umask. Throws: already_exists, not_found (the parent).
  virtual void create_directory(const Path& path, std::uint32_t permissions = 0777) = 0;
  /// Atomic. Where the file system cannot rename so, a file is linked under its new name, and a
  /// folder takes the place of an empty one made there; a crash may leave that one, or both names.
  /// Throws: already_exists where `to` exists, unsupported where it cannot be done; then nothing
  /// has changed.
  virtual void rename_new(const Path& from, const Path& to) = 0;
  /// Atomic; replaces `to`.
  virtual void rename(const Path& from, const Path& to) = 0;
  /// A file or an empty directory. Throws: not_found.
  virtual void remove(const Path& path) = 0;
  /// Makes the names in it durable. Throws: unsupported where the file system has no way to (it may
  /// be one that is only read).
  virtual void sync_directory(const Path& path) = 0;
};

/// The machine's file system.
ATP_EXPORT std::shared_ptr<FileSystem> posix_file_system();

/// Opens a file whose bytes are locked, or makes it with 0600. Whoever may open it, even to read
/// alone, can hold a lock and so keep every writer out: one that is open to more than its owner is
/// narrowed to 0600, or to 0660 where its group may write it (who wants several users to write sets
/// that once). One of another owner stays as it is and can be used.
ATP_EXPORT std::unique_ptr<File> open_lock_file(FileSystem& files, const Path& path);

/// All bytes of a file. Throws: not_found, corrupt where it is over `limit` bytes.
ATP_EXPORT Bytes read_file(FileSystem& files, const Path& path, std::uint64_t limit);

/// Creates missing directories. Each of the path is then durable in its parent, also those that an
/// interrupted call left, as far as the parent may be read.
ATP_EXPORT void create_directories(FileSystem& files, const Path& path,
                                   std::uint32_t permissions = 0777);

/// Shows, with an empty folder that is gone afterwards, that `rename_new` moves folders in
/// `directory`: whoever states in a ledger that something is there asks before. Throws: not_found,
/// permission_denied, unsupported, no_space, unavailable.
ATP_EXPORT void require_folders_move(FileSystem& files, Random& random, const Path& directory);

/// Throws: invalid_argument where `path` leads into `folder`, also by symbolic links of the
/// machine's file system; neither need be there.
ATP_EXPORT void require_outside(const Path& path, const Path& folder);

/// Removes a folder and all in it; follows no symbolic link. Goes on past what it cannot remove,
/// then throws the first error.
ATP_EXPORT void remove_tree(FileSystem& files, const Path& folder);

/// Writes a randomly named temporary beside `path`, syncs it, renames it to `path` where that name
/// is free, syncs the directory. Throws: already_exists.
ATP_EXPORT void write_file_durably(FileSystem& files, Random& random, const Path& path,
                                   ByteView contents, std::uint32_t permissions = 0666);

/// The same, in the place of a file that may be there: readers see the old one or the new one.
ATP_EXPORT void replace_file_durably(FileSystem& files, Random& random, const Path& path,
                                     ByteView contents, std::uint32_t permissions = 0666);

}  // namespace v0
}  // namespace atp
