// SPDX-License-Identifier: Apache-2.0
/// The calls that SQLite makes, as its documentation of `sqlite3_vfs` and `sqlite3_io_methods`
/// asks.
#include "catalog/sqlite_vfs.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <span>
#include <thread>
#include <utility>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr int kLongestPath = 4096;
constexpr int kSectorSize = 4096;
constexpr std::uint32_t kPermissions = 0600;

/// SQLite's lock bytes: writers announce themselves on the first two, readers share the rest.
constexpr std::uint64_t kPendingByte = 0x40000000;
constexpr std::uint64_t kReservedByte = kPendingByte + 1;
constexpr std::uint64_t kSharedFirst = kPendingByte + 2;
constexpr std::uint64_t kSharedSize = 510;

struct OpenFile {
  SqliteVfs& vfs;
  std::unique_ptr<File> file;
  Path path;
  bool directory_unsynced;
  bool sync_failed = false;
  int lock = SQLITE_LOCK_NONE;
};

/// What SQLite allocates for a file; it fills nothing beyond what xOpen does.
struct VfsFile {
  sqlite3_file base;
  OpenFile* open;
};

OpenFile& opened(sqlite3_file* file) { return *reinterpret_cast<VfsFile*>(file)->open; }
SqliteVfs& owner(sqlite3_vfs* vfs) { return *static_cast<SqliteVfs*>(vfs->pAppData); }

/// SQLite is C: an exception of any type that passed through its frames would be undefined
/// behaviour and leave its locks taken. So all are caught here, and go on above SQLite.
template <class Call>
int guarded(SqliteVfs& vfs, int failure, const Call& call) {
  try {
    return call();
  } catch (...) {
    vfs.keep_exception(std::current_exception());
    return failure;
  }
}

Path directory_of(const Path& path) {
  const Path parent = path.parent_path();
  return parent.empty() ? Path(".") : parent;
}

int close_file(sqlite3_file* file) {
  delete &opened(file);
  return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  OpenFile& open = opened(file);
  return guarded(open.vfs, SQLITE_IOERR_READ, [&] {
    const MutableByteView bytes(static_cast<std::byte*>(out), static_cast<std::size_t>(size));
    const std::size_t count = open.file->read_at(static_cast<std::uint64_t>(offset), bytes);
    if (count == bytes.size()) return SQLITE_OK;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(count), bytes.end(), std::byte{0});
    return SQLITE_IOERR_SHORT_READ;
  });
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  OpenFile& open = opened(file);
  return guarded(open.vfs, SQLITE_IOERR_WRITE, [&] {
    const ByteView bytes(static_cast<const std::byte*>(from), static_cast<std::size_t>(size));
    open.file->write_at(static_cast<std::uint64_t>(offset), bytes);
    return SQLITE_OK;
  });
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  OpenFile& open = opened(file);
  return guarded(open.vfs, SQLITE_IOERR_TRUNCATE, [&] {
    open.file->truncate(static_cast<std::uint64_t>(size));
    return SQLITE_OK;
  });
}

/// A new file is durable only with its name; a file that failed to sync once never syncs again.
int sync_file(sqlite3_file* file, int /*flags*/) {
  OpenFile& open = opened(file);
  if (open.sync_failed) return SQLITE_IOERR_FSYNC;
  open.sync_failed = true;
  return guarded(open.vfs, SQLITE_IOERR_FSYNC, [&] {
    open.file->sync();
    if (open.directory_unsynced) open.vfs.files().sync_directory(directory_of(open.path));
    open.directory_unsynced = false;
    open.sync_failed = false;
    return SQLITE_OK;
  });
}

int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
  OpenFile& open = opened(file);
  return guarded(open.vfs, SQLITE_IOERR_FSTAT, [&] {
    *size = static_cast<sqlite3_int64>(open.file->status().size);
    return SQLITE_OK;
  });
}

