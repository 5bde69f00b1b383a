// SPDX-License-Identifier: Apache-2.0
#include "atp/segment/package_index.hpp"

#include "segment/little_endian.hpp"
#include "segment/packages.hpp"
#include "support/error_kind.hpp"

namespace atp::test {
namespace {

constexpr std::size_t kFirstEntry = 8 + 8 + 32 + 8;

FrameEntry entry_of(std::uint32_t records, std::uint32_t opaque) {
  FrameEntry entry{.offset = 0,
                   .compressed_size = 300,
                   .raw_size = 700 * records,
                   .first_record = 0,
                   .records = records,
                   .root = sha256(as_bytes(std::to_string(records))),
                   .opaque_records = opaque};
  if (opaque == records) return entry;
  entry.first_time = parse_time("1969-12-31T23:59:59.5Z");
  entry.last_time = parse_time("2025-09-01T00:00:00Z");
  return entry;
}

PackageIndex index_of(std::vector<FrameEntry> frames) {
  Bytes seed(32, std::byte{7});
  PackageIndex index{.salt_seed = SecretBytes(seed), .frames = std::move(frames)};
  std::uint64_t offset = 0;
  std::uint64_t record = 0;
  for (FrameEntry& entry : index.frames) {
    entry.offset = offset;
    entry.first_record = record;
    offset += entry.compressed_size;
    record += entry.records;
  }
  return index;
}

PackageIndex three_frames() { return index_of({entry_of(4, 0), entry_of(4, 4), entry_of(3, 1)}); }

Bytes with_number(Bytes bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
  return bytes;
}

Bytes with_block(Bytes bytes, std::uint32_t type, std::string_view contents) {
  segment::put_number(bytes, type);
  segment::put_number(bytes, static_cast<std::uint32_t>(contents.size()));
  const ByteView view = as_bytes(contents);
  bytes.insert(bytes.end(), view.begin(), view.end());
  return bytes;
}

std::optional<ErrorKind> decoding(const Bytes& bytes) {
  return error_kind([&] { decode_index(bytes); });
}

TEST(PackageIndex, DecodesToWhatWasEncoded) {
  for (const PackageIndex& index : {index_of({}), index_of({entry_of(1, 1)}), three_frames()}) {
    const Bytes bytes = encode_index(index);
    const PackageIndex decoded = decode_index(bytes);
    EXPECT_EQ(decoded.frames, index.frames);
    EXPECT_EQ(encode_index(decoded), bytes);
    EXPECT_EQ(bytes.size(), kFirstEntry + 64 * index.frames.size());
  }
}

TEST(PackageIndex, RefusesEveryCut) {
  const Bytes bytes = encode_index(three_frames());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(decoding(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size))),
              ErrorKind::corrupt)
        << size;
}

TEST(PackageIndex, EveryAcceptedChangeDecodesToOtherValues) {
  const Bytes bytes = encode_index(three_frames());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const std::byte mask : {std::byte{1}, std::byte{0x80}}) {
      Bytes changed = bytes;
      changed[at] ^= mask;
      try {
        EXPECT_EQ(encode_index(decode_index(changed)), changed) << at;
      } catch (const Error& error) {
        EXPECT_TRUE(error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::unsupported);
      }
    }
  }
}

TEST(PackageIndex, SkipsOptionalBlocksAndNoOthers) {
  const Bytes bytes = encode_index(three_frames());
  const Bytes optional = with_block(with_block(bytes, 0x80000001, "filter"), 0x80000002, "");
  EXPECT_EQ(decode_index(optional).frames, three_frames().frames);
  EXPECT_EQ(decoding(with_block(bytes, 3, "new")), ErrorKind::unsupported);
  EXPECT_EQ(decoding(with_block(bytes, 2, "")), ErrorKind::corrupt);
  EXPECT_EQ(decoding(with_block(optional, 0x80000002, "")), ErrorKind::corrupt);
  EXPECT_EQ(decoding(with_block(optional, 0x80000001, "")), ErrorKind::corrupt);
  EXPECT_EQ(decoding(with_number(with_block(bytes, 0x80000001, "cut"), bytes.size() + 4, 4)),
            ErrorKind::corrupt);
}

