// SPDX-License-Identifier: Apache-2.0
/// Packages made to hurt, sealed and signed like honest ones.
#include <array>
#include <fstream>
#include <iterator>
#include <limits>

#include "segment/little_endian.hpp"
#include "segment/packages.hpp"
#include "segment/peak_memory.hpp"
#include "support/shared_data.hpp"

namespace atp::test {
namespace {

constexpr std::array kEmptySkippableFrame{std::byte{0x51}, std::byte{0x2A}, std::byte{0x4D},
                                          std::byte{0x18}, std::byte{0},    std::byte{0},
                                          std::byte{0},    std::byte{0}};

class PackageThreats : public PackageTest {
 protected:
  Bytes encode(std::string_view raw) {
    const ByteView frame = encoder_.encode(as_bytes(raw));
    return {frame.begin(), frame.end()};
  }

  /// Scans a package of one hostile frame; its sink must stay empty.
  std::string scan_one(const Bytes& frame, std::uint32_t raw_size, std::uint32_t records = 1) {
    const Package package = forge({frame}, index_of_one(frame.size(), raw_size, records));
    CollectingFrames frames;
    const std::string found = checks(scan(package.bytes, manifest_of(package.summary), &frames));
    EXPECT_TRUE(frames.entries.empty());
    return found;
  }

  /// A frame of one raw block that asks for a window of 2^`window_log` bytes.
  static Bytes frame_with_window(unsigned window_log, std::string_view raw) {
    Bytes frame{std::byte{0x28}, std::byte{0xB5}, std::byte{0x2F}, std::byte{0xFD},
                std::byte{0x80}};
    frame.push_back(static_cast<std::byte>((window_log - 10) << 3));
    segment::put_number(frame, static_cast<std::uint32_t>(raw.size()));
    const auto block = static_cast<std::uint32_t>(1 | raw.size() << 3);
    for (const int shift : {0, 8, 16}) frame.push_back(static_cast<std::byte>(block >> shift));
    const ByteView view = as_bytes(raw);
    frame.insert(frame.end(), view.begin(), view.end());
    return frame;
  }

