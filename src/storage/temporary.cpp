// SPDX-License-Identifier: Apache-2.0
#include "storage/temporary.hpp"

#include <algorithm>
#include <exception>

#include "atp/core/error.hpp"
#include "atp/core/ids.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::size_t kRandomBytes = 8;

bool is_name_of_temporary(std::string_view name) {
  return name.size() == 2 * kRandomBytes && from_hex(name).has_value();
}

/// Nothing where the name is taken.
std::unique_ptr<File> create_new(FileSystem& files, const Path& path) {
  try {
    return files.open(path, OpenMode::create_new);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::already_exists) throw;
    return nullptr;
  }
}

/// Nothing where it went away meanwhile.
std::unique_ptr<File> open_existing(FileSystem& files, const Path& path) {
  try {
    return files.open(path, OpenMode::read_write);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    return nullptr;
  }
}

bool remove_existing(FileSystem& files, const Path& path) {
  try {
    files.remove(path);
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    return false;
  }
}

}  // namespace

Temporary::Temporary(std::shared_ptr<FileSystem> files, const Path& root, Random& random)
    : files_(std::move(files)) {
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (open(root / kTemporaryFolder / random_hex(random, kRandomBytes))) return;
  }
  throw Error(ErrorKind::unavailable, (root / kTemporaryFolder).string(),
              "expected a free name for a temporary, found none in 100 attempts");
}

Temporary::~Temporary() {
  if (!named_) remove();
}

/// False where the name is taken, or `remove_stale_temporaries` came between creation and lock.
bool Temporary::open(const Path& path) {
  file_ = create_new(*files_, path);
  if (!file_) return false;
  path_ = path;
  try {
    if (!file_->try_lock(0, 1, LockKind::exclusive)) return false;
    const auto found = files_->status(path_);
    return found && found->inode == file_->status().inode;
  } catch (const Error&) {
    remove();
    throw;
  }
}

void Temporary::remove() noexcept {
  try {
    files_->remove(path_);
  } catch (const std::exception&) {
    // `remove_stale_temporaries` will find it; the error that brought us here is the one to tell.
  }
}

void Temporary::rename_new(const Path& to) {
  files_->rename_new(path_, to);
  named_ = true;
}

void Temporary::rename(const Path& to) {
  files_->rename(path_, to);
  named_ = true;
}

std::size_t remove_stale_temporaries(FileSystem& files, const Path& root) {
  const Path folder = root / kTemporaryFolder;
  if (!files.status(folder)) return 0;
  std::size_t count = 0;
  for (const DirectoryEntry& entry : files.list(folder)) {
    if (entry.type != FileType::regular || !is_name_of_temporary(entry.name)) continue;
    const auto file = open_existing(files, folder / entry.name);
    if (!file || !file->try_lock(0, 1, LockKind::exclusive)) continue;
    if (remove_existing(files, folder / entry.name)) ++count;
  }
  return count;
}

}  // namespace v0
}  // namespace atp
