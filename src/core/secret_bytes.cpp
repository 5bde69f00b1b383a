// SPDX-License-Identifier: Apache-2.0
/// Secrets on pages of their own: neither swapped nor dumped where the system lets us.
#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "atp/core/bytes.hpp"
#include "core/system_error.hpp"

namespace atp {
inline namespace v0 {
namespace {

std::byte* map_secret_pages(std::size_t size) {
  void* const pages =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw system_error(errno, "secret", "mmap");
  // Best effort: a low RLIMIT_MEMLOCK must not stop a backup.
  static_cast<void>(::mlock(pages, size));
  static_cast<void>(::madvise(pages, size, MADV_DONTDUMP));
  return static_cast<std::byte*>(pages);
}

/// Wiped pages kept for the next secrets: a package takes several to open, and every unmapping
/// interrupts all threads. Lives until the process ends, as secrets in static objects do. A forked
/// child has none: locks on memory do not pass to it.
class SparePages {
 public:
  static constexpr std::size_t kSize = 4096;

  /// A page of zeros, or nothing.
  std::byte* take() {
    const std::lock_guard lock(mutex_);
    return count_ == 0 ? nullptr : pages_[--count_];
  }
  /// False where enough are kept, or the page is not locked.
  bool keep(std::byte* page) {
    if (::mlock(page, kSize) != 0) return false;
    const std::lock_guard lock(mutex_);
    if (count_ == pages_.size()) return false;
    pages_[count_++] = page;
    return true;
  }

  void before_fork() { mutex_.lock(); }
  void after_fork() { mutex_.unlock(); }
  void after_fork_in_child() {
    count_ = 0;
    mutex_.unlock();
  }

 private:
  std::mutex mutex_;
  std::array<std::byte*, 8> pages_{};
  std::size_t count_ = 0;
};

constinit SparePages spare_pages;

[[maybe_unused]] const int fork_handlers =
    ::pthread_atfork([] { spare_pages.before_fork(); }, [] { spare_pages.after_fork(); },
                     [] { spare_pages.after_fork_in_child(); });

std::byte* secret_pages(std::size_t size) {
  if (size == 0) return nullptr;
  if (size > SparePages::kSize) return map_secret_pages(size);
  std::byte* const page = spare_pages.take();
  return page != nullptr ? page : map_secret_pages(SparePages::kSize);
}

}  // namespace

void wipe(MutableByteView bytes) {
  if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
}

SecretBytes::SecretBytes(std::size_t size) : data_(secret_pages(size)), size_(size) {}

SecretBytes::SecretBytes(ByteView bytes) : SecretBytes(bytes.size()) {
  std::copy(bytes.begin(), bytes.end(), data_);
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  SecretBytes taken(std::move(other));
  std::swap(data_, taken.data_);
  std::swap(size_, taken.size_);
  return *this;
}

SecretBytes::~SecretBytes() {
  if (data_ == nullptr) return;
  wipe(mutable_view());
  const bool one_page = size_ <= SparePages::kSize;
  if (one_page && spare_pages.keep(data_)) return;
  ::munmap(data_, one_page ? SparePages::kSize : size_);
}

}  // namespace v0
}  // namespace atp