bool lock_shared(OpenFile& open) {
  if (!open.file->try_lock(kPendingByte, 1, LockKind::shared)) return false;
  const bool locked = open.file->try_lock(kSharedFirst, kSharedSize, LockKind::shared);
  open.file->try_lock(kPendingByte, 1, LockKind::unlocked);
  if (locked) open.lock = SQLITE_LOCK_SHARED;
  return locked;
}

bool lock_reserved(OpenFile& open) {
  if (!open.file->try_lock(kReservedByte, 1, LockKind::exclusive)) return false;
  open.lock = SQLITE_LOCK_RESERVED;
  return true;
}

/// Without the last readers gone, the lock stays pending: no new ones get in.
bool lock_exclusive(OpenFile& open) {
  if (open.lock < SQLITE_LOCK_PENDING) {
    if (!open.file->try_lock(kPendingByte, 1, LockKind::exclusive)) return false;
    open.lock = SQLITE_LOCK_PENDING;
  }
  if (!open.file->try_lock(kSharedFirst, kSharedSize, LockKind::exclusive)) return false;
  open.lock = SQLITE_LOCK_EXCLUSIVE;
  return true;
}

int lock_file(sqlite3_file* file, int level) {
  OpenFile& open = opened(file);
  if (level <= open.lock) return SQLITE_OK;
  return guarded(open.vfs, SQLITE_IOERR_LOCK, [&] {
    const bool locked = level == SQLITE_LOCK_SHARED     ? lock_shared(open)
                        : level == SQLITE_LOCK_RESERVED ? lock_reserved(open)
                                                        : lock_exclusive(open);
    return locked ? SQLITE_OK : SQLITE_BUSY;
  });
}

int unlock_file(sqlite3_file* file, int level) {
  OpenFile& open = opened(file);
  if (level >= open.lock) return SQLITE_OK;
  return guarded(open.vfs, SQLITE_IOERR_UNLOCK, [&] {
    if (level == SQLITE_LOCK_SHARED) {
      open.file->try_lock(kSharedFirst, kSharedSize, LockKind::shared);
    } else {
      open.file->try_lock(kSharedFirst, kSharedSize, LockKind::unlocked);
    }
    open.file->try_lock(kPendingByte, 2, LockKind::unlocked);
    open.lock = level;
    return SQLITE_OK;
  });
}

/// Asks with a shared lock, so that those who ask do not see one another.
int check_reserved_lock(sqlite3_file* file, int* reserved) {
  OpenFile& open = opened(file);
  *reserved = 1;
  if (open.lock >= SQLITE_LOCK_RESERVED) return SQLITE_OK;
  return guarded(open.vfs, SQLITE_IOERR_CHECKRESERVEDLOCK, [&] {
    if (!open.file->try_lock(kReservedByte, 1, LockKind::shared)) return SQLITE_OK;
    open.file->try_lock(kReservedByte, 1, LockKind::unlocked);
    *reserved = 0;
    return SQLITE_OK;
  });
}

/// SQLite asks before it writes whether the file still has its name: rows written to one that was
/// removed or replaced would be lost.
int control_file(sqlite3_file* file, int operation, void* answer) {
  if (operation != SQLITE_FCNTL_HAS_MOVED) return SQLITE_NOTFOUND;
  OpenFile& open = opened(file);
  return guarded(open.vfs, SQLITE_IOERR_FSTAT, [&] {
    const auto named = open.vfs.files().status(open.path);
    *static_cast<int*>(answer) = !named || named->inode != open.file->status().inode;
    return SQLITE_OK;
  });
}

int sector_size(sqlite3_file*) { return kSectorSize; }
int device_characteristics(sqlite3_file*) { return 0; }

/// Version 1: without shared memory, so that no database runs in WAL mode here, and without mmap.
constexpr sqlite3_io_methods make_io_methods() {
  sqlite3_io_methods methods{};
  methods.iVersion = 1;
  methods.xClose = close_file;
  methods.xRead = read_file;
  methods.xWrite = write_file;
  methods.xTruncate = truncate_file;
  methods.xSync = sync_file;
  methods.xFileSize = size_of_file;
  methods.xLock = lock_file;
  methods.xUnlock = unlock_file;
  methods.xCheckReservedLock = check_reserved_lock;
  methods.xFileControl = control_file;
  methods.xSectorSize = sector_size;
  methods.xDeviceCharacteristics = device_characteristics;
  return methods;
}

