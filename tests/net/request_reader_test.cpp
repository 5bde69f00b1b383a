// SPDX-License-Identifier: Apache-2.0
// The gate without a socket: what it refuses, and that it reads the same however bytes are cut.
#include "net/request_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace atp {
namespace {

using net::RequestReader;
using namespace std::string_literals;

HttpLimits limits() {
  HttpLimits small;
  small.body_bytes = 100;
  return small;
}

/// Status of the refusal, 0 where all was read; and the requests before.
struct Outcome {
  int status = 0;
  std::vector<HttpRequest> requests = {};
  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view bytes, std::size_t step = 100'000) {
  RequestReader reader(limits());
  Outcome outcome;
  while (!bytes.empty() && !reader.refused()) {
    reader.add(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    while (reader.whole()) outcome.requests.push_back(reader.take());
  }
  outcome.status = reader.refused() ? reader.refusal().status : 0;
  return outcome;
}

void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << "status " << outcome.status << " after " << outcome.requests.size();
}

const std::string kHost = "Host: log.example\r\n";

/// With the other lines between the request line and the end.
std::string post(const std::string& lines, const std::string& body = "",
                 const std::string& version = "HTTP/1.1") {
  return "POST /x " + version + "\r\n" + kHost + lines + "\r\n" + body;
}

TEST(RequestReader, ReadsRequestsOneAfterAnotherHoweverTheyAreCut) {
  const std::string bytes =
      "GET /a?b=%20 HTTP/1.1\r\nhost:\tlog.example:80 \r\nX:\r\n\r\n" +
      post("Content-Length: 5\r\n", "he\r\nl") +
      post("Transfer-Encoding: chunked\r\n", "3\r\nhel\r\n0A\r\n0123456789\r\n0\r\n\r\n") +
      post("Content-Length: 0\r\n");
  const Outcome whole = read(bytes);
  ASSERT_EQ(whole.status, 0);
  ASSERT_EQ(whole.requests.size(), 4U);
  const HttpRequest first{
      .method = "GET", .target = "/a?b=%20", .headers = {{"host", "log.example:80"}, {"X", ""}}};
  EXPECT_EQ(whole.requests[0], first);
  EXPECT_EQ(whole.requests[1].body, "he\r\nl");
  EXPECT_EQ(whole.requests[2].body, "hel0123456789");
  EXPECT_EQ(whole.requests[3].body, "");
  for (std::size_t step = 1; step < 70; ++step) EXPECT_EQ(read(bytes, step), whole) << step;
}

TEST(RequestReader, KnowsWhereItIs) {
  RequestReader reader(limits());
  EXPECT_TRUE(reader.idle());
  reader.add("P");
  EXPECT_FALSE(reader.idle());
  EXPECT_TRUE(reader.in_head());
  reader.add("OST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_FALSE(reader.in_head());
  EXPECT_FALSE(reader.whole());
  EXPECT_TRUE(reader.expects_continue());
  reader.add("bG");
  EXPECT_TRUE(reader.whole());
  EXPECT_TRUE(reader.keeps_alive());
  reader.take();
  EXPECT_FALSE(reader.idle());
  EXPECT_FALSE(reader.expects_continue());
}

TEST(RequestReader, KnowsWhetherTheConnectionStays) {
  const auto keeps = [](const std::string& bytes) {
    RequestReader reader(limits());
    reader.add(bytes);
    EXPECT_TRUE(reader.whole()) << bytes;
    return reader.keeps_alive();
  };
  EXPECT_TRUE(keeps(post("")));
  EXPECT_TRUE(keeps(post("Connection: keep-alive\r\n")));
  EXPECT_TRUE(keeps(post("Connection: closed\r\n")));
  EXPECT_FALSE(keeps(post("Connection: close\r\n")));
  EXPECT_FALSE(keeps(post("Connection: TE , Close\r\n")));
  EXPECT_FALSE(keeps(post("Connection: x\r\nConnection: close\r\n")));
  EXPECT_FALSE(keeps(post("Connection: keep-alive\r\n", "", "HTTP/1.0")));
}

struct Bad {
  const char* name;
  std::string bytes;
  int status = 400;
};

class T099_Ambiguous : public testing::TestWithParam<Bad> {};

TEST_P(T099_Ambiguous, RequestIsRefusedHoweverItIsCut) {
  const std::string bytes = GetParam().bytes + "GET /smuggled HTTP/1.1\r\n" + kHost + "\r\n";
  for (const std::size_t step : {1, 2, 5, 100'000}) {
    EXPECT_EQ(read(bytes, step), (Outcome{.status = GetParam().status})) << step;
  }
}

const std::string kChunks = "3\r\nhel\r\n0\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(
    Framing, T099_Ambiguous,
    testing::Values(
        Bad{"EncodingInHttp10", post("Transfer-Encoding: chunked\r\n", kChunks, "HTTP/1.0")},
        Bad{"EncodingAndLength",
            post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", kChunks)},
        Bad{"LengthAndEncoding",
            post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", kChunks)},
        Bad{"GzipAndLength", post("Transfer-Encoding: gzip\r\nContent-Length: 3\r\n", "abc")},
        Bad{"Gzip", post("Transfer-Encoding: gzip\r\n", "abc")},
        Bad{"GzipChunked", post("Transfer-Encoding: gzip, chunked\r\n", kChunks)},
        Bad{"XChunked", post("Transfer-Encoding: xchunked\r\n", kChunks)},
        Bad{"ChunkedIdentity", post("Transfer-Encoding: chunked, identity\r\n", kChunks)},
        Bad{"ChunkedTwice", post("Transfer-Encoding: chunked, chunked\r\n", kChunks)},
        Bad{"ChunkedInTwoHeaders",
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", kChunks)},
        Bad{"ChunkedInCapitals", post("Transfer-Encoding: Chunked\r\n", kChunks)},
        Bad{"ChunkedQuoted", post("Transfer-Encoding: \"chunked\"\r\n", kChunks)},
        Bad{"ChunkedWithParameter", post("Transfer-Encoding: chunked;q=1\r\n", kChunks)},
        Bad{"EncodingEmpty", post("Transfer-Encoding:\r\n", kChunks)},
        Bad{"EncodingBeforeColon", post("Transfer-Encoding : chunked\r\n", kChunks)},
        Bad{"EncodingWithVerticalTab", post("Transfer-Encoding: \x0b"s + "chunked\r\n", kChunks)},
        Bad{"LengthList", post("Content-Length: 5, 5\r\n", "hello")},
        Bad{"LengthTwice", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")},
        Bad{"LengthsDiffer", post("Content-Length: 5\r\ncontent-length: 6\r\n", "hello")},
        Bad{"LengthSigned", post("Content-Length: +5\r\n", "hello")},
        Bad{"LengthNegative", post("Content-Length: -5\r\n", "hello")},
        Bad{"LengthHexadecimal", post("Content-Length: 0x5\r\n", "hello")},
        Bad{"LengthEmpty", post("Content-Length:\r\n", "hello")},
        Bad{"LengthOverflows", post("Content-Length: 18446744073709551621\r\n", "hello")},
        Bad{"LengthUnderscore", post("Content_Length : 5\r\n", "hello")}),
    [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Headers, T099_Ambiguous,
    testing::Values(
        Bad{"FoldedWithSpace", post("X: a\r\n b\r\n")},
        Bad{"FoldedWithTab", post("X: a\r\n\tb\r\n")},
        Bad{"FoldedFirst", "GET / HTTP/1.1\r\n " + kHost + "\r\n"},
        Bad{"TwoHosts", post("Host: other.example\r\n")}, Bad{"SameHostTwice", post(kHost)},
        Bad{"TwoAuthorizations", post("Authorization: a\r\nauthorization: a\r\n")},
        Bad{"NoHost", "GET / HTTP/1.1\r\n\r\n"}, Bad{"NoHostInHttp10", "GET / HTTP/1.0\r\n\r\n"},
        Bad{"HostEmpty", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
        Bad{"HostList", "GET / HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n"},
        Bad{"HostWithUser", "GET / HTTP/1.1\r\nHost: a@b.example\r\n\r\n"},
        Bad{"HostWithPath", "GET / HTTP/1.1\r\nHost: b.example/x\r\n\r\n"},
        Bad{"BareFeedAfterLine", "GET / HTTP/1.1\n" + kHost + "\r\n"},
        Bad{"BareFeedAfterHeader", "GET / HTTP/1.1\r\nHost: log.example\n\r\n"},
        Bad{"BareFeedAtEnd", "GET / HTTP/1.1\r\n" + kHost + "\n"},
        Bad{"BareReturnInValue", post("X: a\rY: b\r\n")},
        Bad{"BareReturnAtEnd", "GET / HTTP/1.1\r\n" + kHost + "\r\r\n"},
        Bad{"NulInValue", post("X: a\0b\r\n"s)}, Bad{"NulInName", post("X\0: a\r\n"s)},
        Bad{"NulInTarget", "GET /\0 HTTP/1.1\r\n"s + kHost + "\r\n"},
        Bad{"ControlInValue", post("X: a\x01\r\n")}, Bad{"DeleteInValue", post("X: a\x7f\r\n")},
        Bad{"NameEmpty", post(": a\r\n")}, Bad{"NameWithSpace", post("X Y: a\r\n")},
        Bad{"NameWithLetterAbove127", post("X\xc3\xa4: a\r\n")}, Bad{"NoColon", post("X\r\n")}),
    [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    RequestLine, T099_Ambiguous,
    testing::Values(Bad{"AbsoluteTarget", "GET http://log.example/ HTTP/1.1\r\n" + kHost + "\r\n"},
                    Bad{"StarTarget", "OPTIONS * HTTP/1.1\r\n" + kHost + "\r\n"},
                    Bad{"AuthorityTarget", "CONNECT log.example:80 HTTP/1.1\r\n" + kHost + "\r\n"},
                    Bad{"NoTarget", "GET HTTP/1.1\r\n" + kHost + "\r\n"},
                    Bad{"TargetWithFragment", "GET /#x HTTP/1.1\r\n" + kHost + "\r\n"},
                    Bad{"TargetWithSpace", "GET /a b HTTP/1.1\r\n" + kHost + "\r\n"},
                    Bad{"TargetAbove127", "GET /\xc3\xa4 HTTP/1.1\r\n" + kHost + "\r\n"},
                    Bad{"TargetHalfEscaped", "GET /%4 HTTP/1.1\r\n" + kHost + "\r\n"},
                    Bad{"TargetTooLong",
                        "GET /" + std::string(5000, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n"},
                    Bad{"TwoSpaces", "GET  / HTTP/1.1\r\n" + kHost + "\r\n"},
                    Bad{"Tab", "GET\t/ HTTP/1.1\r\n" + kHost + "\r\n"},
                    Bad{"SpaceBefore", " GET / HTTP/1.1\r\n" + kHost + "\r\n"},
                    Bad{"SpaceAfter", "GET / HTTP/1.1 \r\n" + kHost + "\r\n"},
                    Bad{"LineBefore", "\r\nGET / HTTP/1.1\r\n" + kHost + "\r\n"},
                    Bad{"NoVersion", "GET /\r\n" + kHost + "\r\n"},
                    Bad{"SmallVersion", "GET / http/1.1\r\n" + kHost + "\r\n"},
                    Bad{"Version2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
                    Bad{"Version12", "GET / HTTP/1.2\r\n" + kHost + "\r\n", 505},
                    Bad{"TlsHello", "\x16\x03\x01\x02\x00\x01"s}),
    [](const auto& tested) { return tested.param.name; });

std::string chunked(const std::string& body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}

INSTANTIATE_TEST_SUITE_P(
    Chunks, T099_Ambiguous,
    testing::Values(Bad{"Extension", chunked("3;x=y\r\nhel\r\n0\r\n\r\n")},
                    Bad{"SpaceAfterSize", chunked("3 \r\nhel\r\n0\r\n\r\n")},
                    Bad{"Prefix", chunked("0x3\r\nhel\r\n0\r\n\r\n")},
                    Bad{"Sign", chunked("+3\r\nhel\r\n0\r\n\r\n")},
                    Bad{"Overflow", chunked("10000000000000003\r\nhel\r\n0\r\n\r\n")},
                    Bad{"NoSize", chunked("\r\nhel\r\n0\r\n\r\n")},
                    Bad{"BareFeed", chunked("3\nhel\r\n0\r\n\r\n")},
                    Bad{"BareFeedAfterData", chunked("3\r\nhel\n0\r\n\r\n")},
                    Bad{"DataLonger", chunked("3\r\nhell\r\n0\r\n\r\n")},
                    Bad{"Trailer", chunked("3\r\nhel\r\n0\r\nHost: x\r\n\r\n")}),
    [](const auto& tested) { return tested.param.name; });

std::string headers(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += "X: y\r\n";
  return lines;
}

INSTANTIATE_TEST_SUITE_P(
    Limits, T099_Ambiguous,
    testing::Values(Bad{"ManyHeaders", post(headers(64)), 431},
                    Bad{"LongHeader", post("X: " + std::string(9000, 'y') + "\r\n"), 431},
                    Bad{"LongBody", post("Content-Length: 101\r\n"), 413},
                    Bad{"LongChunk", chunked("65\r\n"), 413},
                    Bad{"LongChunks", chunked("32\r\n" + std::string(50, 'x') + "\r\n33\r\n"), 413},
                    Bad{"Expectation", post("Expect: wonders\r\n"), 417}),
    [](const auto& tested) { return tested.param.name; });

TEST(RequestReader, TakesWhatIsJustWithinTheLimits) {
  EXPECT_EQ(read(post(headers(63))).requests.size(), 1U);
  const std::string head = post("X: ");
  const std::string filler(limits().head_bytes - head.size() - 2, 'y');
  EXPECT_EQ(read(post("X: " + filler + "\r\n")).requests.size(), 1U);
  EXPECT_EQ(read(post("X: " + filler + "y\r\n")).status, 431);
  EXPECT_EQ(read(post("Content-Length: 100\r\n", std::string(100, 'x'))).requests.size(), 1U);
  EXPECT_EQ(read(chunked("64\r\n" + std::string(100, 'x') + "\r\n0\r\n\r\n")).requests.size(), 1U);
}

TEST(RequestReader, RefusesAnEndlessLineBeforeItsEnd) {
  EXPECT_EQ(read("GET /" + std::string(5000, 'a')).status, 400);
  EXPECT_EQ(read(post("X: ").substr(0, 40) + std::string(9000, 'y')).status, 431);
}

}  // namespace
}  // namespace atp
