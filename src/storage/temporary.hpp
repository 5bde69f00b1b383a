// SPDX-License-Identifier: Apache-2.0
/// A file `.tmp/<16 hex>` that is locked while it is being written and gone afterwards unless it
/// was given a name. One object belongs to one thread at a time.
#pragma once

#include <memory>

#include "atp/core/file_system.hpp"
#include "atp/core/random.hpp"

namespace atp {
inline namespace v0 {

inline constexpr const char* kTemporaryFolder = ".tmp";

class Temporary {
 public:
  /// In `root`'s folder of temporaries, which is there.
  Temporary(std::shared_ptr<FileSystem> files, const Path& root, Random& random);
  ~Temporary();
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  File& file() { return *file_; }
  /// Throws: already_exists.
  void rename_new(const Path& to);
  void rename(const Path& to);

 private:
  bool open(const Path& path);
  void remove() noexcept;

  std::shared_ptr<FileSystem> files_;
  Path path_;
  std::unique_ptr<File> file_;
  bool named_ = false;
};

/// Removes temporaries of writers that are gone; how many. Live ones are locked and stay.
std::size_t remove_stale_temporaries(FileSystem& files, const Path& root);

}  // namespace v0
}  // namespace atp
