// SPDX-License-Identifier: Apache-2.0
#include "atp/crypto/chacha20.hpp"

#include <algorithm>

#include "crypto/vectors.hpp"

namespace atp {
namespace {

using test::error_kind;

const Bytes kZeroKey(32);

TEST(Chacha20Stream, MatchesRfc8439AppendixA1) {
  Bytes out(128, std::byte{0xff});
  chacha20_stream(kZeroKey, 0, out);
  EXPECT_EQ(to_hex(out),
            "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
            "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
            "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
            "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
}

TEST(Chacha20Stream, IsTheSameFromAnyBlockOn) {
  const Bytes key = test::pattern(32);
  Bytes whole(10'000);
  chacha20_stream(key, 0, whole);
  for (std::size_t offset = 0; offset < whole.size(); offset += 64) {
    Bytes rest(whole.size() - offset);
    chacha20_stream(key, offset, rest);
    ASSERT_TRUE(std::ranges::equal(rest, ByteView(whole).subspan(offset))) << offset;
  }
}

TEST(Chacha20Stream, RefusesWhatIsNoRangeOfTheStream) {
  constexpr std::uint64_t end = std::uint64_t{1} << 38;
  Bytes out(64);
  EXPECT_EQ(error_kind([&] { chacha20_stream(kZeroKey, end - 64, out); }), std::nullopt);
  EXPECT_EQ(error_kind([&] { chacha20_stream(kZeroKey, end, {}); }), std::nullopt);
  EXPECT_EQ(error_kind([&] { chacha20_stream(kZeroKey, end, out); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { chacha20_stream(kZeroKey, end + 64, {}); }),
            ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { chacha20_stream(kZeroKey, 16, out); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { chacha20_stream(Bytes(31), 0, out); }), ErrorKind::invalid_argument);
  Bytes more(65);
  EXPECT_EQ(error_kind([&] { chacha20_stream(kZeroKey, end - 64, more); }),
            ErrorKind::invalid_argument);
}

TEST(Chacha20Stream, DoesNotRepeatAtTheLastBlock) {
  Bytes first(64);
  Bytes last(64);
  chacha20_stream(kZeroKey, 0, first);
  chacha20_stream(kZeroKey, (std::uint64_t{1} << 38) - 64, last);
  EXPECT_NE(first, last);
}

}  // namespace
}  // namespace atp
