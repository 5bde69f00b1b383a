// SPDX-License-Identifier: Apache-2.0
/// Reads an age payload chunk by chunk, as one who streams it would.
#pragma once

#include <algorithm>

#include "atp/crypto/age.hpp"
#include "crypto/vectors.hpp"

namespace atp::test {

struct Released {
  Bytes plain;                          ///< All that came out before the end or the error.
  std::optional<ErrorKind> error = {};  ///< Nothing where the payload was whole.
  bool untouched = true;                ///< No byte of the bad chunk's plain text was left behind.
};

inline Released read_chunks(const age::Opened& opened, ByteView file) {
  Released released;
  ByteView payload = file.subspan(opened.payload_offset());
  std::uint64_t index = 0;
  do {
    const ByteView chunk = payload.first(std::min(payload.size(), age::kChunkSize + age::kTagSize));
    payload = payload.subspan(chunk.size());
    Bytes plain(age::kChunkSize);
    released.error = error_kind(
        [&] { plain.resize(opened.open_chunk(index++, payload.empty(), chunk, plain)); });
    if (released.error) {
      released.untouched = std::ranges::all_of(plain, [](std::byte b) { return b == std::byte{}; });
      return released;
    }
    released.plain.insert(released.plain.end(), plain.begin(), plain.end());
  } while (!payload.empty());
  return released;
}

}  // namespace atp::test
