// SPDX-License-Identifier: Apache-2.0
#include "atp/segment/package_index.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <span>
#include <string>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/merkle/frontier.hpp"
#include "atp/merkle/subtree.hpp"
#include "atp/segment/package_writer.hpp"
#include "segment/frame_hasher.hpp"
#include "segment/little_endian.hpp"

namespace atp {
inline namespace v0 {
namespace {

using segment::LittleEndianReader;
using segment::put_number;

constexpr std::string_view kMagic = "ATPINDX1";
constexpr std::string_view kSubject = "package index";
constexpr std::uint32_t kSaltSeedBlock = 1;
constexpr std::uint32_t kFrameTableBlock = 2;
constexpr std::uint32_t kOptionalBlocks = 0x80000000;  // Types from here on may be skipped.
constexpr std::size_t kEntrySize = 64;
constexpr std::uint32_t kFrameRecords = 1U << kFrameLevels;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::corrupt, std::string(kSubject), message);
}

[[noreturn]] void refuse_frame(std::size_t frame, const std::string& message) {
  refuse("frame " + std::to_string(frame) + ": " + message);
}

std::uint64_t nanoseconds(const std::optional<Time>& time) {
  return time ? static_cast<std::uint64_t>(time->time_since_epoch().count()) : 0;
}

Time to_time(std::uint64_t nanoseconds) {
  return Time(std::chrono::nanoseconds(static_cast<std::int64_t>(nanoseconds)));
}

void put_block(Bytes& out, std::uint32_t type, std::size_t size) {
  if (size > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorKind::unsupported, std::string(kSubject),
                "expected a block below 2^32 bytes, found one of " + std::to_string(size));
  }
  put_number(out, type);
  put_number(out, static_cast<std::uint32_t>(size));
}

void put_entry(Bytes& out, const FrameEntry& entry) {
  put_number(out, entry.compressed_size);
  put_number(out, entry.raw_size);
  put_number(out, entry.records);
  put_number(out, entry.opaque_records);
  put_number(out, nanoseconds(entry.first_time));
  put_number(out, nanoseconds(entry.last_time));
  out.insert(out.end(), entry.root.bytes.begin(), entry.root.bytes.end());
}

/// Both are absent where no record has a time, and zero then.
void set_times(FrameEntry& entry, std::size_t frame, std::uint64_t first, std::uint64_t last) {
  if (entry.opaque_records > entry.records) refuse_frame(frame, "more opaque records than records");
  if (entry.opaque_records < entry.records) {
    entry.first_time = to_time(first);
    entry.last_time = to_time(last);
    if (entry.first_time > entry.last_time) refuse_frame(frame, "the first time is after the last");
  } else if (first != 0 || last != 0) {
    refuse_frame(frame, "times without a record that has one");
  }
}

FrameEntry take_entry(LittleEndianReader& reader, std::size_t frame) {
  FrameEntry entry;
  entry.compressed_size = reader.number<std::uint32_t>();
  entry.raw_size = reader.number<std::uint32_t>();
  entry.records = reader.number<std::uint32_t>();
  entry.opaque_records = reader.number<std::uint32_t>();
  const auto first = reader.number<std::uint64_t>();
  const auto last = reader.number<std::uint64_t>();
  set_times(entry, frame, first, last);
  std::ranges::copy(reader.take(entry.root.bytes.size()), entry.root.bytes.begin());
  return entry;
}

/// The most that zstd makes of bytes it cannot compress.
std::uint64_t compressed_limit(std::uint64_t raw_size) { return raw_size + raw_size / 128 + 1024; }

void check_sizes(const FrameEntry& entry, std::size_t frame) {
  if (entry.records == 0 || entry.records > kFrameRecords) {
    refuse_frame(frame, "expected 1 to " + std::to_string(kFrameRecords) + " records, found " +
                            std::to_string(entry.records));
  }
  const std::uint64_t limit = entry.records == 1 ? kRecordLimit + 1 : kFrameLimit;
  if (entry.raw_size < entry.records || entry.raw_size > limit) {
    refuse_frame(frame, "expected " + std::to_string(entry.records) + " to " +
                            std::to_string(limit) + " raw bytes, found " +
                            std::to_string(entry.raw_size));
  }
  if (entry.compressed_size > 0 && entry.compressed_size <= compressed_limit(entry.raw_size))
    return;
  refuse_frame(frame, "expected 1 to " + std::to_string(compressed_limit(entry.raw_size)) +
                          " compressed bytes, found " + std::to_string(entry.compressed_size));
}

/// Frames are dyadic blocks: only the last may have fewer records than its place has room for.
void check_alignment(const FrameEntry& entry, std::size_t frame, bool last) {
  const std::uint32_t span = std::bit_ceil(entry.records);
  const bool whole = span == entry.records || last;
  if (whole && entry.first_record % span == 0) return;
  refuse_frame(frame, "expected an aligned block, found " + std::to_string(entry.records) +
                          " records from record " + std::to_string(entry.first_record));
}

