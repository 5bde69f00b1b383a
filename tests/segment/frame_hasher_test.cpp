// SPDX-License-Identifier: Apache-2.0
#include "segment/frame_hasher.hpp"

#include "segment/packages.hpp"
#include "segment/records.hpp"

namespace atp::test {
namespace {

std::vector<std::size_t> ends_of(std::string_view raw, std::size_t limit = 100) {
  std::vector<std::size_t> ends{7};
  segment::find_record_ends(as_bytes(raw), limit, ends);
  return ends;
}

TEST(FrameHasher, FindsWhereRecordsEnd) {
  using Ends = std::vector<std::size_t>;
  EXPECT_EQ(ends_of(""), Ends{});
  EXPECT_EQ(ends_of("a\nbc\n"), (Ends{2, 5}));
  EXPECT_EQ(ends_of("a\n\nbc"), (Ends{2, 3, 5}));
  EXPECT_EQ(ends_of("a\nb\nc\n", 2), (Ends{2, 4})) << "no more than asked for";
}

TEST(FrameHasher, GivesNoRootForEndsThatAreNotThoseOfTheBytes) {
  const Bytes seed(segment::kSaltSeedSize);
  const auto has_root = [&](std::string_view raw, const std::vector<std::size_t>& ends) {
    return segment::FrameHasher(seed).root(as_bytes(raw), 0, ends).has_value();
  };
  EXPECT_TRUE(has_root("a\nbc\n", {2, 5}));
  EXPECT_TRUE(has_root("a\nbc", {2, 4}));
  EXPECT_FALSE(has_root("a\nbc\n", {2})) << "bytes behind the last";
  EXPECT_FALSE(has_root("a\nbc\n", {1, 5})) << "an end before a line feed";
  EXPECT_FALSE(has_root("a\nbc\n", {}));
}

}  // namespace
}  // namespace atp::test
