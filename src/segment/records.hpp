// SPDX-License-Identifier: Apache-2.0
/// Where records end: behind each 0x0A, the last perhaps without one at the end of all, and nowhere
/// else.
#pragma once

#include <cstring>
#include <span>
#include <vector>

#include "atp/core/bytes.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

inline constexpr std::byte kLineFeed{0x0A};

/// The ends of the first `limit` records in `raw`, in the place of what `ends` held.
inline void find_record_ends(ByteView raw, std::size_t limit, std::vector<std::size_t>& ends) {
  ends.clear();
  for (std::size_t begin = 0; begin < raw.size() && ends.size() < limit; begin = ends.back()) {
    const ByteView rest = raw.subspan(begin);
    const void* found = std::memchr(rest.data(), std::to_integer<int>(kLineFeed), rest.size());
    ends.push_back(
        found ? static_cast<std::size_t>(static_cast<const std::byte*>(found) - raw.data()) + 1
              : raw.size());
  }
}

/// Calls `each` with every record in `raw`, without its line feed.
template <class Each>
void for_each_record(ByteView raw, std::span<const std::size_t> ends, Each each) {
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const ByteView line = raw.subspan(begin, end - begin);
    each(line.first(line.size() - (line.back() == kLineFeed ? 1 : 0)));
    begin = end;
  }
}

}  // namespace segment
}  // namespace v0
}  // namespace atp
