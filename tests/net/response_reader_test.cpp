// SPDX-License-Identifier: Apache-2.0
#include "net/response_reader.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "support/error_kind.hpp"

namespace atp {
namespace {

using net::ResponseReader;

constexpr std::size_t kLimit = 100;

/// What a reader makes of `bytes`, given `step` at a time.
HttpResponse read(std::string_view bytes, std::size_t step, bool to_head = false) {
  ResponseReader reader("test", kLimit, to_head);
  for (; !bytes.empty() && !reader.whole(); bytes.remove_prefix(std::min(step, bytes.size()))) {
    reader.add(bytes.substr(0, step));
  }
  if (!reader.whole()) reader.end();
  return reader.take();
}

std::optional<Error> refusal(std::string_view bytes) {
  try {
    read(bytes, bytes.size());
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

TEST(ResponseReader, ReadsTheSameHoweverItIsCut) {
  const std::string_view counted =
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Two: a\r\nX-Two: b\r\n\r\nhello";
  const HttpResponse expected{.status = 200,
                              .headers = {{"Content-Length", "5"}, {"X-Two", "a"}, {"X-Two", "b"}},
                              .body = "hello"};
  const std::string_view chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n";
  for (const std::size_t step : {1, 2, 3, 7, 1000}) {
    EXPECT_EQ(read(counted, step), expected) << step;
    EXPECT_EQ(read(chunked, step).body, "hello") << step;
    EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", step).body,
              "");
    EXPECT_EQ(read("HTTP/1.0 200 OK\r\n\r\nhello", step).body, "hello") << step;
    EXPECT_EQ(read("HTTP/1.1 204 No\r\n\r\n", step).status, 204) << step;
  }
}

TEST(ResponseReader, FindsHeadersInEitherCase) {
  const HttpResponse response = read("HTTP/1.1 302 x\r\nLOCATION: /a\r\n\r\n", 1000);
  ASSERT_NE(find_header(response.headers, "location"), nullptr);
  EXPECT_EQ(*find_header(response.headers, "Location"), "/a");
  EXPECT_EQ(find_header(response.headers, "locatio"), nullptr);
}

TEST(ResponseReader, PassesOverWhatIsInterim) {
  const std::string interim = "HTTP/1.1 100 Continue\r\nX: y\r\n\r\n";
  const std::string last = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  for (const std::size_t step : {1, 1000}) {
    EXPECT_EQ(read(interim + interim + last, step).body, "ok");
    EXPECT_EQ(read(interim + interim + last, step).headers.size(), 1U);
  }
  std::string endless;
  for (int i = 0; i < 100; ++i) endless += interim;
  EXPECT_TRUE(refusal(endless + last));
  EXPECT_TRUE(refusal("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
}

TEST(ResponseReader, KnowsThatHeadHasNoBody) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", 1000, true).body, "");
}

class NoResponse : public testing::TestWithParam<std::string> {};

TEST_P(NoResponse, IsUnavailableForTheTimeBeing) {
  const auto error = refusal(GetParam());
  ASSERT_TRUE(error) << GetParam();
  EXPECT_EQ(error->kind(), ErrorKind::unavailable);
  EXPECT_TRUE(error->temporary());
}

INSTANTIATE_TEST_SUITE_P(
    ResponseReader, NoResponse,
    testing::Values("SSH-2.0-OpenSSH_9.2p1\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 two OK\r\n\r\n",
                    "HTTP/1.1 003 x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
                    "HTTP/1.1 200 OK\r\nContent-Le",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                    "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "<html>", "\r\n\r\n\r\n"));

class LargeResponse : public testing::TestWithParam<std::string> {};

TEST_P(LargeResponse, IsUnavailableForGood) {
  const auto error = refusal(GetParam());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::unavailable);
  EXPECT_FALSE(error->temporary());
}

INSTANTIATE_TEST_SUITE_P(
    ResponseReader, LargeResponse,
    testing::Values("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n",
                    "HTTP/1.1 200 OK\r\n\r\n" + std::string(101, 'x'),
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
                        std::string(101, 'x') + "\r\n0\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'),
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                        std::string(100'000, 'x')));

TEST(ResponseReader, SaysWhichLimitWasPassed) {
  EXPECT_EQ(refusal("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n").value().message(),
            "expected a body of at most 100 bytes, found more");
  EXPECT_EQ(refusal("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')).value().message(),
            "expected a head of at most 65536 bytes, found more");
}

TEST(ResponseReader, TakesABodyOfExactlyTheLimit) {
  EXPECT_EQ(
      read("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'), 1000).body,
      std::string(100, 'x'));
}

TEST(ResponseReader, NothingAtAllIsUnavailable) {
  ResponseReader reader("test", kLimit, false);
  EXPECT_EQ(test::error_kind([&] { reader.end(); }), ErrorKind::unavailable);
}

/// However the lines of a head are cut, and those of chunks and trailers.
TEST(ResponseReader, T100_HeadsAndTrailersHaveALimit) {
  const std::string line = "X-Line: " + std::string(100, 'x') + "\r\n";
  for (const std::string begin :
       {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"}) {
    for (std::size_t cut = 0; cut < 12; ++cut) {
      ResponseReader reader("test", kLimit, false);
      reader.add(begin + line.substr(0, cut));
      std::size_t given = 0;
      EXPECT_EQ(test::error_kind([&] {
                  for (; given < (1 << 20); given += line.size()) {
                    reader.add(line.substr(cut) + line.substr(0, cut));
                  }
                }),
                ErrorKind::unavailable)
          << cut;
      EXPECT_LE(given, 80U << 10) << cut;
    }
  }
}

}  // namespace
}  // namespace atp
