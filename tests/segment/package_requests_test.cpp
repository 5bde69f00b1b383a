// SPDX-License-Identifier: Apache-2.0
/// How many requests reading a package takes: each is a round trip where the store is far away.
#include "atp/segment/package_reader.hpp"
#include "segment/packages.hpp"
#include "support/counting_store.hpp"
#include "support/error_kind.hpp"

namespace atp::test {
namespace {

/// Requests before the first record is asked for, and for all records then.
using Reads = std::pair<std::uint64_t, std::uint64_t>;

CountingStore store_of(const Package& package) {
  CountingStore store(memory_store(std::make_shared<ManualClock>()));
  put_object(store, kPackageKey, package.bytes, {});
  store.reset();
  return store;
}

class PackageRequests : public PackageTest {
 protected:
  /// How many requests a scan takes that finds nothing wrong.
  std::uint64_t scan_of(const Package& package) {
    CountingStore store = store_of(package);
    EXPECT_EQ(
        checks(scan_package(store, manifest_of(package.summary), {&identity_, 1}, nullptr, {})),
        "");
    EXPECT_EQ(store.total(), store.count(StoreCall::get));
    return store.count(StoreCall::get);
  }

  Reads reads_of(const Package& package) {
    CountingStore store = store_of(package);
    const PackageReader reader(store, manifest_of(package.summary), {&identity_, 1});
    const std::uint64_t opening = store.count(StoreCall::get);
    std::uint64_t records = 0;
    reader.read(0, package.summary.records, [&](std::uint64_t, ByteView) { ++records; });
    EXPECT_EQ(records, package.summary.records);
    EXPECT_EQ(store.total(), store.count(StoreCall::get));
    return {opening, store.count(StoreCall::get) - opening};
  }

  /// A package of two frames whose index has an optional block of `size` bytes.
  Package with_block(std::uint64_t size) {
    segment::FrameEncoder encoder;
    const ByteView encoded = encoder.encode(as_bytes("{}\n"));
    const Bytes frame(encoded.begin(), encoded.end());
    PackageIndex index = index_of_one(frame.size(), 3);
    index.frames.push_back(index.frames[0]);
    const auto leaves = plain_leaves("{}\n{}\n", index.salt_seed.view());
    for (std::size_t i = 0; i < 2; ++i) index.frames[i].root = leaves[i];
    Bytes index_bytes = encode_index(index);
    const std::uint64_t type = 0x80000001;
    for (const std::uint64_t number : {type, size}) {
      for (unsigned i = 0; i < 4; ++i) index_bytes.push_back(std::byte(number >> 8 * i));
    }
    index_bytes.resize(index_bytes.size() + size);
    Bytes plain;
    const Bytes tail = segment::encode_tail(index_bytes, index);
    for (const Bytes& part : {frame, frame, tail}) {
      plain.insert(plain.end(), part.begin(), part.end());
    }
    Package package = seal(plain, index_bytes, index);
    package.summary.sha256 = sha256(as_bytes("{}\n{}\n"));
    package.summary.final_newline = true;
    return package;
  }
};

TEST_F(PackageRequests, OfAScanAreOneForTheIndexAndOneForAllBytes) {
  EXPECT_EQ(scan_of(write("{}\n")), 2);
  const Package large = write(audit_text(20000, 700));
  EXPECT_GT(large.bytes.size(), 4U << 20);
  EXPECT_EQ(scan_of(large), 2);
}

TEST_F(PackageRequests, OfASmallPackageReadByRecordIsOne) {
  EXPECT_EQ(reads_of(write("{}\n{}\n")), Reads(1, 0));
}

TEST_F(PackageRequests, OfALargePackageReadByRecordAreTwoAndOneForEachFrameOutsideOfItsTail) {
  const Package large = write(audit_text(20000, 700));
  const auto [opening, reading] = reads_of(large);
  EXPECT_EQ(opening, 2) << "the header and the tail";
  EXPECT_EQ(reading, large.summary.frames);
}

TEST_F(PackageRequests, OfAnIndexLargerThanTheTailAreOneMore) {
  const Package within = with_block(60 << 10);
  const Package beyond = with_block(150 << 10);
  EXPECT_EQ(scan_of(within), 2);
  EXPECT_EQ(scan_of(beyond), 3);
  EXPECT_EQ(reads_of(beyond).first, 3);
}

TEST_F(PackageRequests, OfAPackageThatGrewReadNoMoreThanItsManifestSays) {
  Package package = write(audit_text(100, 130));
  const std::uint64_t size = package.bytes.size();
  package.bytes.resize(size + (8 << 20));
  CountingStore store = store_of(package);
  const SegmentManifest manifest = manifest_of(package.summary);
  std::uint64_t read = 0;
  const ScanOptions options{.on_bytes = [&](std::uint64_t bytes) { read += bytes; }};
  EXPECT_EQ(checks(scan_stored(store, stored_of(manifest), options)), "stored_bytes stored_sha256");
  EXPECT_EQ(std::exchange(read, 0), size + 1);
  EXPECT_EQ(checks(scan_package(store, manifest, {&identity_, 1}, nullptr, options)),
            "stored_bytes stored_sha256");
  EXPECT_EQ(read, size + 1);
  EXPECT_EQ(error_kind([&] {
              PackageReader(store, manifest, {&identity_, 1});
            }),
            ErrorKind::corrupt);
}

TEST_F(PackageRequests, TellADamagedChunkBeforeTheIndexFromADamagedIndex) {
  Package package = write(audit_text(2000, 700));
  const std::size_t last = package.bytes.size() % (age::kChunkSize + age::kTagSize);
  ASSERT_LT(last + 100, age::kChunkSize) << "the index lies in the last chunk alone";
  package.bytes[package.bytes.size() - 80000] ^= std::byte{1};
  const std::string found = checks(scan(package.bytes, manifest_of(package.summary)));
  EXPECT_EQ(found.find("index"), std::string::npos) << found;
  EXPECT_NE(found.find("frame"), std::string::npos) << found;
}

}  // namespace
}  // namespace atp::test
