// SPDX-License-Identifier: Apache-2.0
#include "segment/record_blocks.hpp"

#include <bit>

#include "segment/packages.hpp"
#include "segment/records.hpp"

namespace atp::test {
namespace {

/// From the definition: the largest 2^j that divides the index and whose records fit.
std::vector<std::size_t> plain_blocks(const std::string& text) {
  const auto records = split_records(text);
  std::vector<std::uint64_t> ends;
  for (const auto record : records)
    ends.push_back((ends.empty() ? 0 : ends.back()) + record.size() + 1);
  if (!ends.empty() && !text.ends_with('\n')) --ends.back();
  std::vector<std::size_t> blocks;
  for (std::size_t i = 0; i < records.size(); i += blocks.back()) {
    std::size_t size = 4096;
    const auto bytes = [&](std::size_t count) {
      return ends[std::min(i + count, records.size()) - 1] - (i == 0 ? 0 : ends[i - 1]);
    };
    while (size > 1 && (i % size != 0 || bytes(size) > (4U << 20))) size /= 2;
    blocks.push_back(std::min(size, records.size() - i));
  }
  return blocks;
}

std::vector<std::size_t> blocks_of(const std::string& text, std::size_t piece) {
  TextSource source(text, piece);
  segment::RecordBlocks blocks(source);
  std::vector<std::size_t> sizes;
  std::string joined;
  for (;;) {
    const auto next = blocks.next();
    if (const auto* block = std::get_if<segment::RecordBlock>(&next)) {
      sizes.push_back(block->ends.size());
      std::vector<std::size_t> ends;
      segment::find_record_ends(block->raw, block->raw.size(), ends);
      EXPECT_TRUE(std::ranges::equal(block->ends, ends)) << block->first_record;
      joined += as_text(block->raw);
    } else {
      EXPECT_TRUE(std::holds_alternative<segment::EndOfSegment>(next));
      EXPECT_TRUE(joined == text);
      return sizes;
    }
  }
}

TEST(RecordBlocks, AreThoseOfTheDefinitionForAnySizesOfRecords) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    std::string text;
    const std::uint64_t longest = std::uint64_t{1} << (splitmix64(seed) % 22);
    for (std::uint64_t i = 0; text.size() < (12U << 20) && i < 9000; ++i)
      text += std::string(splitmix64(seed << 32 | i) % longest, 'r') + "\n";
    if (seed % 2 == 0) text += "tail";
    EXPECT_EQ(blocks_of(text, 1 + splitmix64(seed + 99) % 300000), plain_blocks(text)) << seed;
  }
}

TEST(RecordBlocks, AreTheSameForOneByteAtATime) {
  std::string text;
  for (std::uint64_t i = 0; i < 5000; ++i) text += std::string(splitmix64(i) % 9, 'r') + "\n";
  EXPECT_EQ(blocks_of(text, 1), plain_blocks(text));
}

TEST(RecordBlocks, StayAlignedBehindALargeFirstRecord) {
  std::string text(5 << 20, 'r');
  text += "\n" + audit_text(4095 + 4096, 10);
  const std::vector<std::size_t> expected{1,  1,   2,   4,   8,    16,   32,
                                          64, 128, 256, 512, 1024, 2048, 4096};
  EXPECT_EQ(blocks_of(text, 1 << 20), expected);
}

}  // namespace
}  // namespace atp::test
