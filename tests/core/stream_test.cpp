// SPDX-License-Identifier: Apache-2.0
#include "atp/core/stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "atp/core/error.hpp"

namespace atp {
namespace {

/// Gives at most `step` bytes at a time.
class SlowSource final : public ByteSource {
 public:
  SlowSource(std::size_t size, std::size_t step) : bytes_(size, std::byte{'x'}), step_(step) {}

  std::size_t read(MutableByteView out) override {
    const std::size_t count = std::min({step_, out.size(), bytes_.size() - done_});
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(done_), count, out.begin());
    done_ += count;
    return count;
  }

 private:
  Bytes bytes_;
  std::size_t step_;
  std::size_t done_ = 0;
};

TEST(ReadFully, LoopsOverShortReads) {
  SlowSource source(10, 3);
  Bytes out(8);
  EXPECT_EQ(read_fully(source, out), 8U);
  EXPECT_EQ(read_fully(source, out), 2U);
  EXPECT_EQ(read_fully(source, out), 0U);
}

TEST(ReadAll, TakesUpToItsLimit) {
  for (const std::size_t size : {0U, 1U, 65'535U, 65'536U, 65'537U, 200'000U}) {
    SlowSource source(size, 1000);
    EXPECT_EQ(read_all(source, size), Bytes(size, std::byte{'x'}));
  }
  SlowSource source(100, 7);
  EXPECT_EQ(read_all(source, std::numeric_limits<std::uint64_t>::max()).size(), 100U);
}

TEST(ReadAll, CallsMoreBytesCorrupt) {
  for (const std::size_t size : {1U, 65'536U, 200'000U}) {
    SlowSource source(size, 1000);
    try {
      read_all(source, size - 1);
      FAIL() << "expected corrupt";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    }
  }
}

}  // namespace
}  // namespace atp
