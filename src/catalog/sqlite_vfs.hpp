// SPDX-License-Identifier: Apache-2.0
/// SQLite's view of a `FileSystem`. The same code runs in production and in crash tests.
#pragma once

#include <sqlite3.h>

#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "atp/core/file_system.hpp"
#include "atp/core/random.hpp"

namespace atp {
inline namespace v0 {

/// Registered with SQLite under a name of its own while it lives; serves one connection. Opens
/// databases that exist and their journals; temporary files are refused.
///
/// No exception travels through SQLite: what the file system threw is kept, SQLite sees an input
/// or output error, and the caller of SQLite asks for it with `take_exception`.
class SqliteVfs {
 public:
  SqliteVfs(std::shared_ptr<FileSystem> files, std::shared_ptr<Random> random);
  SqliteVfs(const SqliteVfs&) = delete;
  SqliteVfs& operator=(const SqliteVfs&) = delete;
  ~SqliteVfs();

  const char* name() const { return name_.c_str(); }

  /// The first exception since the last call, if there was one.
  std::exception_ptr take_exception() { return std::exchange(exception_, nullptr); }

  FileSystem& files() { return *files_; }
  Random& random() { return *random_; }
  void keep_exception(std::exception_ptr exception) {
    if (!exception_) exception_ = std::move(exception);
  }

 private:
  std::shared_ptr<FileSystem> files_;
  std::shared_ptr<Random> random_;
  std::string name_;
  sqlite3_vfs vfs_{};
  std::exception_ptr exception_;
};

}  // namespace v0
}  // namespace atp
