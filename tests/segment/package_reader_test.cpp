// SPDX-License-Identifier: Apache-2.0
#include "atp/segment/package_reader.hpp"

#include <limits>
#include <map>

#include "atp/merkle/proof.hpp"
#include "segment/packages.hpp"
#include "support/error_kind.hpp"

namespace atp::test {
namespace {

class PackageReaderTest : public PackageTest {
 protected:
  static std::shared_ptr<ObjectStore> store_of(ByteView stored) {
    auto store = memory_store(std::make_shared<ManualClock>());
    put_object(*store, kPackageKey, stored, {});
    return store;
  }

  PackageReader open(ObjectStore& store, const Package& package) {
    return {store, manifest_of(package.summary), {&identity_, 1}};
  }

  static std::vector<std::string> records(const PackageReader& reader, std::uint64_t from,
                                          std::uint64_t to) {
    std::vector<std::string> found;
    reader.read(from, to, [&](std::uint64_t number, ByteView record) {
      EXPECT_EQ(number, from + found.size());
      found.emplace_back(as_text(record));
    });
    return found;
  }
};

TEST_F(PackageReaderTest, GivesAnyRangeOfRecordsAsTheyWere) {
  const std::string text = audit_text(2 * 4096 + 2048 + 3, 60) + "\r\n\nno line feed";
  const Package package = write(text);
  ASSERT_GE(package.summary.frames, 3U);
  const auto store = store_of(package.bytes);
  const PackageReader reader = open(*store, package);
  const auto all = split_records(text);
  EXPECT_EQ(reader.manifest().records, all.size());
  for (const auto& [from, to] : std::map<std::uint64_t, std::uint64_t>{
           {0, 1}, {1, 2}, {4095, 4097}, {4096, 6144}, {6000, all.size()}, {10, 10}}) {
    const std::vector<std::string> expected(all.begin() + static_cast<std::ptrdiff_t>(from),
                                            all.begin() + static_cast<std::ptrdiff_t>(to));
    EXPECT_EQ(records(reader, from, to), expected) << from << " " << to;
  }
  EXPECT_EQ(records(reader, 0, all.size()).size(), all.size());
  EXPECT_TRUE(records(reader, all.size(), all.size()).empty());
}

/// RFC 9162, 2.1.3.1, over the leaves of docs/format.md, whatever the frames are.
TEST_F(PackageReaderTest, ProvesEachRecordToTheSegmentsRoot) {
  const std::string big(3 << 20, 'x');
  for (const std::string& text :
       {audit_text(1), audit_text(3), audit_text(4096), audit_text(4096 + 1),
        audit_text(2 * 4096 + 2048 + 3), audit_text(5) + big + "\n" + audit_text(3) + big + "\n",
        big + "\n" + big + "\n" + audit_text(7) + "no line feed"}) {
    const Package package = write(text);
    const auto store = store_of(package.bytes);
    const PackageReader reader = open(*store, package);
    const auto all = split_records(text);
    const std::size_t step = all.size() > 100 ? 41 : 1;
    for (std::uint64_t number = 0; number < all.size(); number += step) {
      const RecordInclusion found = reader.prove(number);
      EXPECT_EQ(as_text(found.record), all[number]);
      EXPECT_EQ(found.salt.size(), 16U);
      const std::byte prefix[] = {std::byte{0}};
      const Digest leaf = Sha256().update(prefix).update(found.salt).update(found.record).finish();
      EXPECT_TRUE(merkle::verify_inclusion<Rfc9162Hasher>(number, all.size(), leaf, found.path,
                                                          package.summary.merkle_root))
          << number << " of " << all.size();
    }
    EXPECT_EQ(error_kind([&] { reader.prove(all.size()); }), ErrorKind::invalid_argument);
    const std::uint64_t last = all.size() - 1;
    const RecordRange ranges[] = {{0, last / 3}, {last / 2 + 1, last}};
    std::vector<std::uint64_t> seen;
    reader.prove(last > 2 ? std::span(ranges) : std::span(ranges).first(1),
                 [&](std::uint64_t number, RecordInclusion&& run) {
                   seen.push_back(number);
                   if (number % step != 0) return;
                   const RecordInclusion one = reader.prove(number);
                   EXPECT_EQ(std::tie(run.record, run.salt, run.path),
                             std::tie(one.record, one.salt, one.path));
                 });
    std::vector<std::uint64_t> expected;
    for (std::uint64_t number = 0; number <= last; ++number) {
      if (number <= last / 3 || (last > 2 && number > last / 2)) expected.push_back(number);
    }
    EXPECT_EQ(seen, expected);
  }
}

TEST_F(PackageReaderTest, RefusesARangeThatThePackageLacks) {
  const Package package = write(audit_text(3));
  const auto store = store_of(package.bytes);
  const PackageReader reader = open(*store, package);
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  for (const auto& [from, to] :
       std::map<std::uint64_t, std::uint64_t>{{0, 4}, {2, 1}, {4, 4}, {kMost, kMost}, {1, kMost}}) {
    EXPECT_EQ(error_kind([&, from = from, to = to] { records(reader, from, to); }),
              ErrorKind::invalid_argument)
        << from << " " << to;
    EXPECT_EQ(error_kind([&, from = from, to = to] {
                const RecordRange range{from, to};
                reader.prove({&range, 1}, [](std::uint64_t, RecordInclusion&&) {});
              }),
              ErrorKind::invalid_argument)
        << from << " " << to;
  }
}

TEST_F(PackageReaderTest, ReadsASegmentWithoutRecords) {
  const Package package = write("");
  const auto store = store_of(package.bytes);
  EXPECT_TRUE(records(open(*store, package), 0, 0).empty());
}

/// Damage in one frame neither shows in another nor lets out a record of its own.
TEST_F(PackageReaderTest, NamesTheRecordsOfADamagedFrameAndHandsOutNone) {
  const std::string text = audit_text(3 * 4096, 60);
  const Package package = write(text);
  const PackageIndex index = index_of(package);
  ASSERT_EQ(index.frames.size(), 3U);
  Bytes damaged = package.bytes;
  const std::size_t header = age::open_header(package.bytes, {&identity_, 1}).payload_offset();
  const std::uint64_t chunk =
      (index.frames[1].offset + index.frames[1].compressed_size / 2) / age::kChunkSize;
  damaged[header + chunk * (age::kChunkSize + age::kTagSize) + 5] ^= std::byte{1};
  const auto store = store_of(damaged);
  const PackageReader reader = open(*store, package);
  EXPECT_EQ(records(reader, 0, 10).size(), 10U);
  EXPECT_EQ(records(reader, 3 * 4096 - 10, 3 * 4096).size(), 10U);
  std::size_t handed_out = 0;
  try {
    reader.read(4095, 5000, [&](std::uint64_t, ByteView) { ++handed_out; });
    ADD_FAILURE() << "a damaged frame was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_NE(error.message().find("[4096, 8192)"), std::string::npos) << error.message();
  }
  EXPECT_EQ(handed_out, 1U);
}

TEST_F(PackageReaderTest, T056_AFrameOfOtherRecordsIsNotBelieved) {
  segment::FrameEncoder encoder;
  const std::string text = "{\"a\":1}\n";
  const auto frame = encoder.encode(as_bytes(text));
  PackageIndex index = index_of_one(frame.size(), static_cast<std::uint32_t>(text.size()));
  index.frames[0].root = sha256(as_bytes("another"));
  const Package package = forge({Bytes(frame.begin(), frame.end())}, index);
  const auto store = store_of(package.bytes);
  const PackageReader reader = open(*store, package);
  EXPECT_EQ(error_kind([&] { records(reader, 0, 1); }), ErrorKind::corrupt);
}

TEST_F(PackageReaderTest, RefusesAnIndexThatIsNotTheManifests) {
  const Package package = write(audit_text(10));
  const auto store = store_of(package.bytes);
  for (const auto& change : std::vector<void (*)(SegmentManifest&)>{
           [](SegmentManifest& m) { m.index_sha256 = {}; },
           [](SegmentManifest& m) { m.merkle_root = {}; },
           [](SegmentManifest& m) { m.records += 1; }, [](SegmentManifest& m) { m.frames += 1; },
           [](SegmentManifest& m) { m.stored_bytes -= 1; }}) {
    SegmentManifest manifest = manifest_of(package.summary);
    change(manifest);
    EXPECT_EQ(error_kind([&] {
                PackageReader(*store, manifest, {&identity_, 1});
              }),
              ErrorKind::corrupt);
  }
  const age::Identity other = age::Identity::generate(random_);
  EXPECT_EQ(error_kind([&] {
              PackageReader(*store, manifest_of(package.summary), {&other, 1});
            }),
            ErrorKind::unauthenticated);
}

}  // namespace
}  // namespace atp::test
