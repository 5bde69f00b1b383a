// SPDX-License-Identifier: Apache-2.0
/// Little-endian numbers of fixed width, as packages hold them.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>

#include "atp/core/bytes.hpp"
#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

template <std::unsigned_integral T>
void put_number(Bytes& out, T number) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    out.push_back(static_cast<std::byte>(number >> (8 * i)));
}

/// Takes parts off the front of bytes. Throws: corrupt where fewer are left.
class LittleEndianReader {
 public:
  explicit LittleEndianReader(std::string subject, ByteView bytes)
      : subject_(std::move(subject)), rest_(bytes) {}

  ByteView take(std::size_t size) {
    if (size > rest_.size()) {
      throw Error(ErrorKind::corrupt, subject_,
                  "expected " + std::to_string(size) + " more bytes, found " +
                      std::to_string(rest_.size()));
    }
    const ByteView part = rest_.first(size);
    rest_ = rest_.subspan(size);
    return part;
  }

  template <std::unsigned_integral T>
  T number() {
    std::uint64_t value = 0;
    const ByteView part = take(sizeof(T));
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value |= std::to_integer<std::uint64_t>(part[i]) << (8 * i);
    return static_cast<T>(value);
  }

  bool at_end() const { return rest_.empty(); }

 private:
  std::string subject_;
  ByteView rest_;
};

}  // namespace segment
}  // namespace v0
}  // namespace atp
