// SPDX-License-Identifier: Apache-2.0
/// Memory for whole frames: never cleared, never shrunk, with readable bytes behind its end.
#pragma once

#include <memory>

#include "atp/core/bytes.hpp"
#include "atp/records/record_reader.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

class Buffer {
 public:
  /// Readable bytes behind whatever was reserved.
  static constexpr std::size_t kPadding = kRecordPadding;

  /// `size` bytes; the earlier contents may be gone.
  MutableByteView reserve(std::size_t size) {
    if (size > capacity_ || !bytes_) {
      bytes_.reset();
      bytes_ = std::make_unique_for_overwrite<std::byte[]>(size + kPadding);
      capacity_ = size;
    }
    return {bytes_.get(), size};
  }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_ = 0;
};

}  // namespace segment
}  // namespace v0
}  // namespace atp
