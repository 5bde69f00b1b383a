// SPDX-License-Identifier: Apache-2.0
/// One lock per key, against the threads of this process and against other processes: a byte of the
/// lock file, chosen by the key's hash. Thread-safe.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>

#include "atp/core/file_system.hpp"

namespace atp {
inline namespace v0 {

class KeyLocks {
 public:
  /// Held until it goes.
  class Guard {
   public:
    Guard(std::unique_lock<std::mutex> threads, std::unique_ptr<File> processes)
        : threads_(std::move(threads)), processes_(std::move(processes)) {}

   private:
    std::unique_lock<std::mutex> threads_;
    std::unique_ptr<File> processes_;
  };

  KeyLocks(std::shared_ptr<FileSystem> files, Path lock_file)
      : files_(std::move(files)), lock_file_(std::move(lock_file)) {}

  /// Waits. Throws: unavailable where another process keeps the lock for half a minute.
  Guard lock(const std::string& key);

 private:
  std::shared_ptr<FileSystem> files_;
  Path lock_file_;
  std::array<std::mutex, 64> mutexes_;
};

}  // namespace v0
}  // namespace atp