  segment::FrameEncoder encoder_;
};

TEST_F(PackageThreats, T055_AFrameThatHoldsMoreThanTheIndexSaysIsRefused) {
  const Bytes bomb = encode(std::string(256 << 20, '\0'));
  ASSERT_LT(bomb.size(), 64U << 10);
  PeakMemory peak;
  EXPECT_EQ(scan_one(bomb, 16 << 20), "frame");
  EXPECT_EQ(scan_one(bomb, 600000), "frame");
  EXPECT_LT(peak.growth(), 64U << 20);
}

TEST_F(PackageThreats, T055_AFrameThatHoldsLessThanTheIndexSaysIsRefused) {
  EXPECT_EQ(scan_one(encode("{}\n"), 4), "frame");
  EXPECT_EQ(scan_one(encode("{}\n"), 2), "frame");
}

TEST_F(PackageThreats, T055_AFrameWithALyingHeaderIsRefused) {
  Bytes frame = frame_with_window(20, "0123456789");
  for (std::uint32_t claimed : {9U, 11U, 100000U, 16U << 20}) {
    for (std::size_t i = 0; i < 4; ++i) frame[6 + i] = static_cast<std::byte>(claimed >> (8 * i));
    EXPECT_EQ(scan_one(frame, claimed), "frame") << claimed;
  }
}

TEST_F(PackageThreats, T055_AWindowOverOursIsRefused) {
  segment::FrameDecoder decoder;
  EXPECT_EQ(as_text(decoder.decode(frame_with_window(21, "{}\n"), 3)), "{}\n");
  PeakMemory peak;
  EXPECT_EQ(scan_one(frame_with_window(22, "{}\n"), 3), "frame");
  EXPECT_EQ(scan_one(frame_with_window(31, "{}\n"), 3), "frame");
  EXPECT_EQ(scan_one(frame_with_window(41, "{}\n"), 3), "frame");
  EXPECT_LT(peak.growth(), 64U << 20);
}

TEST_F(PackageThreats, T055_TwoFramesInThePlaceOfOneAreRefused) {
  Bytes frames = encode("{}\n");
  const Bytes more = encode("[]\n");
  frames.insert(frames.end(), more.begin(), more.end());
  EXPECT_EQ(scan_one(frames, 3), "frame");
  EXPECT_EQ(scan_one(frames, 6, 2), "frame");
  // All but the last decode to the very bytes of the one frame; its leaf is what does not fit.
  const Bytes empty = encode("");
  for (const ByteView after : {ByteView(empty), ByteView(kEmptySkippableFrame),
                               ByteView(kEmptySkippableFrame).first(0), ByteView(more).first(1)}) {
    Bytes padded = encode("{}\n");
    padded.insert(padded.end(), after.begin(), after.end());
    EXPECT_EQ(scan_one(padded, 3), after.empty() ? "leaves sha256" : "frame") << after.size();
  }
}

TEST_F(PackageThreats, T055_ALyingLocatorIsRefusedBeforeMemoryIsTaken) {
  const PackageIndex index = index_of_one(16, 3);
  const Bytes index_bytes = encode_index(index);
  Bytes plain(16);
  const Bytes tail = segment::encode_tail(index_bytes, index);
  plain.insert(plain.end(), tail.begin(), tail.end());
  PeakMemory peak;
  for (const std::uint32_t size : {0U, 7U, 8U, 1000U, 100000U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
    Bytes lying = plain;
    for (std::size_t i = 0; i < 4; ++i)
      lying[lying.size() - 17 + i] = static_cast<std::byte>(size >> (8 * i));
    const Package package = seal(lying, index_bytes, index);
    EXPECT_EQ(checks(scan(package.bytes, manifest_of(package.summary))), "index") << size;
  }
  EXPECT_LT(peak.growth(), 64U << 20);
}

TEST_F(PackageThreats, T056_FramesThatDecodeToOtherBytesAreRefused) {
  const std::string text = audit_text(64);
  std::string other = text;
  other[20] = '5';
  const Bytes frame = encode(other);
  Package package = write(text);
  PackageIndex index = index_of(package);
  index.frames[0].compressed_size = static_cast<std::uint32_t>(frame.size());
  package = forge({frame}, index);
  EXPECT_EQ(checks(scan(package.bytes, manifest_of(package.summary))).substr(0, 6), "leaves");
}

TEST_F(PackageThreats, T056_ALostOrAddedRecordIsFoundByItsCount) {
  for (const std::string raw : {"a\nb\nc\n", "a\nbbbb\n", "a\n\nbb\n\n"}) {
    const std::string found =
        scan_one(encode(raw), static_cast<std::uint32_t>(raw.size()), raw == "a\nb\nc\n" ? 2 : 3);
    EXPECT_EQ(found.substr(0, 6), "leaves") << raw;
  }
}

TEST_F(PackageThreats, T056_DamagedFramesThatTheCodecMayAcceptAreRefused) {
  const std::string folder = "vectors/zstd-golden/golden-decompression-errors";
  ATP_REQUIRE_SHARED(folder);
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(shared_path(folder))) {
    if (file.path().extension() != ".zst") continue;
    ++files;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    for (std::uint32_t raw_size = 1; raw_size <= 200; ++raw_size)
      EXPECT_NE(scan_one(to_bytes(bytes), raw_size), "") << file.path() << ' ' << raw_size;
    EXPECT_NE(scan_one(to_bytes(bytes), 1 << 17), "") << file.path();
  }
  EXPECT_GE(files, 3U);
}

TEST_F(PackageThreats, T064_FiguresOfAManifestAtTheirEndsAreRefused) {
  const Package package = write(audit_text(5));
  PeakMemory peak;
  for (const std::uint64_t figure :
       {std::uint64_t{0}, std::uint64_t{1}, (std::uint64_t{1} << 53) - 1,
        std::numeric_limits<std::uint64_t>::max() - 15,
        std::numeric_limits<std::uint64_t>::max()}) {
    SegmentManifest sizes = manifest_of(package.summary);
    sizes.stored_bytes = figure;
    EXPECT_NE(checks(scan(package.bytes, sizes)), "") << figure;
    SegmentManifest counts = manifest_of(package.summary);
    counts.frames = figure;
    counts.records = figure;
    counts.bytes = figure;
    EXPECT_NE(checks(scan(package.bytes, counts)), "") << figure;
  }
  EXPECT_LT(peak.growth(), 64U << 20);
}

/// `size` bytes of records, made while they are read.
class EndlessSource final : public ByteSource {
 public:
  explicit EndlessSource(std::uint64_t size) : left_(size) {}

  std::size_t read(MutableByteView out) override {
    std::size_t done = 0;
    while (done < out.size() && left_ > 0) {
      if (rest_.empty()) rest_ = record_ = audit_record(next_++, 650);
      const std::size_t part = std::min({out.size() - done, rest_.size(), std::size_t{left_}});
      std::ranges::copy(as_bytes(rest_.substr(0, part)),
                        out.begin() + static_cast<std::ptrdiff_t>(done));
      rest_.remove_prefix(part);
      done += part;
      left_ -= part;
    }
    return done;
  }

 private:
  std::uint64_t left_;
  std::uint64_t next_ = 0;
  std::string record_;
  std::string_view rest_;
};

struct CountingSink final : ByteSink {
  void write(ByteView bytes) override { size += bytes.size(); }
  std::uint64_t size = 0;
};

TEST_F(PackageThreats, T055_WritingTakesBoundedMemoryForAnySegment) {
  const std::uint64_t size = kSanitized ? 20'000'000 : 300'000'000;
  EndlessSource source(size);
  CountingSink sink;
  PeakMemory peak;
  const auto result = try_write(source, sink, options());
  EXPECT_LT(peak.growth(), 64U << 20);
  EXPECT_EQ(std::get<PackageSummary>(result).bytes, size);
  EXPECT_EQ(std::get<PackageSummary>(result).stored_bytes, sink.size);
}

}  // namespace
}  // namespace atp::test
