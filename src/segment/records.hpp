// SPDX-License-Identifier: Apache-2.0
/// Where records begin and end: after each 0x0A and nowhere else.
#pragma once

#include <cstring>

#include "atp/core/bytes.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

inline constexpr std::byte kLineFeed{0x0A};

/// Calls `each` with every record in `raw`, without its line feed.
template <class Each>
void for_each_record(ByteView raw, Each each) {
  while (!raw.empty()) {
    const void* found = std::memchr(raw.data(), std::to_integer<int>(kLineFeed), raw.size());
    if (found == nullptr) return each(raw);
    const auto size = static_cast<std::size_t>(static_cast<const std::byte*>(found) - raw.data());
    each(raw.first(size));
    raw = raw.subspan(size + 1);
  }
}

}  // namespace segment
}  // namespace v0
}  // namespace atp
