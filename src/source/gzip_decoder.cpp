// SPDX-License-Identifier: Apache-2.0
/// gzip through zlib, which checks the CRC and the size of every member.
#include <zlib.h>

#include <algorithm>
#include <limits>

#include "atp/core/error.hpp"
#include "source/decoder.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;

Error gzip_error(int code, const z_stream& stream, const std::string& name) {
  if (code == Z_MEM_ERROR) {
    return Error(ErrorKind::unavailable, name, "no memory for zlib", Error::Retry::temporary);
  }
  const std::string reason = stream.msg != nullptr ? stream.msg : zError(code);
  return Error(ErrorKind::corrupt, name, "expected gzip members, found damage: " + reason);
}

uInt clamped(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

class GzipDecoder final : public Decoder {
 public:
  explicit GzipDecoder(std::string name) : name_(std::move(name)) {
    check(inflateInit2(&stream_, kGzipOnly));
  }
  ~GzipDecoder() override { inflateEnd(&stream_); }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  Step step(ByteView in, MutableByteView out) override {
    if (complete_) check(inflateReset(&stream_));
    const uInt in_size = clamped(in.size());
    const uInt out_size = clamped(out.size());
    // zlib does not write to its input; the type is of a time without const.
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
    stream_.avail_in = in_size;
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = out_size;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code != Z_BUF_ERROR && code != Z_STREAM_END) check(code);
    complete_ = code == Z_STREAM_END;
    return {.consumed = in_size - stream_.avail_in, .produced = out_size - stream_.avail_out};
  }

  bool complete() const override { return complete_; }

 private:
  void check(int code) const {
    if (code != Z_OK) throw gzip_error(code, stream_, name_);
  }

  std::string name_;
  z_stream stream_{};
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<Decoder> gzip_decoder(std::string name) {
  return std::make_unique<GzipDecoder>(std::move(name));
}

}  // namespace v0
}  // namespace atp
