// SPDX-License-Identifier: Apache-2.0
#include "atp/records/record_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace atp::test {
namespace {

const std::optional<Time> kTime = parse_time("2025-09-01T00:00:00Z");

std::optional<Time> time_of(const std::string& record, const std::string& path = "time") {
  RecordReader reader(FieldMap{{"time", path}});
  const auto fields = reader.read(as_bytes(record));
  if (!fields) return std::nullopt;
  EXPECT_EQ(fields->size(), 1U);
  return atp::time_of(fields->front());
}

/// Of `a`, `b.c` and `n`, in this order; nothing where the record cannot be read.
std::vector<FieldValue> fields_of(RecordReader& reader, const std::string& record) {
  const auto fields = reader.read(as_bytes(record));
  return fields ? std::vector<FieldValue>(fields->begin(), fields->end())
                : std::vector<FieldValue>();
}
RecordReader three_fields() {
  return RecordReader(FieldMap{{"subject.id", "n"}, {"id", "b.c"}, {"action", "a"}});
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
  RecordReader reader(FieldMap{{"time", "time"}});
  for (const std::string& filler :
       {std::string("x"), std::string(3 << 20, 'x'), std::string("\xff")}) {
    const std::string record = with("\"a\":\"" + filler + "\"");
    EXPECT_EQ(reader.read(as_bytes(record)).has_value(), filler != "\xff");
    const std::string padded = record + std::string(kRecordPadding, 'p');
    EXPECT_EQ(reader.read_padded(as_bytes(padded).first(record.size())).has_value(),
              filler != "\xff");
  }
}

TEST(RecordReader, GivesAllFieldsOfOneParseInOrderOfTheirNames) {
  RecordReader reader = three_fields();
  using Kind = FieldKind;
  EXPECT_EQ(fields_of(reader, R"({"n":[1],"b":{"c":"\u0041\n"},"a":true})"),
            (std::vector<FieldValue>{
                {Kind::boolean, "true"}, {Kind::string, "A\n"}, {Kind::composite, ""}}));
  EXPECT_EQ(fields_of(reader, R"({"n":null,"b":"c","a":{}})"),
            (std::vector<FieldValue>{{Kind::composite, ""}, {}, {Kind::null, ""}}));
  EXPECT_TRUE(fields_of(reader, "[]").empty()) << "it is no object";
  EXPECT_TRUE(fields_of(reader, R"({"n":1,"n":2})").empty()) << "it cannot be read";
}

TEST(RecordReader, GivesNumbersAsTheyAreWritten) {
  RecordReader reader = three_fields();
  for (const std::string number :
       {"0", "-0", "4711", "1.50", "1E2", "1e-400", "-9223372036854775808", "18446744073709551615",
        "0.1000000000000000055511151231257827"}) {
    for (const std::string around : {"", " ", "\t\r\n "}) {
      const std::string text = around + number + around;
      EXPECT_EQ(
          fields_of(reader,
                    R"({"x":{"c":7},"\u0062":{"d":7,"c":)" + text + R"(},"n":)" + text + "}"),
          (std::vector<FieldValue>{{}, {FieldKind::number, number}, {FieldKind::number, number}}));
    }
  }
}

}  // namespace
}  // namespace atp::test
