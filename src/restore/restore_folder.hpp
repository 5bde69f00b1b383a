// SPDX-License-Identifier: Apache-2.0
/// The folder that is restored into. Until all is whole, everything is below one folder in it:
///
///     RESTORE-UNFINISHED/restore.json                       which restore it is
///     RESTORE-UNFINISHED/files/[<stream>/]<segment>.jsonl   whole; `.jsonl.part` is not
///
/// `prepare` and `publish` belong to one thread; the others to one thread a file.
#pragma once

#include <memory>
#include <stop_token>
#include <vector>

#include "atp/core/file_system.hpp"
#include "restore/scope.hpp"

namespace atp {
inline namespace v0 {
namespace restore {

class RestoreFolder {
 public:
  /// `items` must outlive it.
  RestoreFolder(FileSystem& files, Random& random, Path folder, const std::vector<Item>& items);

  /// Takes the folder for the restore that `identity` tells. Throws: already_exists for a folder
  /// that holds anything else, symbolic links among it.
  void prepare(const std::string& identity);

  /// Whether the file is there whole from an interrupted restore: read again, byte by byte. What is
  /// staged and not whole is removed. Throws: already_exists for other bytes under the final name.
  bool find_whole(const Item& item, const std::stop_token& stop);

  std::unique_ptr<File> begin(const Item& item);
  /// Durable; the file has its staged name then.
  void finish(const Item& item, std::unique_ptr<File> file);
  void discard(const Item& item, std::unique_ptr<File> file);

  /// Moves all files to their names, durably, then removes what marks the restore as unfinished.
  void publish();

 private:
  Path staged(const Item& item) const { return staging_ / item.path(); }
  Path part(const Item& item) const;
  void refuse_strangers(const std::vector<DirectoryEntry>& entries);
  void check_entry(const Path& name, FileType type);
  void check_marker(const std::string& identity);
  void ensure_directory(const Path& path);

  FileSystem& files_;
  Random& random_;
  const Path folder_;
  const Path unfinished_;
  const Path marker_;
  const Path staging_;
  const std::vector<Item>& items_;
};

}  // namespace restore
}  // namespace v0
}  // namespace atp
