// SPDX-License-Identifier: Apache-2.0
/// zstd through libzstd, with a bound on the memory that a frame may ask for.
#include <zstd.h>
#include <zstd_errors.h>

#include "atp/core/error.hpp"
#include "source/decoder.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// The decoder keeps a window in memory: 128 MiB at most, what `zstd -d` takes without `--long`.
constexpr int kLargestWindowLog = 27;

Error zstd_error(std::size_t code, const std::string& name) {
  switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_memory_allocation:
      return Error(ErrorKind::unavailable, name, "no memory for libzstd", Error::Retry::temporary);
    case ZSTD_error_frameParameter_windowTooLarge:
      return Error(ErrorKind::unsupported, name,
                   "expected a zstd window of at most 128 MiB, found a larger one (made with "
                   "--long or --ultra)");
    case ZSTD_error_dictionary_wrong:
    case ZSTD_error_frameParameter_unsupported:
    case ZSTD_error_version_unsupported:
      return Error(ErrorKind::unsupported, name,
                   std::string("expected zstd frames without a dictionary, found: ") +
                       ZSTD_getErrorName(code));
    default:
      return Error(ErrorKind::corrupt, name,
                   std::string("expected zstd frames, found damage: ") + ZSTD_getErrorName(code));
  }
}

class ZstdDecoder final : public Decoder {
 public:
  explicit ZstdDecoder(std::string name) : name_(std::move(name)), context_(ZSTD_createDCtx()) {
    if (!context_) {
      throw Error(ErrorKind::unavailable, name_, "no memory for libzstd", Error::Retry::temporary);
    }
    checked(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kLargestWindowLog));
  }

  Step step(ByteView in, MutableByteView out) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    complete_ = checked(ZSTD_decompressStream(context_.get(), &to, &from)) == 0;
    return {.consumed = from.pos, .produced = to.pos};
  }

  bool complete() const override { return complete_; }

 private:
  struct ContextFreer {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  std::size_t checked(std::size_t code) const {
    if (ZSTD_isError(code) != 0) throw zstd_error(code, name_);
    return code;
  }

  std::string name_;
  std::unique_ptr<ZSTD_DCtx, ContextFreer> context_;
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<Decoder> zstd_decoder(std::string name) {
  return std::make_unique<ZstdDecoder>(std::move(name));
}

}  // namespace v0
}  // namespace atp
