// SPDX-License-Identifier: Apache-2.0
/// Files, compressors and a reader for the tests of this folder.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "atp/core/error.hpp"
#include "atp/source/segment_source.hpp"
#include "support/temp_dir.hpp"

namespace atp::test {

inline void write_bytes(const Path& path, std::string_view contents) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary)
      .write(contents.data(), static_cast<std::streamsize>(contents.size()));
}

inline std::string gzip(std::string_view plain) {
  z_stream stream{};
  constexpr int kGzip = 16 + MAX_WBITS;
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// With a checksum, as the `zstd` command writes it.
inline std::string zstd(std::string_view plain) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  packed.resize(
      ZSTD_compress2(context.get(), packed.data(), packed.size(), plain.data(), plain.size()));
  return packed;
}

/// Records that compress, but not to nothing.
inline std::string some_records(std::size_t bytes) {
  std::string text;
  for (std::uint64_t i = 1; text.size() < bytes; ++i) {
    text += "{\"id\":" + std::to_string(i * 0x9e3779b97f4a7c15) + ",\"action\":\"File.Viewed\"}\n";
  }
  text.resize(bytes);
  return text;
}

inline std::string read_to_end(SegmentInput& input, std::size_t piece = 100'000) {
  std::string text;
  Bytes buffer(piece);
  for (;;) {
    const std::size_t count = input.read(buffer);
    if (count == 0) return text;
    text += as_text(ByteView(buffer).first(count));
  }
}

/// The kind of the error that `act` throws, and 0 where it throws none.
template <class Act>
int kind_of_error(const Act& act) {
  try {
    act();
  } catch (const Error& error) {
    return static_cast<int>(error.kind());
  }
  return 0;
}

/// A source folder on the machine's file system.
class SourceTest : public testing::Test {
 protected:
  const Path& folder() const { return dir_.path(); }
  void put(const std::string& name, std::string_view contents = "{}\n") const {
    std::filesystem::remove(folder() / name);
    write_bytes(folder() / name, contents);
  }
  SourceListing list() const { return source_->list({}); }
  /// The one segment of the folder.
  std::unique_ptr<SegmentInput> open_only() const {
    const SourceListing listing = list();
    EXPECT_EQ(listing.files.size(), 1U);
    return source_->open(listing.files.at(0));
  }
  std::string read_only(std::size_t piece = 100'000) const {
    return read_to_end(*open_only(), piece);
  }
  int read_error() const {
    return kind_of_error([&] { static_cast<void>(read_only()); });
  }

  std::shared_ptr<FileSystem> files_ = posix_file_system();
  TempDir dir_;
  std::shared_ptr<SegmentSource> source_ = segment_folder(files_, dir_.path());
};

constexpr int kCorrupt = static_cast<int>(ErrorKind::corrupt);
constexpr int kUnsupported = static_cast<int>(ErrorKind::unsupported);

}  // namespace atp::test
