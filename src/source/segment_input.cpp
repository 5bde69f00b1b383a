// SPDX-License-Identifier: Apache-2.0
/// Plain segments go straight into the caller's buffer; compressed ones through a small one.
#include "source/segment_input.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "source/decoder.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::size_t kBufferSize = 256 * 1024;

/// What a compressed file may decode to. Logs compress ten to fifty times; what costs minutes
/// a megabyte is a trap or a mistake.
constexpr std::uint64_t kDecodedPerByte = 128;
constexpr std::uint64_t kDecodedAlways = 32 << 20;

/// The stored bytes, in order, up to the listed size.
class StoredFile {
 public:
  StoredFile(std::shared_ptr<FileSystem> files, const SegmentFile& listed)
      : files_(std::move(files)),
        path_(listed.path),
        listed_(listed.status),
        file_(files_->open(path_, OpenMode::read)) {}

  std::size_t read(MutableByteView out) {
    const std::uint64_t left = listed_.size - offset_;
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left));
    const std::size_t count = file_->read_at(offset_, out.first(wanted));
    offset_ += count;
    return count;
  }

  std::uint64_t bytes_read() const { return offset_; }
  bool unchanged() { return file_->status() == listed_ && files_->status(path_) == listed_; }

 private:
  std::shared_ptr<FileSystem> files_;
  Path path_;
  FileStatus listed_;
  std::unique_ptr<File> file_;
  std::uint64_t offset_ = 0;
};

class PlainInput final : public SegmentInput {
 public:
  explicit PlainInput(StoredFile file) : file_(std::move(file)) {}

  std::size_t read(MutableByteView out) override { return file_.read(out); }
  std::uint64_t input_bytes() const override { return file_.bytes_read(); }
  std::optional<Digest> input_sha256() const override { return std::nullopt; }
  bool still_sealed() override { return file_.unchanged(); }

 private:
  StoredFile file_;
};

class DecodedInput final : public SegmentInput {
 public:
  DecodedInput(StoredFile file, const SegmentFile& listed, std::unique_ptr<Decoder> decoder)
      : file_(std::move(file)),
        name_(listed.name),
        left_(kDecodedAlways + kDecodedPerByte * listed.status.size),
        decoder_(std::move(decoder)) {}

  std::size_t read(MutableByteView out) override {
    if (out.empty() || input_sha256_) return 0;
    for (;;) {
      const bool more = !pending_.empty() || refill();
      if (!more && decoder_->complete()) {
        input_sha256_ = hash_.finish();
        return 0;
      }
      const Decoder::Step step = decoder_->step(pending_, out);
      pending_ = pending_.subspan(step.consumed);
      if (step.produced > left_) throw_too_large();
      left_ -= step.produced;
      if (step.produced > 0) return step.produced;
      if (more || decoder_->complete()) continue;
      throw Error(ErrorKind::corrupt, name_,
                  "expected the rest of the compressed data, found the end of the file");
    }
  }

  std::uint64_t input_bytes() const override { return file_.bytes_read(); }
  std::optional<Digest> input_sha256() const override { return input_sha256_; }
  bool still_sealed() override { return file_.unchanged(); }

 private:
  bool refill() {
    pending_ = ByteView(buffer_).first(file_.read(buffer_));
    hash_.update(pending_);
    return !pending_.empty();
  }

  [[noreturn]] void throw_too_large() const {
    throw Error(ErrorKind::unsupported, name_,
                "expected at most " + std::to_string(kDecodedPerByte) + " times its size and " +
                    std::to_string(kDecodedAlways) + " bytes decoded, found more");
  }

  StoredFile file_;
  std::string name_;
  std::uint64_t left_;
  std::unique_ptr<Decoder> decoder_;
  Sha256 hash_;
  Bytes buffer_ = Bytes(kBufferSize);
  ByteView pending_;
  std::optional<Digest> input_sha256_;
};

}  // namespace

std::unique_ptr<SegmentInput> open_segment_input(std::shared_ptr<FileSystem> files,
                                                 const SegmentFile& file) {
  StoredFile stored(std::move(files), file);
  switch (file.encoding) {
    case InputEncoding::none:
      return std::make_unique<PlainInput>(std::move(stored));
    case InputEncoding::gzip:
      return std::make_unique<DecodedInput>(std::move(stored), file, gzip_decoder(file.name));
    case InputEncoding::zstd:
      return std::make_unique<DecodedInput>(std::move(stored), file, zstd_decoder(file.name));
  }
  throw Error(ErrorKind::invalid_argument, file.name, "expected one of InputEncoding");
}

}  // namespace v0
}  // namespace atp