std::vector<FrameEntry> decode_table(ByteView table) {
  if (table.size() % kEntrySize != 0) {
    refuse("expected frame entries of " + std::to_string(kEntrySize) + " bytes, found " +
           std::to_string(table.size()) + " bytes");
  }
  LittleEndianReader reader{std::string(kSubject), table};
  std::vector<FrameEntry> frames(table.size() / kEntrySize);
  std::uint64_t offset = 0;
  std::uint64_t first_record = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    FrameEntry& entry = frames[i] = take_entry(reader, i);
    entry.offset = offset;
    entry.first_record = first_record;
    check_sizes(entry, i);
    check_alignment(entry, i, i + 1 == frames.size());
    offset += entry.compressed_size;
    first_record += entry.records;
  }
  return frames;
}

/// The contents of block `type`, which must come next.
ByteView take_block(LittleEndianReader& reader, std::uint32_t type) {
  const auto found = reader.number<std::uint32_t>();
  if (found == type) return reader.take(reader.number<std::uint32_t>());
  const std::string message =
      "expected block " + std::to_string(type) + ", found block " + std::to_string(found);
  if (found <= kFrameTableBlock || found >= kOptionalBlocks) refuse(message);
  throw Error(ErrorKind::unsupported, std::string(kSubject), message);
}

/// What later writers add behind the blocks known here, in rising order.
void skip_optional_blocks(LittleEndianReader& reader) {
  std::uint32_t previous = kFrameTableBlock;
  while (!reader.at_end()) {
    const auto type = reader.number<std::uint32_t>();
    if (type <= previous) {
      refuse("expected a block after block " + std::to_string(previous) + ", found block " +
             std::to_string(type));
    }
    if (type < kOptionalBlocks) {
      throw Error(ErrorKind::unsupported, std::string(kSubject),
                  "expected blocks of known type, found block " + std::to_string(type));
    }
    reader.take(reader.number<std::uint32_t>());
    previous = type;
  }
}

}  // namespace

Bytes encode_index(const PackageIndex& index) {
  constexpr std::size_t kFixed = 256;
  Bytes out;
  out.reserve(kFixed + index.frames.size() * kEntrySize);  // No copy of the seed is left behind.
  out = to_bytes(kMagic);
  put_block(out, kSaltSeedBlock, index.salt_seed.size());
  const ByteView seed = index.salt_seed.view();
  out.insert(out.end(), seed.begin(), seed.end());
  put_block(out, kFrameTableBlock, index.frames.size() * kEntrySize);
  for (const FrameEntry& entry : index.frames) put_entry(out, entry);
  return out;
}

PackageIndex decode_index(ByteView bytes) {
  LittleEndianReader reader{std::string(kSubject), bytes};
  if (as_text(reader.take(kMagic.size())) != kMagic)
    refuse("expected it to begin with " + std::string(kMagic) + ", found other bytes");
  const ByteView seed = take_block(reader, kSaltSeedBlock);
  if (seed.size() != segment::kSaltSeedSize)
    refuse("expected a salt seed of 32 bytes, found one of " + std::to_string(seed.size()));
  PackageIndex index{.salt_seed = SecretBytes(seed),
                     .frames = decode_table(take_block(reader, kFrameTableBlock))};
  skip_optional_blocks(reader);
  return index;
}

namespace {

Digest root_over(std::span<const FrameEntry> frames) {
  merkle::Frontier<Rfc9162Hasher> tree;
  for (const FrameEntry& entry : frames) {
    if (!std::has_single_bit(entry.records)) return tree.root_with_tail(entry.root);
    tree.push_subtree(static_cast<unsigned>(std::countr_zero(entry.records)), entry.root);
  }
  return tree.root();
}

}  // namespace

Digest merkle_root(const PackageIndex& index) { return root_over(index.frames); }

merkle::Proof path_of_frame(const PackageIndex& index, std::size_t frame) {
  if (frame >= index.frames.size()) {
    throw Error(ErrorKind::invalid_argument, "package index",
                "has no frame " + std::to_string(frame));
  }
  const FrameEntry& wanted = index.frames[frame];
  const FrameEntry& last = index.frames.back();
  const auto at = [&](std::uint64_t record) {
    return std::ranges::lower_bound(index.frames, record, {}, &FrameEntry::first_record);
  };
  return merkle::subtree_proof(last.first_record + last.records,
                               {wanted.first_record, wanted.first_record + wanted.records},
                               [&](merkle::Subtree range) {
                                 return root_over({at(range.start), at(range.end)});
                               });
}

}  // namespace v0
}  // namespace atp
