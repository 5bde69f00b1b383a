// SPDX-License-Identifier: Apache-2.0
#include "atp/core/stream.hpp"

#include <algorithm>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {

std::size_t read_fully(ByteSource& source, MutableByteView out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const std::size_t count = source.read(out.subspan(done));
    if (count == 0) break;
    done += count;
  }
  return done;
}

Bytes read_all(ByteSource& source, std::uint64_t limit) {
  constexpr std::size_t kChunk = 64 * 1024;
  Bytes bytes;
  for (;;) {
    const std::size_t start = bytes.size();
    bytes.resize(start + kChunk);
    const std::size_t count = read_fully(source, MutableByteView(bytes).subspan(start));
    bytes.resize(start + count);
    if (bytes.size() > limit) {
      throw Error(ErrorKind::corrupt, "",
                  "expected at most " + std::to_string(limit) + " bytes, found more");
    }
    if (count < kChunk) return bytes;
  }
}

}  // namespace v0
}  // namespace atp
