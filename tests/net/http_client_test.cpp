// SPDX-License-Identifier: Apache-2.0
// The client against servers that are slow, broken or lie. Over TLS: tls_test.cpp.
#include "atp/net/http_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "net/raw_socket.hpp"
#include "net/resolve.hpp"
#include "support/error_kind.hpp"

namespace atp {
namespace {

using test::answering;
using test::error_kind;
using test::RawServer;
using test::RawSocket;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

HttpClientOptions patient(std::chrono::milliseconds time = 1h) {
  HttpClientOptions options;
  options.connect_timeout = time;
  options.timeout = time;
  options.response_limit = 1000;
  return options;
}

constexpr auto kShort = 800ms;

HttpResponse get(const std::string& url, const HttpClientOptions& options = patient()) {
  return make_http_client(options)->send(url, {.method = "GET"}, {});
}

std::optional<Error> failure(const std::string& url, const HttpClientOptions& options = patient()) {
  try {
    get(url, options);
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

void expect_unavailable(const std::function<void(RawSocket&, int)>& script, bool temporary = true,
                        const HttpClientOptions& options = patient()) {
  const RawServer server(script);
  const auto error = failure(server.url("/canary?canary"), options);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::unavailable) << error->what();
  EXPECT_EQ(error->temporary(), temporary) << error->what();
  EXPECT_THAT(error->what(), HasSubstr("http://127.0.0.1:"));
  EXPECT_THAT(error->what(), Not(HasSubstr("canary")));
}

TEST(HttpClient, SendsWhatItIsGivenAndReturnsWhatItGets) {
  std::string received;
  const RawServer server([&](RawSocket& socket, int) {
    received = socket.receive_until("body");
    socket.send(
        "HTTP/1.1 409 Conflict\r\nContent-Type: text/x.tlog.size\r\nContent-Length: 3\r\n\r\n42\n");
  });
  const HttpResponse response =
      make_http_client(patient())->send(server.url("/add-checkpoint?x=%20"),
                                        {.method = "POST",
                                         .headers = {{"Content-Type", "text/plain"}},
                                         .body = std::string("a\0 body", 7)},
                                        {});
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(*find_header(response.headers, "content-type"), "text/x.tlog.size");
  EXPECT_EQ(response.body, "42\n");
  EXPECT_THAT(received,
              testing::StartsWith("POST /add-checkpoint?x=%20 HTTP/1.1\r\nHost: 127.0.0.1:" +
                                  std::to_string(server.port()) + "\r\n"));
  EXPECT_THAT(received, HasSubstr("\r\nContent-Type: text/plain\r\n"));
  EXPECT_THAT(received, HasSubstr("\r\nContent-Length: 7\r\n"));
  EXPECT_THAT(received, testing::EndsWith(std::string("\r\n\r\na\0 body", 11)));
}

TEST(HttpClient, FollowsNoRedirect) {
  const RawServer server(
      answering("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(get(server.url()).status, 302);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, AsksNoProxyAndIgnoresTheEnvironment) {
  const RawServer server(answering(std::string(kOk)));
  ::setenv("http_proxy", "http://127.0.0.1:9/", 1);
  ::setenv("ALL_PROXY", "http://127.0.0.1:9/", 1);
  EXPECT_EQ(get(server.url()).body, "ok");
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
}

TEST(HttpClient, FindsHostsByName) {
  const RawServer server(answering(std::string(kOk)));
  EXPECT_EQ(get("http://localhost:" + std::to_string(server.port())).body, "ok");
}

TEST(HttpClient, ARefusedConnectionIsUnavailable) {
  const std::string url = RawServer(answering("")).url();
  const auto error = failure(url);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::unavailable);
  EXPECT_TRUE(error->temporary());
}

TEST(HttpClient, AShortBodyIsUnavailable) {
  expect_unavailable(answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"));
}

TEST(HttpClient, GarbageIsUnavailable) {
  expect_unavailable(answering("220 mail.example ESMTP\r\n"));
  expect_unavailable(answering(std::string(3000, '\0')));
}

TEST(HttpClient, AConnectionThatEndsIsUnavailable) {
  expect_unavailable([](RawSocket&, int) {});
  expect_unavailable(answering(""));
  expect_unavailable(answering("HTTP/1.1 200 OK\r\nContent-Le"));
}

TEST(HttpClient, TooMuchIsUnavailableForGood) {
  expect_unavailable(answering("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"), false);
  expect_unavailable(answering("HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x')), false);
}

TEST(HttpClient, EndlessHeadersEnd) {
  expect_unavailable(
      [](RawSocket& socket, int) {
        socket.send("HTTP/1.1 200 OK\r\n");
        while (socket.send("X: " + std::string(1000, 'y') + "\r\n")) {
        }
      },
      false);
}

TEST(HttpClient, NoAnswerIsUnavailableInTime) {
  const auto begin = Clock::now();
  expect_unavailable(test::stay_silent, true, patient(kShort));
  EXPECT_GE(Clock::now() - begin, kShort);
}

TEST(HttpClient, AnAnswerByTheByteDoesNotMakeItWaitLonger) {
  expect_unavailable(
      [](RawSocket& socket, int) {
        socket.send("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n");
        while (socket.send("x")) std::this_thread::sleep_for(20ms);
      },
      true, patient(kShort));
}

TEST(HttpClient, ARequestThatNobodyTakesEndsInTime) {
  std::promise<void> client_ended;
  const RawServer server([&](RawSocket&, int) { client_ended.get_future().wait(); });
  EXPECT_EQ(error_kind([&] {
              make_http_client(patient(kShort))
                  ->send(server.url(), {.method = "POST", .body = std::string(64 << 20, 'x')}, {});
            }),
            ErrorKind::unavailable);
  client_ended.set_value();
}

TEST(HttpClient, ReadsAnAnswerThatCameBeforeAllWasSent) {
  const RawServer server([](RawSocket& socket, int) {
    socket.send("HTTP/1.1 413 x\r\nContent-Length: 0\r\n\r\n");
    socket.end_sending();
    while (!socket.receive().empty()) {
    }
  });
  EXPECT_EQ(make_http_client(patient())
                ->send(server.url(), {.method = "POST", .body = std::string(1 << 20, 'x')}, {})
                .status,
            413);
}

TEST(HttpClient, AStopEndsABlockedExchange) {
  const RawServer server(test::stay_silent);
  std::stop_source source;
  const std::jthread stopper = test::stop_after(source, 100ms);
  EXPECT_EQ(error_kind([&] {
              make_http_client(patient())->send(server.url(), {.method = "GET"},
                                                source.get_token());
            }),
            ErrorKind::cancelled);
}

TEST(HttpClient, AStopBeforeConnectsNowhere) {
  const RawServer server(answering(std::string(kOk)));
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(error_kind([&] {
              make_http_client(patient())->send(server.url(), {.method = "GET"},
                                                source.get_token());
            }),
            ErrorKind::cancelled);
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpClient, AStopEndsAPause) {
  const RawServer server(
      answering("HTTP/1.1 503 x\r\nRetry-After: 3000\r\nContent-Length: 0\r\n\r\n"));
  std::stop_source source;
  const std::jthread stopper = test::stop_after(source, 150ms);
  EXPECT_EQ(error_kind([&] {
              make_http_client(patient())->send(server.url(), {.method = "GET", .repeatable = true},
                                                source.get_token());
            }),
            ErrorKind::cancelled);
}

TEST(HttpClient, ALookUpThatHangsEndsInTime) {
  std::promise<void> test_ended;
  const auto hanging = [ended = test_ended.get_future().share()](const std::string&) {
    ended.wait();
    return net::Addresses{};
  };
  EXPECT_EQ(error_kind([&] { net::resolve("slow.example", Clock::now() + 100ms, {}, hanging); }),
            ErrorKind::unavailable);

  std::stop_source source;
  const std::jthread stopper = test::stop_after(source, 50ms);
  EXPECT_EQ(error_kind([&] {
              net::resolve("slow.example", Clock::now() + 1h, source.get_token(), hanging);
            }),
            ErrorKind::cancelled);
  test_ended.set_value();
}

TEST(HttpClient, AHostThatIsNotThereIsUnavailable) {
  EXPECT_EQ(failure("http://no-such-host.invalid/")->kind(), ErrorKind::unavailable);
}

TEST(HttpClient, TriesAgainWhatIsRepeatable) {
  const RawServer server([](RawSocket& socket, int before) {
    socket.receive_until("\r\n\r\n");
    if (before == 0) return;  // Breaks off.
    socket.send(before == 1 ? "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n" : kOk);
  });
  const HttpResponse response = make_http_client(patient())->send(
      server.url(), {.method = "POST", .body = "x", .repeatable = true}, {});
  EXPECT_EQ(response.body, "ok");
  EXPECT_EQ(server.connections(), 3);
}

TEST(HttpClient, NeverTriesAgainWhatIsNotRepeatable) {
  const RawServer busy(answering("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(get(busy.url()).status, 503);
  EXPECT_EQ(busy.connections(), 1);
  const RawServer broken([](RawSocket& socket, int) { socket.receive_until("\r\n\r\n"); });
  EXPECT_TRUE(failure(broken.url()));
  EXPECT_EQ(broken.connections(), 1);
}

TEST(HttpClient, GivesUpAfterSoManyAttempts) {
  const HttpRequest request{.method = "GET", .repeatable = true};
  const RawServer busy(answering("HTTP/1.1 429 x\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(make_http_client(patient())->send(busy.url(), request, {}).status, 429);
  EXPECT_EQ(busy.connections(), 3);
  const RawServer broken([](RawSocket& socket, int) { socket.receive_until("\r\n\r\n"); });
  EXPECT_EQ(error_kind([&] { make_http_client(patient())->send(broken.url(), request, {}); }),
            ErrorKind::unavailable);
  EXPECT_EQ(broken.connections(), 3);
}

TEST(HttpClient, TriesOtherStatusesOnce) {
  for (const std::string status : {"200", "400", "404", "500", "501"}) {
    const RawServer server(answering("HTTP/1.1 " + status + " x\r\nContent-Length: 0\r\n\r\n"));
    make_http_client(patient())->send(server.url(), {.method = "GET", .repeatable = true}, {});
    EXPECT_EQ(server.connections(), 1) << status;
  }
}

TEST(HttpClient, WaitsAsLongAsItIsAsked) {
  const RawServer server([](RawSocket& socket, int before) {
    socket.receive_until("\r\n\r\n");
    socket.send(before == 0 ? "HTTP/1.1 503 x\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
                            : kOk);
  });
  const auto begin = Clock::now();
  const HttpRequest request{.method = "GET", .repeatable = true};
  EXPECT_EQ(make_http_client(patient())->send(server.url(), request, {}).status, 200);
  EXPECT_GE(Clock::now() - begin, 1s);
}

TEST(HttpClient, DoesNotWaitBeyondItsTime) {
  for (const std::string after :
       {"61", "999999", "99999999999999999999", "-1", "Fri, 31 Dec 2027 23:59:59 GMT"}) {
    const RawServer server(
        answering("HTTP/1.1 503 x\r\nRetry-After: " + after + "\r\nContent-Length: 0\r\n\r\n"));
    const HttpRequest request{.method = "GET", .repeatable = true};
    EXPECT_EQ(make_http_client(patient(60s))->send(server.url(), request, {}).status, 503) << after;
    EXPECT_EQ(server.connections(), 1) << after;
  }
}

TEST(HttpClient, T102_RefusesARequestThatWouldBeReadOtherwise) {
  const RawServer server(answering(std::string(kOk)));
  const std::vector<HttpRequest> requests = {
      {.method = "GET /x HTTP/1.1\r\nX:"},
      {.method = ""},
      {.method = "GET", .target = "/other"},
      {.method = "GET", .headers = {{"X", "a\r\nY: b"}}},
      {.method = "GET", .headers = {{"X", "a\nb"}}},
      {.method = "GET", .headers = {{"X", std::string("a\0b", 3)}}},
      {.method = "GET", .headers = {{"X", " a"}}},
      {.method = "GET", .headers = {{"X Y", "a"}}},
      {.method = "GET", .headers = {{"X:", "a"}}},
      {.method = "GET", .headers = {{"", "a"}}},
      {.method = "GET", .headers = {{"host", "other.example"}}},
      {.method = "GET", .headers = {{"Content-Length", "9"}}},
      {.method = "GET", .headers = {{"Transfer-Encoding", "chunked"}}},
  };
  for (const HttpRequest& request : requests) {
    EXPECT_EQ(error_kind([&] { make_http_client(patient())->send(server.url(), request, {}); }),
              ErrorKind::invalid_argument)
        << request.method;
  }
  EXPECT_EQ(error_kind([&] { get("http://user:pass@127.0.0.1/"); }), ErrorKind::invalid_argument);
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpClient, IsUsedByManyThreadsAtOnce) {
  const RawServer server(answering(std::string(kOk)));
  const auto client = make_http_client({});
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 5; ++j) {
          good += client->send(server.url(), {.method = "GET"}, {}).body == "ok" ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(good, 40);
}

}  // namespace
}  // namespace atp
