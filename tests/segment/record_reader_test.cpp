// SPDX-License-Identifier: Apache-2.0
#include "segment/record_reader.hpp"

#include <gtest/gtest.h>

#include <string>

#include "segment/buffer.hpp"

namespace atp::test {
namespace {

const std::optional<Time> kTime = parse_time("2025-09-01T00:00:00Z");

std::optional<Time> time_of(const std::string& record, std::string_view path = "time") {
  segment::RecordReader reader(path);
  const std::string padded = record + std::string(segment::Buffer::kPadding, '"');
  return reader.time(as_bytes(padded).first(record.size()));
}

std::string with(const std::string& members) {
  return R"({"time":"2025-09-01T00:00:00Z",)" + members + "}";
}

TEST(RecordReader, FindsTheTimeAtItsPath) {
  EXPECT_EQ(time_of(R"( {"time":"2025-09-01T02:00:00+02:00"} )"
                    "\r"),
            kTime);
  EXPECT_EQ(time_of(R"({"a":{"b":"2025-09-01T00:00:00Z"}})", "a.b"), kTime);
  EXPECT_EQ(time_of(R"({"t\u0069me":"2025-09-01T00:00:00\u005a"})"), kTime);
}

TEST(RecordReader, TakesNothingElseForATime) {
  EXPECT_FALSE(time_of(R"({"Time":"2025-09-01T00:00:00Z"})"));
  EXPECT_FALSE(time_of(R"({"time":1756684800})"));
  EXPECT_FALSE(time_of(R"({"time":null})"));
  EXPECT_FALSE(time_of(R"({"time":"2025-09-01"})"));
  EXPECT_FALSE(time_of(R"({"time":"2025-06-30T23:59:60Z"})"));
  EXPECT_FALSE(time_of(R"({"a.b":"2025-09-01T00:00:00Z"})", "a.b"));
  EXPECT_FALSE(time_of(R"({"a":[{"b":"2025-09-01T00:00:00Z"}]})", "a.b"));
  EXPECT_FALSE(time_of(R"("2025-09-01T00:00:00Z")"));
  EXPECT_FALSE(time_of(R"([{"time":"2025-09-01T00:00:00Z"}])"));
}

TEST(RecordReader, T054_AKeyThatStandsTwiceMakesARecordOpaque) {
  EXPECT_FALSE(time_of(with(R"("time":"2025-09-01T00:00:00Z")")));
  EXPECT_FALSE(time_of(with(R"("a":1,"\u0061":2)")));
  EXPECT_FALSE(time_of(with(R"("x":[{"y":{"a":1,"b":{},"a":2}}])")));
  EXPECT_EQ(time_of(with(R"("a":{"a":{"a":1}},"b":[{"a":1},{"a":1}])")), kTime);
}

TEST(RecordReader, T054_AKeyThatStandsTwiceIsFoundAmongMany) {
  for (int count = 14; count < 40; ++count) {
    std::string members;
    for (int i = 0; i < count; ++i)
      members += "\"key" + std::to_string(i) + "\":{\"key1\":" + std::to_string(i) + "},";
    EXPECT_EQ(time_of(with(members + R"("last":0)")), kTime) << count;
    EXPECT_FALSE(time_of(with(members + R"("key0":0)"))) << count;
    EXPECT_FALSE(time_of(with(members + "\"key" + std::to_string(count - 1) + "\":0"))) << count;
  }
}

TEST(RecordReader, T054_WhatIsNotStrictJsonIsOpaque) {
  EXPECT_FALSE(time_of("\xef\xbb\xbf" + with(R"("a":1)")));
  EXPECT_FALSE(time_of(with("\"a\":\"\xc3\x28\"")));
  EXPECT_FALSE(time_of(with("\"a\":\"\xed\xa0\x80\"")));
  EXPECT_FALSE(time_of(with(R"("a":"\ud800")")));
  EXPECT_FALSE(time_of(with("\"a\":\"\t\"")));
  EXPECT_FALSE(time_of(with(R"("a":01)")));
  EXPECT_FALSE(time_of(with(R"("a":NaN)")));
  EXPECT_FALSE(time_of(with(R"("a":1e400)")));
  EXPECT_FALSE(time_of(with(R"("a":18446744073709551616)")));
  EXPECT_FALSE(time_of(with(R"("a":1,)")));
  EXPECT_FALSE(time_of(with(R"("a":1)") + "x"));
  EXPECT_FALSE(time_of(""));
  EXPECT_EQ(time_of(with(R"("a":18446744073709551615,"b":-9223372036854775808,"c":1e-400)")),
            kTime);
}

TEST(RecordReader, T054_DepthIsLimited) {
  const auto nested = [](std::size_t depth) {
    return with("\"a\":" + std::string(depth, '[') + std::string(depth, ']'));
  };
  EXPECT_EQ(time_of(nested(1000)), kTime);
  EXPECT_FALSE(time_of(nested(1024)));
  EXPECT_FALSE(time_of(nested(100000)));
}

TEST(RecordReader, GoesOnAfterALargeOrOpaqueRecord) {
  segment::RecordReader reader("time");
  for (const std::string& filler :
       {std::string("x"), std::string(3 << 20, 'x'), std::string("\xff")}) {
    const std::string record = with("\"a\":\"" + filler + "\"");
    const std::string padded = record + std::string(segment::Buffer::kPadding, 'p');
    EXPECT_EQ(reader.time(as_bytes(padded).first(record.size())).has_value(), filler != "\xff");
  }
}

}  // namespace
}  // namespace atp::test
