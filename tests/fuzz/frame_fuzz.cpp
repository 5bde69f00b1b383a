// SPDX-License-Identifier: Apache-2.0
// One zstd frame: three bytes of its raw size, then the frame, behind every digest.
// covers: src/segment/frame_codec.cpp
#include <algorithm>

#include "fuzz.hpp"
#include "segment/frame_codec.hpp"

using atp::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static atp::segment::FrameEncoder encoder;
  static atp::segment::FrameDecoder decoder;
  const atp::ByteView bytes = atp::fuzz::input(data, size);
  if (size >= 3) {
    const std::size_t raw_size = data[0] | data[1] << 8 | (data[2] & 15) << 16;
    atp::fuzz::parse([&] {
      const atp::ByteView raw = decoder.decode(bytes.subspan(3), raw_size);
      require(raw.size() == raw_size, "a frame has the size it says");
    });
  }
  const atp::MutableByteView frame = encoder.encode(bytes);
  require(std::ranges::equal(decoder.decode(frame, size), bytes), "a frame decodes to its bytes");
  return 0;
}
