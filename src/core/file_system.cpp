// SPDX-License-Identifier: Apache-2.0
/// What every file system can do with the calls of `FileSystem`.
#include "atp/core/file_system.hpp"

#include <algorithm>
#include <exception>
#include <system_error>

#include "atp/core/error.hpp"
#include "atp/core/ids.hpp"
#include "core/system_error.hpp"

namespace atp {
inline namespace v0 {
namespace {

Path directory_of(const Path& path) {
  const Path parent = path.parent_path();
  return parent.empty() ? Path(".") : parent;
}

void create_directory_if_missing(FileSystem& files, const Path& path, std::uint32_t permissions) {
  try {
    files.create_directory(path, permissions);
  } catch (const Error& error) {
    // Another thread or process was faster; that is as good.
    if (error.kind() != ErrorKind::already_exists) throw;
  }
}

/// Of a directory that is there: who made it may not have come to this, unless it was somebody who
/// may do more than we, or it is on a medium that is only read.
void sync_if_possible(FileSystem& files, const Path& directory) {
  try {
    files.sync_directory(directory);
  } catch (const Error& error) {
    const bool impossible =
        error.kind() == ErrorKind::permission_denied || error.kind() == ErrorKind::unsupported;
    if (!impossible) throw;
  }
}

using Rename = void (FileSystem::*)(const Path& from, const Path& to);

/// Removes a temporary unless it was given its name.
class Temporary {
 public:
  Temporary(FileSystem& files, Path path) : files_(files), path_(std::move(path)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (renamed_) return;
    try {
      files_.remove(path_);
    } catch (const Error&) {
      // The error that brought us here is the one to tell.
    }
  }

  void rename(const Path& to, Rename how) {
    (files_.*how)(path_, to);
    renamed_ = true;
  }

 private:
  FileSystem& files_;
  Path path_;
  bool renamed_ = false;
};

struct NewFile {
  Path path;
  std::unique_ptr<File> file;
};

/// A randomly named file beside `path`; a name that a crash has left is passed over.
NewFile create_beside(FileSystem& files, Random& random, const Path& path,
                      std::uint32_t permissions) {
  constexpr int kAttempts = 100;
  for (int attempt = 1;; ++attempt) {
    const Path beside = path.parent_path() / (".tmp-" + random_hex(random, 8));
    try {
      return {beside, files.open(beside, OpenMode::create_new, permissions)};
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::already_exists || attempt == kAttempts) throw;
    }
  }
}

void write_and_rename(FileSystem& files, Random& random, const Path& path, ByteView contents,
                      std::uint32_t permissions, Rename rename) {
  const auto [beside, file] = create_beside(files, random, path, permissions);
  Temporary temporary(files, beside);
  file->write_at(0, contents);
  file->sync();
  temporary.rename(path, rename);
  files.sync_directory(directory_of(path));
}

}  // namespace

std::unique_ptr<File> open_lock_file(FileSystem& files, const Path& path) {
  constexpr std::uint32_t kOwner = 0600;
  constexpr std::uint32_t kOwnerAndGroup = 0660;
  constexpr std::uint32_t kGroupMayWrite = 0020;
  auto file = files.open(path, OpenMode::create_or_open, kOwner);
  const std::uint32_t mode = file->status().mode;
  const std::uint32_t most = (mode & kGroupMayWrite) != 0 ? kOwnerAndGroup : kOwner;
  if ((mode & ~most) == 0) return file;
  try {
    file->set_permissions(mode & most);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::permission_denied) throw;
  }
  return file;
}

Bytes read_file(FileSystem& files, const Path& path, std::uint64_t limit) {
  const auto file = files.open(path, OpenMode::read);
  const std::uint64_t size = file->status().size;
  if (size > limit) {
    throw Error(
        ErrorKind::corrupt, path.string(),
        "expected at most " + std::to_string(limit) + " bytes, found " + std::to_string(size));
  }
  Bytes bytes(size);
  bytes.resize(file->read_at(0, bytes));
  return bytes;
}

void create_directories(FileSystem& files, const Path& path, std::uint32_t permissions) {
  const Path directory = path.has_filename() ? path : path.parent_path();
  const Path parent = directory_of(directory);
  if (directory.empty() || directory == parent) return;
  create_directories(files, parent, permissions);
  const auto status = files.status(directory);
  if (!status) {
    create_directory_if_missing(files, directory, permissions);
    files.sync_directory(parent);
    return;
  }
  if (status->type != FileType::directory && status->type != FileType::symlink) {
    throw Error(ErrorKind::already_exists, directory.string(),
                "expected a directory, found a file");
  }
  sync_if_possible(files, parent);
}

void require_folders_move(FileSystem& files, Random& random, const Path& directory) {
  const Path from = directory / (".tmp-" + random_hex(random, 8));
  const Path to = from.string() + "-moved";
  files.create_directory(from, kPrivateFolder);
  try {
    files.rename_new(from, to);
  } catch (...) {
    try {
      files.remove(from);
    } catch (const Error&) {
      // The error that brought us here is the one to tell.
    }
    throw;
  }
  files.remove(to);
}

void require_outside(const Path& path, const Path& folder) {
  const auto canonical = [](const Path& of) {
    std::error_code error;
    const Path absolute = std::filesystem::absolute(of, error);
    Path found = error ? Path() : std::filesystem::weakly_canonical(absolute, error);
    if (error) throw system_error(error.value(), of.string(), "realpath");
    return found.has_filename() ? found : found.parent_path();
  };
  const Path inner = canonical(path);
  const Path outer = canonical(folder);
  if (std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first != outer.end()) {
    return;
  }
  throw Error(ErrorKind::invalid_argument, path.string(), "is inside " + folder.string());
}

void remove_tree(FileSystem& files, const Path& folder) {
  std::exception_ptr first;
  const auto keep_going = [&](const auto& act) {
    try {
      act();
    } catch (const Error&) {
      if (!first) first = std::current_exception();
    }
  };
  for (const DirectoryEntry& entry : files.list(folder)) {
    const Path path = folder / entry.name;
    keep_going(
        [&] { entry.type == FileType::directory ? remove_tree(files, path) : files.remove(path); });
  }
  keep_going([&] { files.remove(folder); });
  if (first) std::rethrow_exception(first);
}

void write_file_durably(FileSystem& files, Random& random, const Path& path, ByteView contents,
                        std::uint32_t permissions) {
  write_and_rename(files, random, path, contents, permissions, &FileSystem::rename_new);
}

void replace_file_durably(FileSystem& files, Random& random, const Path& path, ByteView contents,
                          std::uint32_t permissions) {
  write_and_rename(files, random, path, contents, permissions, &FileSystem::rename);
}

}  // namespace v0
}  // namespace atp