TEST(PackageIndex, RefusesBytesBehindTheLastBlock) {
  Bytes bytes = encode_index(three_frames());
  bytes.push_back(std::byte{});
  EXPECT_EQ(decoding(bytes), ErrorKind::corrupt);
}

TEST(PackageIndex, RefusesFramesThatAreNotDyadicBlocks) {
  const auto refused = [](std::vector<FrameEntry> frames) {
    return decoding(encode_index(index_of(std::move(frames)))) == ErrorKind::corrupt;
  };
  EXPECT_TRUE(refused({entry_of(3, 0), entry_of(1, 0)}));
  EXPECT_TRUE(refused({entry_of(1, 0), entry_of(2, 0)}));
  EXPECT_TRUE(refused({entry_of(2, 0), entry_of(3, 0)}));
  EXPECT_TRUE(refused({entry_of(4097, 0)}));
  EXPECT_FALSE(refused({entry_of(2, 0), entry_of(1, 0)}));
  EXPECT_FALSE(refused({entry_of(4, 0), entry_of(3, 0)}));
}

TEST(PackageIndex, T055_SizesBeyondTheLimitsAreRefused) {
  const Bytes one = encode_index(index_of({entry_of(1, 1)}));
  const Bytes two = encode_index(index_of({entry_of(2, 2)}));
  const std::size_t compressed = kFirstEntry;
  const std::size_t raw = kFirstEntry + 4;
  const auto limit = static_cast<std::uint32_t>(kRecordLimit);
  EXPECT_EQ(decoding(with_number(one, raw, limit + 1)), std::nullopt);
  EXPECT_EQ(decoding(with_number(one, raw, limit + 2)), ErrorKind::corrupt);
  EXPECT_EQ(decoding(with_number(two, raw, static_cast<std::uint32_t>(kFrameLimit))), std::nullopt);
  EXPECT_EQ(decoding(with_number(two, raw, static_cast<std::uint32_t>(kFrameLimit) + 1)),
            ErrorKind::corrupt);
  EXPECT_EQ(decoding(with_number(two, raw, 1)), ErrorKind::corrupt);
  EXPECT_EQ(decoding(with_number(one, raw, 0xFFFFFFFF)), ErrorKind::corrupt);
  EXPECT_EQ(decoding(with_number(one, compressed, 0)), ErrorKind::corrupt);
  EXPECT_EQ(decoding(with_number(one, compressed, 0xFFFFFFFF)), ErrorKind::corrupt);
}

TEST(PackageIndex, T064_LengthsAndCountsAtTheirEndsAreRefused) {
  const Bytes bytes = encode_index(three_frames());
  for (const std::uint32_t value : {0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU, 0xFFFFFFC0U}) {
    EXPECT_EQ(decoding(with_number(bytes, 12, value)), ErrorKind::corrupt) << value;
    EXPECT_EQ(decoding(with_number(bytes, kFirstEntry - 4, value)), ErrorKind::corrupt) << value;
    EXPECT_EQ(decoding(with_number(bytes, kFirstEntry + 8, value)), ErrorKind::corrupt) << value;
    EXPECT_EQ(decoding(with_number(bytes, kFirstEntry + 12, value)), ErrorKind::corrupt) << value;
  }
}

TEST(PackageIndex, RefusesTimesThatNoRecordHas) {
  const Bytes opaque = encode_index(index_of({entry_of(1, 1)}));
  EXPECT_EQ(decoding(with_number(opaque, kFirstEntry + 16, 1)), ErrorKind::corrupt);
  EXPECT_EQ(decoding(with_number(opaque, kFirstEntry + 24, 1)), ErrorKind::corrupt);
  PackageIndex reversed = index_of({entry_of(1, 0)});
  std::swap(reversed.frames[0].first_time, reversed.frames[0].last_time);
  EXPECT_EQ(decoding(encode_index(reversed)), ErrorKind::corrupt);
}

}  // namespace
}  // namespace atp::test
