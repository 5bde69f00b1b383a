// SPDX-License-Identifier: Apache-2.0
/// Secrets on pages of their own: neither swapped nor dumped where the system lets us.
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "atp/core/bytes.hpp"
#include "core/system_error.hpp"

namespace atp::inline v0 {
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

}  // namespace

void wipe(MutableByteView bytes) {
  if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
}

SecretBytes::SecretBytes(std::size_t size)
    : data_(size == 0 ? nullptr : map_secret_pages(size)), size_(size) {}

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
  ::munmap(data_, size_);
}

}  // namespace atp::inline v0