constexpr sqlite3_io_methods kIoMethods = make_io_methods();

OpenMode mode_of(int flags) {
  if (flags & SQLITE_OPEN_READONLY) return OpenMode::read;
  const bool journal = flags & SQLITE_OPEN_MAIN_JOURNAL;
  return journal && (flags & SQLITE_OPEN_CREATE) ? OpenMode::create_or_open : OpenMode::read_write;
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  constexpr int kKnown = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL;
  if (name == nullptr || !(flags & kKnown)) return SQLITE_CANTOPEN;
  return guarded(owner(vfs), SQLITE_CANTOPEN, [&] {
    const Path path(name);
    const OpenMode mode = mode_of(flags);
    reinterpret_cast<VfsFile*>(file)->open =
        new OpenFile{.vfs = owner(vfs),
                     .file = owner(vfs).files().open(path, mode, kPermissions),
                     .path = path,
                     .directory_unsynced = mode == OpenMode::create_or_open};
    file->pMethods = &kIoMethods;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  });
}

int remove_file(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  return guarded(owner(vfs), SQLITE_IOERR_DELETE, [&] {
    FileSystem& files = owner(vfs).files();
    if (!files.status(name)) return SQLITE_IOERR_DELETE_NOENT;
    files.remove(name);
    if (sync_directory) files.sync_directory(directory_of(name));
    return SQLITE_OK;
  });
}

/// SQLite takes an empty journal for none.
int access_file(sqlite3_vfs* vfs, const char* name, int /*flags*/, int* found) {
  *found = 0;
  return guarded(owner(vfs), SQLITE_IOERR_ACCESS, [&] {
    const auto status = owner(vfs).files().status(name);
    *found = status && status->size > 0;
    return SQLITE_OK;
  });
}

int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
  const std::size_t length = std::strlen(name);
  if (length >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::memcpy(out, name, length + 1);
  return SQLITE_OK;
}

/// How many bytes were filled.
int fill_randomly(sqlite3_vfs* vfs, int size, char* out) {
  return guarded(owner(vfs), 0, [&] {
    owner(vfs).random().fill(
        std::as_writable_bytes(std::span<char>(out, static_cast<std::size_t>(size))));
    return size;
  });
}

int sleep_for(sqlite3_vfs*, int microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
  return microseconds;
}

/// The catalog's SQL never asks for the time; SQLite must get an answer all the same: 1970-01-01.
int julian_day(sqlite3_vfs*, double* day) {
  *day = 2440587.5;
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

SqliteVfs::SqliteVfs(std::shared_ptr<FileSystem> files, std::shared_ptr<Random> random)
    : files_(std::move(files)),
      random_(std::move(random)),
      name_("atp-" + std::to_string(reinterpret_cast<std::uintptr_t>(this))) {
  vfs_.iVersion = 1;
  vfs_.szOsFile = sizeof(VfsFile);
  vfs_.mxPathname = kLongestPath;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = open_file;
  vfs_.xDelete = remove_file;
  vfs_.xAccess = access_file;
  vfs_.xFullPathname = full_path;
  vfs_.xRandomness = fill_randomly;
  vfs_.xSleep = sleep_for;
  vfs_.xCurrentTime = julian_day;
  vfs_.xGetLastError = last_error;
  if (sqlite3_vfs_register(&vfs_, 0) != SQLITE_OK) {
    throw Error(ErrorKind::unavailable, name_, "sqlite does not take another file system");
  }
}

SqliteVfs::~SqliteVfs() { sqlite3_vfs_unregister(&vfs_); }

}  // namespace v0
}  // namespace atp
