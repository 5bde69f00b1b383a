// SPDX-License-Identifier: Apache-2.0
#include "storage/key_locks.hpp"

#include <chrono>
#include <thread>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// Equal in every process and version that shares a folder.
std::uint64_t lock_byte(const std::string& key) {
  const Digest digest = sha256(as_bytes(key));
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number = number << 8 | std::to_integer<std::uint64_t>(digest.bytes[i]);
  }
  return number;
}

}  // namespace

KeyLocks::Guard KeyLocks::lock(const std::string& key) {
  constexpr auto kPause = std::chrono::milliseconds(2);
  constexpr int kAttempts = 15'000;
  const std::uint64_t byte = lock_byte(key);
  std::unique_lock threads(mutexes_[byte % mutexes_.size()]);
  auto file = open_lock_file(*files_, lock_file_);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (file->try_lock(byte, 1, LockKind::exclusive)) return {std::move(threads), std::move(file)};
    std::this_thread::sleep_for(kPause);
  }
  throw Error(ErrorKind::unavailable, key, "another process keeps its lock",
              Error::Retry::temporary);
}

}  // namespace v0
}  // namespace atp
