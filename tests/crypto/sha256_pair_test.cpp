// SPDX-License-Identifier: Apache-2.0
#include "crypto/sha256_pair.hpp"

#include "crypto/sha256_compress.hpp"
#include "crypto/vectors.hpp"

namespace atp {
namespace {

using crypto::Sha256Pair;
using test::pattern;

Digest joined(ByteView prefix, ByteView message) {
  return Sha256().update(prefix).update(message).finish();
}

TEST(Sha256Pair, HashesMessagesOfEveryPaddingAsSha256Does) {
  const Bytes bytes = pattern(4096);
  for (std::size_t size = 0; size <= 300; ++size) {
    for (const std::size_t prefix_size : {0, 1, 17, 64}) {
      const ByteView prefix = ByteView(bytes).subspan(7, prefix_size);
      const ByteView message = ByteView(bytes).subspan(100, size);
      Sha256 running;
      Sha256Pair pair(running, bytes);
      EXPECT_EQ(pair.hash(prefix, message), joined(prefix, message)) << prefix_size << " " << size;
      pair.finish();
      EXPECT_EQ(running.finish(), sha256(bytes));
    }
  }
}

TEST(Sha256Pair, TakesTheRunWholeWhereverItBeginsAndEnds) {
  const Bytes bytes = pattern(1200);
  for (std::size_t before = 0; before <= 130; ++before) {
    for (const std::size_t size : {0, 1, 40, 63, 64, 65, 127, 128, 500, 1000}) {
      Sha256 running;
      running.update(ByteView(bytes).first(before));
      Sha256Pair pair(running, ByteView(bytes).subspan(before, size));
      for (const std::size_t message : {0, 40, 130}) {
        EXPECT_EQ(pair.hash({}, ByteView(bytes).first(message)),
                  sha256(ByteView(bytes).first(message)));
      }
      pair.finish();
      EXPECT_EQ(running.finish(), sha256(ByteView(bytes).first(before + size)))
          << before << " " << size;
    }
  }
}

TEST(Sha256Pair, TakesARunWithoutAnyMessage) {
  Sha256 running;
  Sha256Pair(running, as_bytes("abc")).finish();
  EXPECT_EQ(running.finish(), sha256(as_bytes("abc")));
}

TEST(Sha256Pair, TakesRunAfterRun) {
  const Bytes bytes = pattern(50'000);
  Sha256 running;
  ByteView rest(bytes);
  for (std::size_t size = 1; !rest.empty(); size = size * 3 + 1) {
    const ByteView run = rest.first(std::min(size, rest.size()));
    rest = rest.subspan(run.size());
    Sha256Pair pair(running, run);
    EXPECT_EQ(pair.hash({}, run), sha256(run));
    pair.finish();
  }
  EXPECT_EQ(running.finish(), sha256(bytes));
}

/// The length goes over the first of the two words that OpenSSL keeps it in.
TEST(Sha256Pair, CountsBeyond512MiB) {
  const Bytes block = pattern(1 << 20);
  Sha256 plain;
  Sha256 running;
  for (int i = 0; i < 511; ++i) running.update(block);
  plain = running;
  Sha256Pair pair(running, block);
  pair.hash({}, block);
  pair.finish();
  plain.update(block);
  for (int i = 0; i < 2; ++i) {
    Sha256Pair more(running, block);
    more.hash({}, block);
    more.finish();
    plain.update(block);
  }
  EXPECT_EQ(running.finish(), plain.finish());
}

TEST(Sha256Compress, OfAPairIsThatOfEach) {
  const Bytes a = pattern(64 * 9);
  const Bytes b = to_bytes(std::string(64 * 9, '\xff'));
  for (std::size_t blocks = 0; blocks <= 9; ++blocks) {
    crypto::Sha256State one = crypto::kSha256Start;
    crypto::Sha256State other = one;
    crypto::Sha256State one_expected = one;
    crypto::Sha256State other_expected = one;
    crypto::sha256_compress_pair(one.data(), a.data(), other.data(), b.data(), blocks);
    crypto::sha256_compress(one_expected.data(), a.data(), blocks);
    crypto::sha256_compress(other_expected.data(), b.data(), blocks);
    EXPECT_EQ(one, one_expected) << blocks;
    EXPECT_EQ(other, other_expected) << blocks;
  }
}

}  // namespace
}  // namespace atp
