// SPDX-License-Identifier: Apache-2.0
#include "atp/model/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zlib.h>

#include <bit>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>

#include "model/samples.hpp"
#include "support/command.hpp"
#include "support/shared_data.hpp"
#include "support/temp_dir.hpp"

namespace atp {
namespace {

using test::refusal;
using testing::HasSubstr;

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string refused(std::string_view text) {
  return refusal(ErrorKind::invalid_argument, [&] { parse_json(text); });
}

std::string refused_canonical(std::string_view text) {
  return refusal(ErrorKind::invalid_argument, [&] { canonical_json(text); });
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Json, ReadsAndPrintsEveryType) {
  const std::string text = R"({"a":[null,true,false,0,-5,"x",[],{}],"b":{"c":"d"}})";
  const Json json = parse_json(text);
  EXPECT_EQ(json.str(), text);
  EXPECT_EQ(json.as_object().at("a").as_array().at(4).as_integer(), -5);
  EXPECT_TRUE(json.as_object().at("a").as_array().at(1).as_bool());
  EXPECT_EQ(parse_json(" \t\r\n7 \n").as_integer(), 7);
  EXPECT_TRUE(parse_json("null").is_null());
}

TEST(Json, AsksForItsOwnTypeOnly) {
  const Json json(std::string("x"));
  EXPECT_TRUE(json.is_string());
  const auto kind = ErrorKind::invalid_argument;
  EXPECT_THAT(refusal(kind, [&] { json.as_integer(); }), HasSubstr("an integer"));
  EXPECT_THAT(refusal(kind, [&] { json.as_bool(); }), HasSubstr("true or false"));
  EXPECT_THAT(refusal(kind, [&] { json.as_array(); }), HasSubstr("an array"));
  EXPECT_THAT(refusal(kind, [&] { json.as_object(); }), HasSubstr("an object"));
  EXPECT_THAT(refusal(kind, [&] { Json(1).as_string(); }), HasSubstr("a string"));
}

TEST(Json, SortsKeysAndEscapesAsRfc8785Says) {
  Json::Object object;
  object.emplace("b", "\"\\\b\f\n\r\t\x01\x1f/\xc3\xa9\xf0\x9f\x98\x80");
  object.emplace("a", 1);
  object.emplace("A", nullptr);
  EXPECT_EQ(Json(object).str(),
            "{\"A\":null,\"a\":1,\"b\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\xc3\xa9\xf0\x9f\x98"
            "\x80\"}");
}

TEST(Json, RefusesToPrintWhatIsOutsideTheProfile) {
  const auto kind = ErrorKind::invalid_argument;
  EXPECT_THAT(refusal(kind, [] { Json("a\x7f").str(); }), HasSubstr("U+007F"));
  EXPECT_THAT(refusal(kind, [] { Json("\xff").str(); }), HasSubstr("byte"));
  EXPECT_THAT(refusal(kind, [] { Json("\xc3").str(); }), HasSubstr("byte"));
  EXPECT_THAT(refusal(kind, [] { Json("\xed\xa0\x80").str(); }), HasSubstr("byte"));
  EXPECT_THAT(refusal(kind, [] { Json(Json::Object{{"\xc3\xa9", 1}}).str(); }), HasSubstr("ASCII"));
  EXPECT_THAT(refusal(kind, [] { Json(Json::Object{{"a\n", 1}}).str(); }), HasSubstr("ASCII"));
  Json deep;
  for (int i = 0; i < 33; ++i) deep = Json::Array{deep};
  EXPECT_THAT(refusal(kind, [&] { deep.str(); }), HasSubstr("32"));
}

TEST(Json, T064_IntegersEndBelowTwoToThe53rd) {
  constexpr std::int64_t limit = std::int64_t{1} << 53;
  EXPECT_EQ(parse_json("9007199254740991").as_integer(), limit - 1);
  EXPECT_EQ(parse_json("-9007199254740991").as_integer(), 1 - limit);
  EXPECT_EQ(Json(limit - 1).str(), "9007199254740991");
  EXPECT_EQ(Json(static_cast<std::uint64_t>(limit - 1)).str(), "9007199254740991");
  for (const char* text :
       {"9007199254740992", "-9007199254740992", "9007199254740993", "9223372036854775807",
        "9223372036854775808", "18446744073709551615", "18446744073709551616",
        "-9223372036854775809", "100000000000000000000000000000000000000000"}) {
    EXPECT_THAT(refused(text), HasSubstr("2^53")) << text;
  }
  const auto kind = ErrorKind::invalid_argument;
  refusal(kind, [] { Json{static_cast<std::uint64_t>(limit)}; });
  refusal(kind, [] { Json{~std::uint64_t{0}}; });
  refusal(kind, [] { Json(limit).str(); });
  refusal(kind, [] { Json(std::numeric_limits<std::int64_t>::min()).str(); });
}

TEST(Json, T054_NumbersThatAreNotIntegersAreRefused) {
  for (const char* text : {"1.0", "0.5", "1e2", "1E2", "1e400", "-1e400", "1e-400", "-0", "-0.0",
                           "1e99999999999999999999"}) {
    EXPECT_NE(refused(text), "") << text;
  }
  for (const char* text : {"01", "+1", "1.", ".5", "1e", "-", "0x10", "NaN", "Infinity"}) {
    EXPECT_NE(refused(text), "") << text;
  }
}

TEST(Json, T054_DuplicateKeysAreRefusedHoweverTheyAreWritten) {
  EXPECT_THAT(refused(R"({"a":1,"a":1})"), HasSubstr(R"(another "a")"));
  EXPECT_THAT(refused(R"({"a":1,"\u0061":2})"), HasSubstr(R"(another "a")"));
  EXPECT_THAT(refused(R"([{"b":{"x":1,"y":2,"x":3}}])"), HasSubstr("byte "));
  EXPECT_EQ(parse_json(R"({"a":{"a":1},"b":{"a":1}})").as_object().size(), 2U);
}

TEST(Json, T054_NestingEndsAt32) {
  EXPECT_EQ(parse_json(nested(32)).str(), nested(32));
  EXPECT_THAT(refused(nested(33)), HasSubstr("byte 32"));
  EXPECT_NE(refused(nested(100000)), "");
  EXPECT_NE(refused(std::string(100000, '[')), "");
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += R"({"a":)";
  EXPECT_NE(refused(objects), "");
  EXPECT_EQ(canonical_json(nested(256)), nested(256));
  EXPECT_NE(refused_canonical(nested(257)), "");
  EXPECT_NE(refused_canonical(nested(100000)), "");
}

TEST(Json, T054_TextThatIsNotUtf8IsRefused) {
  for (const char* text :
       {"\"\xff\"", "\"\xc3\"", "\"\xc0\xaf\"", "\"\xe0\x80\xaf\"", "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"", "\"\xf8\x88\x80\x80\x80\"", "\"\x80\"", R"("\ud800")",
        R"("\udc00")", R"("\ud800\u0041")", R"("\ud800x")", "\xef\xbb\xbf{}"}) {
    EXPECT_NE(refused(text), "") << text;
    EXPECT_NE(refused_canonical(text), "") << text;
  }
  EXPECT_EQ(parse_json(R"("\ud83d\ude00")").as_string(), "\xf0\x9f\x98\x80");
}

TEST(Json, T054_ControlCharactersStandOnlyEscaped) {
  EXPECT_NE(refused(std::string_view("\"\0\"", 3)), "");
  EXPECT_NE(refused(std::string_view("1\0", 2)), "");
  EXPECT_NE(refused("\"\n\""), "");
  EXPECT_EQ(parse_json(R"("\u0000")").as_string(), std::string_view("\0", 1));
  EXPECT_EQ(parse_json(R"("\u0000")").str(), R"("\u0000")");
  EXPECT_THAT(refused(R"("\u007f")"), HasSubstr("U+007F"));
  EXPECT_THAT(refused("\"\x7f\""), HasSubstr("U+007F"));
  EXPECT_THAT(refused(R"({"\u00e9":1})"), HasSubstr("ASCII"));
  EXPECT_THAT(refused(R"({"\u007f":1})"), HasSubstr("ASCII"));
}

TEST(Json, T054_WhatIsNotOneStrictValueIsRefusedWithItsPosition) {
  for (const char* text : {"", " ", "{", "[1", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "[1 2]", "tru",
                           "nul", "{} {}", "[]]", "1 2", "{}x", "// c\n1", "/* c */1", "\"a"}) {
    EXPECT_THAT(refused(text), HasSubstr("byte ")) << text;
    EXPECT_THAT(refused_canonical(text), HasSubstr("byte ")) << text;
  }
  EXPECT_THAT(refused("[true, nope]"), HasSubstr("byte 7"));
  EXPECT_THAT(refused("{}   x"), HasSubstr("byte 5"));
}

long peak_memory_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(Json, T054_MemoryIsBoundedByTheNumberOfValues) {
  std::string text = "[0";
  for (int i = 0; i < 8 << 20; ++i) text += ",0";
  text += "]";
  const long before = peak_memory_kib();
  EXPECT_THAT(refused(text), HasSubstr("2^22 values"));
  EXPECT_LT(peak_memory_kib() - before, 1L << 20);
}

/// A random value of the profile, at most `depth` deep.
Json random_value(std::mt19937_64& random, int depth) {
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const auto text = [&](bool ascii) {
    std::string out;
    for (std::uint64_t i = below(12); i > 0; --i) {
      const auto c = static_cast<char>(ascii ? 0x20 + below(0x5f) : below(0x7f));
      out += c;
      if (!ascii && below(4) == 0) out += "\xe2\x80\xa8\xc2\x80\xf0\x9f\x98\x80\xef\xbf\xbf";
    }
    return out;
  };
  switch (below(depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return below(2) == 0;
    case 2:
      return static_cast<std::int64_t>(random() >> 11) * (below(2) == 0 ? 1 : -1);
    case 3:
      return static_cast<std::int64_t>(below(2000)) - 1000;
    case 4:
      return text(false);
    case 5: {
      Json::Array array;
      for (std::uint64_t i = below(5); i > 0; --i) array.push_back(random_value(random, depth - 1));
      return array;
    }
    default: {
      Json::Object object;
      for (std::uint64_t i = below(6); i > 0; --i) {
        object.emplace(text(true), random_value(random, depth - 1));
      }
      return object;
    }
  }
}

TEST(Json, PrintsWhatJqPrints) {
  if (test::output_of("command -v jq").empty()) return test::miss("jq");
  std::mt19937_64 random(20261123);
  std::string ours;
  for (int i = 0; i < 500; ++i) ours += random_value(random, 4).str() + "\n";
  for (int c = 0; c < 0x7f; ++c) ours += Json(std::string(1, static_cast<char>(c))).str() + "\n";
  const test::TempDir folder;
  const std::string file = (folder.path() / "values.jsonl").string();
  std::ofstream(file, std::ios::binary) << ours;
  EXPECT_EQ(test::output_of("jq -cS . '" + file + "'"), ours);
}

TEST(Json, ReadsBackWhatItPrints) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 500; ++i) {
    const Json value = random_value(random, 4);
    EXPECT_EQ(parse_json(value.str()), value);
    EXPECT_EQ(canonical_json(value.str()), value.str());
  }
}

class JcsDocument : public testing::TestWithParam<const char*> {};

TEST_P(JcsDocument, T049_IsPrintedAsTheVectorSays) {
  ATP_REQUIRE_SHARED("vectors/jcs-rfc8785/testdata");
  const auto folder = test::shared_path("vectors/jcs-rfc8785/testdata");
  const std::string input = read_text(folder / "input" / GetParam());
  const std::string output = read_text(folder / "output" / GetParam());
  ASSERT_FALSE(output.empty());
  EXPECT_EQ(canonical_json(input), output);
  EXPECT_EQ(canonical_json(output), output);
}

INSTANTIATE_TEST_SUITE_P(Vectors, JcsDocument,
                         testing::Values("arrays.json", "french.json", "structures.json",
                                         "unicode.json", "values.json", "weird.json"),
                         [](const auto& param) {
                           const std::string name = param.param;
                           return name.substr(0, name.find('.'));
                         });

TEST(CanonicalJson, T049_All100000NumbersArePrintedAsEcmaScriptDoes) {
  ATP_REQUIRE_SHARED("vectors/jcs-rfc8785/numbers/es6testfile100k.txt.gz");
  const auto path = test::shared_path("vectors/jcs-rfc8785/numbers/es6testfile100k.txt.gz");
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  ASSERT_TRUE(file);
  int count = 0;
  char line[128];
  while (gzgets(file.get(), line, sizeof line) != nullptr) {
    std::string_view row(line);
    row.remove_suffix(row.ends_with('\n') ? 1 : 0);
    const auto comma = row.find(',');
    std::uint64_t bits = 0;
    std::from_chars(row.data(), row.data() + comma, bits, 16);
    char digits[64];
    std::snprintf(digits, sizeof digits, "%.17g", std::bit_cast<double>(bits));
    ASSERT_EQ(canonical_json(digits), row.substr(comma + 1)) << row;
    ++count;
  }
  EXPECT_EQ(count, 100000);
}

TEST(CanonicalJson, T049_NumbersKeepTheirExactDouble) {
  EXPECT_EQ(canonical_json("[-0,-0.0,1.0,1E2,0.1e1,100000000000000000000,1e21,1e-7,0.000001]"),
            "[0,0,1,100,1,100000000000000000000,1e+21,1e-7,0.000001]");
  EXPECT_EQ(canonical_json("9007199254740993"), "9007199254740992");
  EXPECT_EQ(canonical_json("17976931348623157e292"), "1.7976931348623157e+308");
  EXPECT_EQ(canonical_json("4.9406564584124654e-324"), "5e-324");
}

TEST(CanonicalJson, T054_NumbersBeyondADoubleAreRefused) {
  for (const char* text : {"1e400", "-1e400", "1e309", "1e99999999999", "NaN", "Infinity"}) {
    EXPECT_NE(refused_canonical(text), "") << text;
  }
}

TEST(CanonicalJson, T054_DuplicateKeysAreRefused) {
  EXPECT_THAT(refused_canonical(R"({"\u00e9":1,"é":2})"), HasSubstr("another \"é\""));
}

TEST(CanonicalJson, SortsKeysByTheirUtf16CodeUnits) {
  EXPECT_EQ(
      canonical_json(R"({"\uffff":1,"\ue000":2,"\ud83d\ude00":3,"\ud7ff":4,"a":5,"":6,"aa":7})"),
      "{\"\":6,\"a\":5,\"aa\":7,\"\xed\x9f\xbf\":4,\"\xf0\x9f\x98\x80\":3,\"\xee\x80\x80\":2,"
      "\"\xef\xbf\xbf\":1}");
}

}  // namespace
}  // namespace atp
