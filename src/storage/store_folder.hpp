// SPDX-License-Identifier: Apache-2.0
/// The folder of a filesystem store: where keys are on the disk, what keeps them there, and how
/// names become durable. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "atp/core/clock.hpp"
#include "atp/core/file_system.hpp"
#include "atp/core/random.hpp"
#include "atp/storage/filesystem_store.hpp"
#include "atp/storage/object_store.hpp"
#include "storage/key_locks.hpp"
#include "storage/temporary.hpp"

namespace atp {
inline namespace v0 {

class StoreFolder {
 public:
  StoreFolder(std::shared_ptr<FileSystem> files, Path root, std::shared_ptr<const Clock> clock,
              std::shared_ptr<Random> random, StoreAccess access);

  FileSystem& files() { return *files_; }
  const Path& root() const { return root_; }
  Path path_of(const std::string& key) const { return root_ / key; }
  KeyLocks::Guard lock(const std::string& key) { return locks_.lock(key); }

  std::unique_ptr<Temporary> make_temporary();

  bool is_writable() const { return access_ == StoreAccess::read_write; }
  /// Throws: permission_denied where the store is only read.
  void check_writable() const;

  /// Of the object; nothing where there is none. Throws: corrupt where something else than files
  /// and folders is in its place.
  std::optional<FileStatus> status(const std::string& key);
  /// What was seen of an object is durable afterwards, unless the store is only read.
  void settle_folder_of(const std::string& key) { settle(path_of(key).parent_path()); }
  /// Nothing where the folder `prefix` (empty or ending in `/`) is not there. The names are
  /// settled.
  std::optional<std::vector<DirectoryEntry>> list(const std::string& prefix,
                                                  const NameFilter& wanted);
  /// Throws: invalid_argument where an object is in the place of a folder or the other way round.
  void check_room(const std::string& key);

  /// Creates the folders above `key`, durably, and knows from then on that they are there.
  void make_folders(const std::string& key);
  void sync_folder_of(const std::string& key);
  /// For what somebody else put there and may not have made durable.
  void make_durable(const std::string& key);

  /// Retention and hold from the file beside the object; `kRetainedForEver` where it is damaged.
  /// Nothing where it is missing.
  std::optional<Immutability> read_retention(const std::string& key);
  /// Durable at return; read back. Under the key's lock.
  void write_retention(const std::string& key, const Immutability& immutability);
  void remove_retention(const std::string& key);

 private:
  Path retention_path(const std::string& key) const;
  void make_folder(const std::string& relative);
  std::optional<Time> changed(const Path& folder);
  void sync_folder(const Path& folder);
  void settle(const Path& folder);

  std::shared_ptr<FileSystem> files_;
  Path root_;
  std::shared_ptr<const Clock> clock_;
  std::shared_ptr<Random> random_;
  StoreAccess access_;
  KeyLocks locks_;
  std::mutex mutex_;
  std::unordered_set<std::string> durable_folders_;
  std::unordered_map<std::string, Time> settled_;  ///< Folders as they were before their last sync.
};

}  // namespace v0
}  // namespace atp
