// SPDX-License-Identifier: Apache-2.0
#include "segment/frame_codec.hpp"

#include <zstd.h>

#include <new>
#include <string>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace segment {
namespace {

constexpr int kWindowLog = 21;
constexpr std::size_t kMagicSize = 4;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::corrupt, "zstd frame", message);
}

std::size_t checked(std::size_t result) {
  if (ZSTD_isError(result) != 0) refuse(ZSTD_getErrorName(result));
  return result;
}

/// RFC 8878, section 3.1.1.1: a frame that wants more window than ours do, and that stock tools
/// therefore may refuse, is none of ours.
void check_window(ByteView frame) {
  if (frame.size() < kMagicSize + 2) refuse("expected a frame header, found fewer bytes");
  const bool single_segment = (frame[kMagicSize] & std::byte{0x20}) != std::byte{};
  if (single_segment) return;
  const int window_log = 10 + std::to_integer<int>(frame[kMagicSize + 1] >> 3);
  if (window_log <= kWindowLog) return;
  refuse("expected a window of at most 2^" + std::to_string(kWindowLog) +
         " bytes, found one of 2^" + std::to_string(window_log));
}

void check_header(ByteView frame, std::size_t raw_size) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR) refuse("expected a zstd frame, found other bytes");
  if (size == ZSTD_CONTENTSIZE_UNKNOWN) refuse("expected a frame that says its size, found none");
  if (size != raw_size) {
    refuse("expected a frame of " + std::to_string(raw_size) + " bytes, found one of " +
           std::to_string(size));
  }
  check_window(frame);
  const std::size_t frame_size = checked(ZSTD_findFrameCompressedSize(frame.data(), frame.size()));
  if (frame_size == frame.size()) return;
  refuse("expected one frame of " + std::to_string(frame.size()) + " bytes, found one of " +
         std::to_string(frame_size));
}

}  // namespace

struct FrameEncoder::Context {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> zstd{ZSTD_createCCtx(), &ZSTD_freeCCtx};
};

FrameEncoder::FrameEncoder() : context_(std::make_unique<Context>()) {
  ZSTD_CCtx* zstd = context_->zstd.get();
  if (zstd == nullptr) throw std::bad_alloc();
  checked(ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, 1));
  checked(ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, kWindowLog));
  checked(ZSTD_CCtx_setParameter(zstd, ZSTD_c_hashLog, 16));
  checked(ZSTD_CCtx_setParameter(zstd, ZSTD_c_minMatch, 7));
  checked(ZSTD_CCtx_setParameter(zstd, ZSTD_c_strategy, ZSTD_fast));
  checked(ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 1));
  checked(ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 0));
}

FrameEncoder::~FrameEncoder() = default;

MutableByteView FrameEncoder::encode(ByteView raw) {
  const MutableByteView out = frame_.reserve(ZSTD_compressBound(raw.size()));
  return out.first(checked(
      ZSTD_compress2(context_->zstd.get(), out.data(), out.size(), raw.data(), raw.size())));
}

struct FrameDecoder::Context {
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> zstd{ZSTD_createDCtx(), &ZSTD_freeDCtx};
};

FrameDecoder::FrameDecoder() : context_(std::make_unique<Context>()) {
  if (context_->zstd == nullptr) throw std::bad_alloc();
}

FrameDecoder::~FrameDecoder() = default;

ByteView FrameDecoder::decode(ByteView frame, std::size_t raw_size) {
  check_header(frame, raw_size);
  const MutableByteView raw = raw_.reserve(raw_size);
  const std::size_t size = checked(ZSTD_decompressDCtx(context_->zstd.get(), raw.data(), raw.size(),
                                                       frame.data(), frame.size()));
  if (size == raw_size) return raw;
  refuse("expected " + std::to_string(raw_size) + " decoded bytes, found " + std::to_string(size));
}

}  // namespace segment
}  // namespace v0
}  // namespace atp
