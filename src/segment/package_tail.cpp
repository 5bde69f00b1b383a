// SPDX-License-Identifier: Apache-2.0
#include "segment/package_tail.hpp"

#include <limits>
#include <string>

#include "atp/core/error.hpp"
#include "segment/little_endian.hpp"

namespace atp {
inline namespace v0 {
namespace segment {
namespace {

constexpr std::uint32_t kIndexMagic = 0x184D2A50;
constexpr std::uint32_t kSeekTableMagic = 0x184D2A5E;
constexpr std::uint32_t kSeekableMagic = 0x8F92EAB1;
constexpr std::size_t kSeekEntrySize = 8;
constexpr std::size_t kSeekFooterSize = 9;
/// The seekable format's own limit on frames.
constexpr std::uint64_t kSeekableFrames = 0x8000000;
/// Room for optional blocks: an index is no larger than this for each frame and once more.
constexpr std::uint64_t kIndexBytesPerFrame = 64 << 10;

/// With the header; the index frame has an entry too.
std::uint64_t seek_table_size(std::uint64_t frames) {
  return kSkippableHeaderSize + kSeekEntrySize * (frames + 1) + kSeekFooterSize;
}

void put_skippable_header(Bytes& out, std::uint32_t magic, std::uint64_t size) {
  if (size > std::numeric_limits<std::uint32_t>::max() - kSkippableHeaderSize) {
    throw Error(ErrorKind::unsupported, "package",
                "expected an index below 2^32 bytes, found one of " + std::to_string(size));
  }
  put_number(out, magic);
  put_number(out, static_cast<std::uint32_t>(size));
}

}  // namespace

Bytes encode_tail(ByteView index_bytes, const PackageIndex& index) {
  const std::size_t frames = index.frames.size();
  Bytes out;
  out.reserve(kSkippableHeaderSize + index_bytes.size() + seek_table_size(frames));
  put_skippable_header(out, kIndexMagic, index_bytes.size());
  out.insert(out.end(), index_bytes.begin(), index_bytes.end());
  put_skippable_header(out, kSeekTableMagic, seek_table_size(frames) - kSkippableHeaderSize);
  for (const FrameEntry& entry : index.frames) {
    put_number(out, entry.compressed_size);
    put_number(out, entry.raw_size);
  }
  put_number(out, static_cast<std::uint32_t>(kSkippableHeaderSize + index_bytes.size()));
  put_number(out, std::uint32_t{0});
  put_number(out, static_cast<std::uint32_t>(frames + 1));
  put_number(out, std::uint8_t{0});
  put_number(out, kSeekableMagic);
  return out;
}

std::uint64_t tail_size(ByteView locator, std::uint64_t frames) {
  LittleEndianReader reader("seek table", locator);
  const auto index_frame = reader.number<std::uint32_t>();
  const auto decoded = reader.number<std::uint32_t>();
  const auto entries = reader.number<std::uint32_t>();
  const auto descriptor = reader.number<std::uint8_t>();
  const auto magic = reader.number<std::uint32_t>();
  const auto refuse = [](const std::string& message) {
    throw Error(ErrorKind::corrupt, "seek table", message);
  };
  if (magic != kSeekableMagic || descriptor != 0 || decoded != 0)
    refuse("expected the end of a seek table without checksums, found other bytes");
  if (frames >= kSeekableFrames || entries != frames + 1) {
    refuse("expected " + std::to_string(frames) + " frames and the index, found " +
           std::to_string(entries) + " entries");
  }
  const std::uint64_t limit = kIndexBytesPerFrame * (frames + 1);
  if (index_frame < kSkippableHeaderSize || index_frame > limit) {
    refuse("expected an index frame of " + std::to_string(kSkippableHeaderSize) + " to " +
           std::to_string(limit) + " bytes, found one of " + std::to_string(index_frame));
  }
  return index_frame + seek_table_size(frames);
}

ByteView index_bytes(ByteView tail, std::uint64_t frames) {
  const std::uint64_t around = kSkippableHeaderSize + seek_table_size(frames);
  if (tail.size() >= around) return tail.subspan(kSkippableHeaderSize, tail.size() - around);
  throw Error(ErrorKind::corrupt, "package",
              "expected a tail of at least " + std::to_string(around) + " bytes, found " +
                  std::to_string(tail.size()));
}

}  // namespace segment
}  // namespace v0
}  // namespace atp
