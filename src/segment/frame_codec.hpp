// SPDX-License-Identifier: Apache-2.0
/// One zstd frame at a time: the only place that knows zstd. Objects belong to one thread at a time
/// and keep their memory from frame to frame.
#pragma once

#include <memory>

#include "atp/core/bytes.hpp"
#include "segment/buffer.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

class FrameEncoder {
 public:
  FrameEncoder();
  ~FrameEncoder();
  FrameEncoder(const FrameEncoder&) = delete;
  FrameEncoder& operator=(const FrameEncoder&) = delete;

  /// One independent frame that holds `raw`; valid until the next call.
  MutableByteView encode(ByteView raw);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  Buffer frame_;
};

class FrameDecoder {
 public:
  FrameDecoder();
  ~FrameDecoder();
  FrameDecoder(const FrameDecoder&) = delete;
  FrameDecoder& operator=(const FrameDecoder&) = delete;

  /// The contents of `frame`, which must be a single frame that says it holds `raw_size` bytes; no
  /// more memory than that is taken. Valid until the next call, with `Buffer::kPadding` readable
  /// bytes behind. Throws: corrupt.
  ByteView decode(ByteView frame, std::size_t raw_size);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  Buffer raw_;
};

}  // namespace segment
}  // namespace v0
}  // namespace atp
