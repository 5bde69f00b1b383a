// SPDX-License-Identifier: Apache-2.0
#include "storage/store_folder.hpp"

#include <vector>

#include "atp/core/error.hpp"
#include "storage/driver.hpp"
#include "storage/retention_file.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr const char* kLockFile = ".lock";

/// `a`, `a/b` of `a/b/c`.
std::vector<std::string> folders_above(const std::string& key) {
  std::vector<std::string> folders;
  for (auto end = key.find('/'); end != std::string::npos; end = key.find('/', end + 1)) {
    folders.push_back(key.substr(0, end));
  }
  return folders;
}

void check_type(const Path& path, FileType type) {
  if (type == FileType::regular || type == FileType::directory) return;
  throw Error(ErrorKind::corrupt, path.string(),
              type == FileType::symlink ? "expected a file or a folder, found a symbolic link"
                                        : "expected a file or a folder, found something else");
}

/// Two changes of a folder within this may leave the same time on it; file systems that count in
/// seconds leave no fraction.
std::chrono::nanoseconds timestamp_grain(Time changed) {
  const bool whole_seconds =
      changed.time_since_epoch() % std::chrono::seconds(1) == Time::duration(0);
  return whole_seconds ? std::chrono::milliseconds(2000) : std::chrono::milliseconds(20);
}

}  // namespace

StoreFolder::StoreFolder(std::shared_ptr<FileSystem> files, Path root,
                         std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random,
                         StoreAccess access)
    : files_(std::move(files)),
      root_(std::move(root)),
      clock_(std::move(clock)),
      random_(std::move(random)),
      access_(access),
      locks_(files_, root_ / kLockFile) {}

void StoreFolder::check_writable() const {
  if (access_ == StoreAccess::read_write) return;
  throw Error(ErrorKind::permission_denied, root_.string(),
              "the store was opened for reading only");
}

std::unique_ptr<Temporary> StoreFolder::make_temporary() {
  make_folder(kTemporaryFolder);
  return std::make_unique<Temporary>(files_, root_, *random_);
}

std::optional<FileStatus> StoreFolder::status(const std::string& key) {
  for (const std::string& folder : folders_above(key)) {
    const auto found = files_->status(path_of(folder));
    if (!found) return std::nullopt;
    check_type(path_of(folder), found->type);
  }
  auto found = files_->status(path_of(key));
  if (!found) return std::nullopt;
  check_type(path_of(key), found->type);
  if (found->type == FileType::directory) return std::nullopt;
  return found;
}

std::optional<std::vector<DirectoryEntry>> StoreFolder::list(const std::string& prefix,
                                                             const NameFilter& wanted) {
  for (const std::string& folder : folders_above(prefix)) {
    const auto found = files_->status(path_of(folder));
    if (!found) return std::nullopt;
    check_type(path_of(folder), found->type);
    if (found->type != FileType::directory) return std::nullopt;
  }
  auto entries = files_->list(path_of(prefix), wanted);
  settle(prefix.empty() ? root_ : path_of(prefix.substr(0, prefix.size() - 1)));
  return entries;
}

void StoreFolder::check_room(const std::string& key) {
  for (const std::string& folder : folders_above(key)) {
    if (status(folder)) throw_no_room(key, folder);
  }
  const auto found = files_->status(path_of(key));
  if (found && found->type == FileType::directory) throw_no_room(key, key + "/");
}

void StoreFolder::make_folder(const std::string& relative) {
  {
    const std::lock_guard guard(mutex_);
    if (durable_folders_.count(relative) > 0) return;
  }
  const Path path = root_ / relative;
  if (!files_->status(path)) {
    try {
      files_->create_directory(path);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::already_exists) throw;
    }
  }
  // Even where it was there: whoever made it may not have come to this line.
  files_->sync_directory(path.parent_path());
  const std::lock_guard guard(mutex_);
  durable_folders_.insert(relative);
}

void StoreFolder::make_folders(const std::string& key) {
  for (const std::string& folder : folders_above(key)) make_folder(folder);
}

void StoreFolder::sync_folder_of(const std::string& key) {
  sync_folder(path_of(key).parent_path());
}

std::optional<Time> StoreFolder::changed(const Path& folder) {
  const auto found = files_->status(folder / "");
  return found ? std::optional(found->changed) : std::nullopt;
}

void StoreFolder::sync_folder(const Path& folder) {
  const auto before = changed(folder);
  const Time now = clock_->now();
  files_->sync_directory(folder);
  if (!before || now < *before + timestamp_grain(*before)) return;
  const std::lock_guard guard(mutex_);
  settled_[folder.string()] = *before;
}

/// A name that shows may be of a writer who died, or failed, before its last sync. Something else
/// may come to rest on what was seen, so it must not go any more. A folder that may not be synced
/// is none that we write to.
void StoreFolder::settle(const Path& folder) {
  if (access_ == StoreAccess::read_only) return;
  const auto now = changed(folder);
  {
    const std::lock_guard guard(mutex_);
    const auto known = settled_.find(folder.string());
    if (!now || (known != settled_.end() && known->second == *now)) return;
  }
  try {
    sync_folder(folder);
  } catch (const Error& error) {
    const bool read_only =
        error.kind() == ErrorKind::permission_denied || error.kind() == ErrorKind::unsupported;
    if (!read_only) throw;
    const std::lock_guard guard(mutex_);
    settled_[folder.string()] = *now;
  }
}

void StoreFolder::make_durable(const std::string& key) {
  make_folders(key);
  files_->open(path_of(key), OpenMode::read)->sync();
  sync_folder_of(key);
}

Path StoreFolder::retention_path(const std::string& key) const {
  const Path path = path_of(key);
  return path.parent_path() / ("." + path.filename().string() + ".retention");
}

std::optional<Immutability> StoreFolder::read_retention(const std::string& key) {
  constexpr std::uint64_t kLimit = 4096;
  try {
    const Bytes text = read_file(*files_, retention_path(key), kLimit);
    return parse_retention(as_text(text)).value_or(kRetainedForEver);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) return std::nullopt;
    // Too long, or not a file.
    const bool damaged =
        error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::invalid_argument;
    if (!damaged) throw;
    return kRetainedForEver;
  }
}

void StoreFolder::write_retention(const std::string& key, const Immutability& immutability) {
  const Path path = retention_path(key);
  if (read_retention(key) == immutability) {
    // Whoever wrote it may not have made it durable.
    files_->open(path, OpenMode::read)->sync();
    sync_folder_of(key);
    return;
  }
  const auto temporary = make_temporary();
  temporary->file().write_at(0, as_bytes(format_retention(immutability)));
  temporary->file().sync();
  temporary->rename(path);
  sync_folder_of(key);
  if (read_retention(key) == immutability) return;
  throw Error(ErrorKind::unavailable, path.string(), "the retention written was not read back");
}

void StoreFolder::remove_retention(const std::string& key) { files_->remove(retention_path(key)); }

}  // namespace v0
}  // namespace atp
