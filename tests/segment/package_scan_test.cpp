// SPDX-License-Identifier: Apache-2.0
#include "atp/segment/package_scan.hpp"

#include "atp/segment/package_reader.hpp"
#include "segment/packages.hpp"
#include "support/error_kind.hpp"

namespace atp::test {
namespace {

constexpr std::size_t kSealedChunk = age::kChunkSize + age::kTagSize;

class PackageScan : public PackageTest {
 protected:
  std::size_t header_size(const Package& package) {
    return age::open_header(package.bytes, {&identity_, 1}).payload_offset();
  }

  /// Header, then the sealed chunks.
  std::vector<Bytes> parts(const Package& package) {
    std::vector<Bytes> out;
    std::size_t size = header_size(package);
    for (ByteView rest = package.bytes; !rest.empty(); size = kSealedChunk) {
      const ByteView part = rest.first(std::min(size, rest.size()));
      out.emplace_back(part.begin(), part.end());
      rest = rest.subspan(part.size());
    }
    return out;
  }

  static Bytes join(const std::vector<Bytes>& parts) {
    Bytes out;
    for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
    return out;
  }

  /// Nothing but true frames, each at its place, may have gone to the sink.
  static void expect_true_frames(const CollectingFrames& frames, const std::string& text,
                                 const PackageIndex& index) {
    std::string expected;
    std::uint64_t offset = 0;
    std::size_t next = 0;
    for (const FrameEntry& entry : index.frames) {
      if (next < frames.entries.size() && frames.entries[next] == entry) {
        expected += text.substr(offset, entry.raw_size);
        ++next;
      }
      offset += entry.raw_size;
    }
    EXPECT_EQ(next, frames.entries.size());
    EXPECT_TRUE(frames.text == expected);
  }
};

TEST_F(PackageScan, T007_NoOrderOfChunksButTheTrueOneIsClean) {
  const std::string text = audit_text(4096 + 512, 130);
  const Package package = write(text);
  const Package other = write(text);
  const PackageIndex index = index_of(package);
  const std::vector<Bytes> true_parts = parts(package);
  const std::vector<Bytes> other_parts = parts(other);
  ASSERT_GE(true_parts.size(), 5U);
  std::vector<std::vector<Bytes>> variants;
  for (std::size_t i = 1; i < true_parts.size(); ++i) {
    const auto at = static_cast<std::ptrdiff_t>(i);
    variants.push_back(true_parts);
    variants.back().erase(variants.back().begin() + at);
    variants.push_back(true_parts);
    variants.back().insert(variants.back().begin() + at, true_parts[i]);
    variants.push_back(true_parts);
    variants.back()[i] = other_parts[i];
    variants.emplace_back(true_parts.begin(), true_parts.begin() + at);
    for (std::size_t k = i + 1; k < true_parts.size(); ++k) {
      variants.push_back(true_parts);
      std::swap(variants.back()[i], variants.back()[k]);
    }
  }
  for (std::size_t i = 0; i < variants.size(); ++i) {
    CollectingFrames frames;
    const auto damage = scan(join(variants[i]), manifest_of(package.summary), &frames);
    EXPECT_NE(checks(damage).find("stored_sha256"), std::string::npos) << i;
    const bool only_longer = join(variants[i]).size() > package.bytes.size() &&
                             frames.text == text;  // The last chunk twice.
    EXPECT_NE(checks(damage).find(only_longer ? "stored_bytes" : "envelope"), std::string::npos)
        << i;
    expect_true_frames(frames, text, index);
  }
}

TEST_F(PackageScan, DamageInOneFrameNamesItsRecordsAndNoOthers) {
  const std::string text = audit_text(3 * 4096, 300);
  const Package package = write(text);
  const PackageIndex index = index_of(package);
  ASSERT_EQ(index.frames.size(), 3U);
  Bytes stored = package.bytes;
  const std::uint64_t chunk =
      (index.frames[1].offset + index.frames[1].compressed_size / 2) / age::kChunkSize;
  stored[header_size(package) + chunk * kSealedChunk + 9] ^= std::byte{1};
  CollectingFrames frames;
  const auto damage = scan(stored, manifest_of(package.summary), &frames);
  EXPECT_EQ(checks(damage), "frame envelope stored_sha256");
  EXPECT_EQ(damage[0].frame, 1U);
  EXPECT_EQ(damage[0].first_record, 4096U);
  EXPECT_EQ(damage[0].last_record, 8191U);
  EXPECT_EQ(frames.entries.size(), 2U);
  expect_true_frames(frames, text, index);
}

TEST_F(PackageScan, AnyByteFlippedIsFound) {
  const Package package = write(audit_text(5));
  for (std::size_t at = 0; at < package.bytes.size(); ++at) {
    Bytes stored = package.bytes;
    stored[at] ^= std::byte{0x10};
    EXPECT_FALSE(scan(stored, manifest_of(package.summary)).empty()) << at;
  }
}

TEST_F(PackageScan, AnyCutIsFound) {
  const Package package = write(audit_text(5));
  for (std::size_t size = 0; size < package.bytes.size(); ++size) {
    const auto damage = scan(ByteView(package.bytes).first(size), manifest_of(package.summary));
    EXPECT_NE(checks(damage).find("stored_bytes stored_sha256"), std::string::npos) << size;
  }
}

TEST_F(PackageScan, BytesBehindThePackageAreFoundAndItsFramesStillRead) {
  const std::string text = audit_text(5);
  const Package package = write(text);
  for (const std::size_t more : {1, 16, 70000, 2000000}) {
    Bytes stored = package.bytes;
    stored.insert(stored.end(), more, std::byte{});
    CollectingFrames frames;
    EXPECT_EQ(checks(scan(stored, manifest_of(package.summary), &frames)),
              "stored_bytes stored_sha256");
    EXPECT_EQ(frames.text, text);
  }
}

TEST_F(PackageScan, ComparesEveryFigureOfTheManifest) {
  const Package package = write(audit_text(100));
  const SegmentManifest right = manifest_of(package.summary);
  const auto found = [&](const auto& change) {
    SegmentManifest wrong = right;
    change(wrong);
    return checks(scan(package.bytes, wrong));
  };
  EXPECT_EQ(found([](SegmentManifest&) {}), "");
  EXPECT_EQ(found([](SegmentManifest& m) { m.stored_sha256 = {}; }), "stored_sha256");
  EXPECT_EQ(found([](SegmentManifest& m) { m.index_sha256 = {}; }), "index");
  EXPECT_EQ(found([](SegmentManifest& m) { m.frames = 2; }), "index");
  EXPECT_EQ(found([](SegmentManifest& m) { m.records = 99; }), "records");
  EXPECT_EQ(found([](SegmentManifest& m) { m.opaque_records = 1; }), "opaque_records");
  EXPECT_EQ(found([](SegmentManifest& m) { m.first_time = Time(); }), "times");
  EXPECT_EQ(found([](SegmentManifest& m) { m.last_time = std::nullopt; }), "times");
  EXPECT_EQ(found([](SegmentManifest& m) { m.bytes = 1; }), "bytes");
  EXPECT_EQ(found([](SegmentManifest& m) { m.sha256 = {}; }), "sha256");
  EXPECT_EQ(found([](SegmentManifest& m) { m.merkle_root = {}; }), "merkle_root");
  EXPECT_EQ(found([](SegmentManifest& m) { m.final_newline = false; }), "final_newline");
}

TEST_F(PackageScan, RefusesALeafSchemeItDoesNotKnow) {
  const Package package = write("{}\n");
  SegmentManifest manifest = manifest_of(package.summary);
  manifest.leaf_scheme = 2;
  EXPECT_EQ(error_kind([&] { scan(package.bytes, manifest); }), ErrorKind::unsupported);
}

TEST_F(PackageScan, TellsAWrongKeyFromADamagedHeader) {
  Package package = write(audit_text(5));
  const SegmentManifest manifest = manifest_of(package.summary);
  identity_ = age::Identity::generate(random_);
  EXPECT_EQ(error_kind([&] { scan(package.bytes, manifest); }), ErrorKind::unauthenticated);
  package.bytes[60] ^= std::byte{1};
  EXPECT_EQ(checks(scan(package.bytes, manifest)), "stored_sha256 envelope");
}

TEST_F(PackageScan, ThrowsWhereThePackageIsMissing) {
  const auto store = memory_store(std::make_shared<ManualClock>());
  const SegmentManifest manifest = manifest_of(write("{}\n").summary);
  EXPECT_EQ(error_kind([&] {
              scan_package(*store, manifest, {&identity_, 1}, nullptr, {});
            }),
            ErrorKind::not_found);
  EXPECT_EQ(error_kind([&] { scan_stored(*store, stored_of(manifest), {}); }),
            ErrorKind::not_found);
}

TEST_F(PackageScan, StoredBytesAreCheckedWithoutAKey) {
  const Package package = write(audit_text(5));
  const auto store = memory_store(std::make_shared<ManualClock>());
  put_object(*store, kPackageKey, package.bytes, {});
  SegmentManifest manifest = manifest_of(package.summary);
  std::uint64_t bytes = 0;
  const ScanOptions counting{.on_bytes = [&](std::uint64_t more) { bytes += more; }};
  EXPECT_EQ(checks(scan_stored(*store, stored_of(manifest), counting)), "");
  EXPECT_EQ(bytes, package.bytes.size());
  manifest.stored_bytes += 1;
  manifest.stored_sha256 = {};
  EXPECT_EQ(checks(scan_stored(*store, stored_of(manifest), {})), "stored_bytes stored_sha256");
}

TEST_F(PackageScan, StopsWhenAsked) {
  const Package package = write(audit_text(5));
  const auto store = memory_store(std::make_shared<ManualClock>());
  put_object(*store, kPackageKey, package.bytes, {});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(error_kind([&] {
              scan_package(*store, manifest_of(package.summary), {&identity_, 1}, nullptr,
                           {.stop = stop.get_token()});
            }),
            ErrorKind::cancelled);
}

TEST_F(PackageScan, AFrameThatEndsInsideARecordIsRefused) {
  segment::FrameEncoder encoder;
  const auto frame_of = [&](std::string_view raw) {
    const ByteView frame = encoder.encode(as_bytes(raw));
    return Bytes(frame.begin(), frame.end());
  };
  const std::vector<Bytes> frames{frame_of("on"), frame_of("e\n")};
  PackageIndex index = index_of_one(frames[0].size(), 2);
  index.frames.push_back(index.frames[0]);
  index.frames[1].compressed_size = static_cast<std::uint32_t>(frames[1].size());
  const auto leaves = plain_leaves("on\ne\n", index.salt_seed.view());
  index.frames[0].root = leaves[0];
  index.frames[1].root = leaves[1];
  Package package = forge(frames, index);
  package.summary.sha256 = sha256(as_bytes("one\n"));
  package.summary.final_newline = true;
  const auto damage = scan(package.bytes, manifest_of(package.summary));
  EXPECT_EQ(checks(damage), "frame");
  EXPECT_EQ(damage[0].frame, 0U);
}

TEST_F(PackageScan, BytesBetweenFramesAndIndexAreRefused) {
  segment::FrameEncoder encoder;
  const ByteView encoded = encoder.encode(as_bytes("{}\n"));
  const Bytes frame(encoded.begin(), encoded.end());
  const PackageIndex index = index_of_one(frame.size(), 3);
  const Bytes skippable{std::byte{0x51}, std::byte{0x2A}, std::byte{0x4D}, std::byte{0x18},
                        std::byte{0},    std::byte{0},    std::byte{0},    std::byte{0}};
  const Package package = forge({frame, skippable}, index);
  EXPECT_EQ(checks(scan(package.bytes, manifest_of(package.summary))), "index");
}

}  // namespace
}  // namespace atp::test
