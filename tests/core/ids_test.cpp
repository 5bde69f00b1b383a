// SPDX-License-Identifier: Apache-2.0
#include "atp/core/ids.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "atp/core/error.hpp"

namespace atp {
namespace {

template <class Call>
void expect_invalid(const Call& call, std::string_view what) {
  try {
    call();
    ADD_FAILURE() << what << " was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid_argument) << what;
  }
}

std::string folded(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::vector<std::string> hostile_names() {
  using namespace std::string_literals;
  return {"",
          ".",
          "..",
          "...",
          "../..",
          "/",
          "//",
          "a/b",
          "a\\b",
          "\0"s,
          "a\0b"s,
          "%2f",
          "%2F",
          "=2F",
          "=2f",
          "=",
          "==",
          "CON",
          "con",
          "Con",
          "nul.txt",
          "a:b",
          "a b",
          "a\nb",
          ".a",
          "a.",
          "-rf",
          "~",
          "A",
          "a",
          "\xc3\xa9",
          "e\xcc\x81",
          "\xc3\x89",
          "\xff",
          "=2E",
          "\xef\xbc\x8f",
          "stra\xc3\x9f"
          "e",
          "strasse",
          std::string(300, 'x'),
          std::string(300, 'X')};
}

TEST(EncodeName, KeepsPlainNamesAndEscapesTheRest) {
  EXPECT_EQ(encode_name("acme-corp_1.eu"), "acme-corp_1.eu");
  EXPECT_EQ(encode_name("Acme/Corp"), "=41cme=2F=43orp");
  EXPECT_EQ(encode_name(".."), "=2E.");
  EXPECT_EQ(encode_name("a=b"), "a=3Db");
  EXPECT_EQ(encode_name(std::string_view("\0", 1)), "=00");
}

TEST(EncodeName, T033_HostileNamesGetDistinctSafePathElements) {
  std::map<std::string, std::string> name_of;
  for (const std::string& name : hostile_names()) {
    const std::string encoded = encode_name(name);
    EXPECT_EQ(decode_name(encoded), name);
    EXPECT_FALSE(encoded.starts_with('.')) << encoded;
    EXPECT_EQ(encoded.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEF0123456789._-="),
              std::string::npos)
        << encoded;
    const auto [twin, fresh] = name_of.emplace(folded(encoded), name);
    EXPECT_TRUE(fresh) << encoded << " is also the path of another name where case is folded";
  }
}

TEST(EncodeName, T033_IsInjectiveOnRandomBytes) {
  std::mt19937_64 generator(5);
  constexpr std::string_view kLikely = "./=\0%2fF.aA-_:eE\\ \xcc\x81";
  std::map<std::string, std::string> name_of;
  for (int i = 0; i < 50'000; ++i) {
    std::string name(generator() % (i % 100 == 0 ? 400 : 6), '\0');
    for (char& c : name) {
      const auto draw = generator();
      c = draw % 2 == 0 ? static_cast<char>(draw >> 8) : kLikely[(draw >> 8) % kLikely.size()];
    }
    const std::string encoded = encode_name(name);
    ASSERT_EQ(decode_name(encoded), name);
    const auto [twin, fresh] = name_of.emplace(folded(encoded), name);
    ASSERT_EQ(twin->second, name) << "two names on one path";
  }
}

TEST(DecodeName, T033_AcceptsOnlyWhatEncodingMakes) {
  for (const std::string_view encoded : {"=", "=2", "a=", "=2f", "=2g", "=61", "=2E=2E", ".", "..",
                                         ".a", "A", "a/b", "%2F", "=3d", "a=2E", "=-1",
                                         "=\xff"
                                         "0",
                                         "= 1", "caf\xc3\xa9"}) {
    expect_invalid([&] { decode_name(encoded); }, encoded);
  }
}

TEST(DecodeName, T033_RandomTextThatDecodesEncodesToItself) {
  std::mt19937_64 generator(6);
  constexpr std::string_view kAlphabet = "=2EeF0a.A/";
  int decoded = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (std::size_t size = generator() % 5; text.size() < size;) {
      text += kAlphabet[generator() % kAlphabet.size()];
    }
    try {
      const std::string name = decode_name(text);
      ASSERT_EQ(encode_name(name), text);
      ++decoded;
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::invalid_argument);
    }
  }
  EXPECT_GT(decoded, 1000);
}

TEST(Name, AcceptsUtf8) {
  for (const std::string_view name :
       {"acme-corp", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x97\x84", "..", "a/b",
        "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80"}) {
    EXPECT_EQ(TenantId(std::string(name)).str(), name);
    EXPECT_EQ(TenantId::decode(TenantId(std::string(name)).encoded()).str(), name);
  }
}

TEST(Name, T033_RefusesControlCharactersAndBrokenUtf8) {
  using namespace std::string_literals;
  for (const std::string& name : {""s,
                                  "\0"s,
                                  "a\0b"s,
                                  "a\n"s,
                                  "\x1f"s,
                                  "\x7f"s,
                                  "\xff"s,
                                  "\x80"s,
                                  "\xc3"s,
                                  "\xc0\xaf"s,
                                  "\xc1\xbf"s,
                                  "\xe0\x80\xaf"s,
                                  "\xe0\x9f\xbf"s,
                                  "\xed\xa0\x80"s,
                                  "\xed\xbf\xbf"s,
                                  "\xf0\x80\x80\xaf"s,
                                  "\xf0\x8f\xbf\xbf"s,
                                  "\xf4\x90\x80\x80"s,
                                  "\xf5\x80\x80\x80"s,
                                  "\xe2\x82"s,
                                  "\xe2\x82"
                                  "a"s,
                                  "a\xf0\x9f\x97"s}) {
    expect_invalid([&] { TenantId{name}; }, encode_name(name));
  }
}

TEST(Name, T033_LengthIsThatOfTheEncodedName) {
  EXPECT_NO_THROW(TenantId(std::string(120, 'a')));
  EXPECT_NO_THROW(TenantId(std::string(40, 'A')));
  expect_invalid([] { TenantId(std::string(121, 'a')); }, "121 literal bytes");
  expect_invalid([] { TenantId(std::string(41, 'A')); }, "41 escaped bytes");
  expect_invalid([] { TenantId(std::string(1'000'000, 'a')); }, "a megabyte");
  EXPECT_NO_THROW(Region(std::string(32, 'a')));
  expect_invalid([] { Region(std::string(33, 'a')); }, "a region of 33 bytes");
}

TEST(Name, ErrorNamesTheThingAndShowsNoRawBytes) {
  try {
    StreamId(std::string("a\x1b[2J"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.subject(), "stream");
    EXPECT_EQ(std::string(error.what()).find('\x1b'), std::string::npos);
  }
}

TEST(RecoveryPointId, HasTimeRegionTenantAndRandomDigits) {
  class Ones final : public Random {
   public:
    void fill(MutableByteView out) override { std::fill(out.begin(), out.end(), std::byte{0xff}); }
  } ones;
  EXPECT_EQ(make_recovery_point_id(Time(std::chrono::seconds(1'795'420'589)), Region("westeurope"),
                                   TenantId("Acme corp"), ones),
            "RP-20261123T075629Z-westeurope-=41cme=20corp.zzzzzzzz");
  EXPECT_EQ(make_export_id(Time(std::chrono::seconds(1'795'420'589)), Region("westeurope"),
                           TenantId("Acme corp"), ones),
            "EX-20261123T075629Z-westeurope-=41cme=20corp.zzzzzzzz");
}

TEST(RecoveryPointId, T018_AThousandInOneSecondAreDistinct) {
  SystemRandom random;
  const Region region("westeurope");
  const TenantId tenant("acme-corp");
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const Time time(std::chrono::seconds(1'795'420'589) + std::chrono::milliseconds(i));
    ids.insert(make_recovery_point_id(time, region, tenant, random));
  }
  EXPECT_EQ(ids.size(), 1000U);
}

TEST(RecoveryPointId, T018_NamesThatRunTogetherGetDistinctIds) {
  SystemRandom random;
  EXPECT_NE(make_recovery_point_id(Time{}, Region("a-b"), TenantId("c"), random),
            make_recovery_point_id(Time{}, Region("a"), TenantId("b-c"), random));
}

TEST(RecoveryPointId, T018_LongestNamesFitAFileName) {
  SystemRandom random;
  const std::string id = make_recovery_point_id(Time{}, Region(std::string(32, 'r')),
                                                TenantId(std::string(120, 't')), random);
  EXPECT_LE(id.size() + std::string(".json").size(), 255U);
}

TEST(RandomHex, HasTwoDigitsForEachByte) {
  SystemRandom random;
  EXPECT_EQ(random_hex(random, 0), "");
  const std::string first = random_hex(random, 16);
  EXPECT_EQ(first.size(), 32U);
  EXPECT_TRUE(from_hex(first));
  EXPECT_NE(first, random_hex(random, 16));
}

TEST(Sequence, HasTwentyDigits) {
  EXPECT_EQ(format_sequence(0), "00000000000000000000");
  EXPECT_EQ(format_sequence(131), "00000000000000000131");
  EXPECT_EQ(format_sequence(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(parse_sequence("00000000000000000131"), 131U);
}

TEST(Sequence, T064_EndsBelow2To53) {
  EXPECT_EQ(parse_sequence("00009007199254740991"), (std::uint64_t{1} << 53) - 1);
  for (const std::string_view text :
       {"00009007199254740992", "18446744073709551615", "18446744073709551616",
        "99999999999999999999", "", "131", "0000000000000000013", "000000000000000000131",
        "-0000000000000000131", "+0000000000000000131", " 0000000000000000131",
        "0000000000000000013 ", "0000000000000000013a", "0x000000000000000013"}) {
    expect_invalid([&] { parse_sequence(text); }, text);
  }
}

}  // namespace
}  // namespace atp
