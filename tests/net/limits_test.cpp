// SPDX-License-Identifier: Apache-2.0
// The server against those who are slow, many, or send too much.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>
#include <vector>

#include "atp/net/http_client.hpp"
#include "net/raw_socket.hpp"
#include "net/running_server.hpp"
#include "support/sanitized.hpp"

namespace atp {
namespace {

using test::echo;
using test::RawSocket;
using test::RunningServer;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

/// No limit of time ends while a test runs.
HttpServerOptions patient() {
  HttpServerOptions options;
  options.limits.head_time = 1h;
  options.limits.body_time = 1h;
  options.limits.idle_time = 1h;
  return options;
}

constexpr std::string_view kAtOnce = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

int status_of(const RunningServer& server) {
  return make_http_client({})->send(server.url(), {.method = "GET"}, {}).status;
}

/// Sends `piece` over and over until the server has had enough, and says what it said.
std::string drip(RawSocket& socket, std::string_view piece) {
  while (socket.send(piece)) {
    const std::string answer = socket.receive(20ms);
    if (!answer.empty()) return answer;
  }
  return {};
}

TEST(HttpLimits, T100_AHeadByTheByteIsLate) {
  HttpServerOptions options = patient();
  options.limits.head_time = 300ms;
  const RunningServer server(echo, options);
  RawSocket socket = RawSocket::to(server.port());
  socket.send("GET / HTTP/1.1\r\n");
  EXPECT_THAT(drip(socket, "X: y\r\n"), StartsWith("HTTP/1.1 408 "));
  EXPECT_TRUE(socket.closes());
}

TEST(HttpLimits, T100_ABodyByTheByteIsLate) {
  HttpServerOptions options = patient();
  options.limits.body_time = 500ms;
  const RunningServer server(echo, options);
  for (const std::string head :
       {"Content-Length: 1000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"}) {
    RawSocket socket = RawSocket::to(server.port());
    socket.send("POST / HTTP/1.1\r\nHost: x\r\n" + head);
    EXPECT_THAT(drip(socket, head.starts_with('C') ? "x" : "1\r\nx\r\n"),
                StartsWith("HTTP/1.1 408 "));
    EXPECT_TRUE(socket.closes());
  }
}

TEST(HttpLimits, T100_WhoSaysNothingIsClosedWithoutAWord) {
  HttpServerOptions options = patient();
  options.limits.head_time = 300ms;
  const RunningServer short_of_heads(echo, options);
  RawSocket silent = RawSocket::to(short_of_heads.port());
  EXPECT_EQ(silent.receive_all(), "");
  EXPECT_TRUE(silent.closes());
  RawSocket served = RawSocket::to(short_of_heads.port());
  served.send(kAtOnce);
  EXPECT_THAT(served.receive_until("GET /"), HasSubstr("200"));
  EXPECT_FALSE(served.closes_within(400ms)) << "between requests another limit holds";

  options = patient();
  options.limits.idle_time = 300ms;
  const RunningServer short_of_pauses(echo, options);
  RawSocket idle = RawSocket::to(short_of_pauses.port());
  idle.send(kAtOnce);
  EXPECT_THAT(idle.receive_until("GET /"), HasSubstr("200"));
  EXPECT_EQ(idle.receive_all(), "");
  EXPECT_TRUE(idle.closes());
}

TEST(HttpLimits, T100_AnAnswerThatNobodyTakesIsDropped) {
  HttpServerOptions options = patient();
  options.limits.body_time = 500ms;
  options.limits.connections = 1;
  const RunningServer server(
      [](const HttpRequest& request) {
        return HttpResponse{
            .status = 200,
            .body = request.target == "/large" ? std::string(64 << 20, 'x') : "small"};
      },
      options);
  RawSocket socket = RawSocket::to(server.port());
  socket.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  int status = status_of(server);
  for (; status == 503; status = status_of(server)) std::this_thread::sleep_for(50ms);
  EXPECT_EQ(status, 200);
}

TEST(HttpLimits, T100_EndlessHeadersAreRefused) {
  const RunningServer server(echo, patient());
  RawSocket many = RawSocket::to(server.port());
  many.send("GET / HTTP/1.1\r\nHost: x\r\n");
  for (int i = 0; i < 100'000 && many.send("X: y\r\n"); ++i) {
  }
  EXPECT_THAT(many.receive_all(), StartsWith("HTTP/1.1 431 "));
  RawSocket large = RawSocket::to(server.port());
  large.send("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(1 << 20, 'y'));
  EXPECT_THAT(large.receive_all(), StartsWith("HTTP/1.1 431 "));
}

TEST(HttpLimits, T100_AGiantBodyIsRefusedByItsSizeAlone) {
  const RunningServer server(echo, patient());
  RawSocket socket = RawSocket::to(server.port());
  socket.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1099511627776\r\n\r\n");
  EXPECT_THAT(socket.receive_all(), StartsWith("HTTP/1.1 413 "));
}

std::size_t resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::size_t size = 0;
    if (word == "VmRSS:" && status >> size) return size;
  }
  return 0;
}

TEST(HttpLimits, T100_ManyIdleConnectionsTakeNeitherMemoryNorThePlaceOfOthers) {
  HttpServerOptions options = patient();
  options.limits.head_time = 1s;
  options.limits.connections = 32;
  const RunningServer server(echo, options);
  EXPECT_EQ(status_of(server), 200);
  const std::size_t before = resident_kilobytes();
  std::vector<RawSocket> idle;
  for (int i = 0; i < 30; ++i) idle.push_back(RawSocket::to(server.port()));
  EXPECT_EQ(status_of(server), 200);
  for (int i = 0; i < 370; ++i) idle.push_back(RawSocket::to(server.port()));
  if (!test::kSanitized) {
    EXPECT_LT(resident_kilobytes(), before + 4096);
  }
  for (RawSocket& socket : idle) EXPECT_TRUE(socket.closes());
  EXPECT_EQ(status_of(server), 200);
}

/// Answers when it is told to.
class Slow {
 public:
  HttpResponse operator()(const HttpRequest& request) {
    if (request.target == "/slow") {
      ++waiting;
      while (!released) std::this_thread::sleep_for(5ms);
    }
    return {.status = 200, .body = "done"};
  }
  void wait_for(int count) const {
    while (waiting < count) std::this_thread::sleep_for(5ms);
  }
  std::atomic<int> waiting = 0;
  std::atomic<bool> released = false;
};

constexpr std::string_view kSlowly = "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(HttpLimits, T100_WhoComesWhenAllAreBeingAnsweredIsToldSo) {
  HttpServerOptions options = patient();
  options.limits.connections = 2;
  Slow slow;
  const RunningServer server([&](const HttpRequest& request) { return slow(request); }, options);
  RawSocket first = RawSocket::to(server.port());
  RawSocket second = RawSocket::to(server.port(), 2);
  first.send(kSlowly);
  second.send(kSlowly);
  slow.wait_for(2);
  EXPECT_EQ(status_of(server), 503);
  slow.released = true;
  EXPECT_THAT(first.receive_until("done"), HasSubstr("200"));
  EXPECT_THAT(second.receive_until("done"), HasSubstr("200"));
  EXPECT_EQ(status_of(server), 200);
}

TEST(HttpLimits, T100_OneHostsIdleAndSlowConnectionsKeepNobodyElseOut) {
  HttpServerOptions options;
  options.limits.connections = 8;
  options.limits.connections_of_one = 8;
  const RunningServer server(echo, options);
  RawSocket other = RawSocket::to(server.port(), 2);
  other.send(kAtOnce);
  EXPECT_THAT(other.receive_until("GET /"), HasSubstr("200"));
  std::vector<RawSocket> greedy;
  for (int i = 0; i < 60; ++i) {
    greedy.push_back(RawSocket::to(server.port(), 3));
    if (i % 2 == 0) greedy.back().send("G");
  }
  for (std::uint32_t host = 4; host < 9; ++host) {
    RawSocket next = RawSocket::to(server.port(), host);
    next.send(kAtOnce);
    EXPECT_THAT(next.receive_until("GET /"), HasSubstr("200")) << host;
  }
  other.send(kAtOnce);
  EXPECT_THAT(other.receive_until("GET /"), HasSubstr("200")) << "the first one was closed";
}

TEST(HttpLimits, T100_OneHostHasItsShareAndTheNewestOfItAreServed) {
  HttpServerOptions options;
  options.limits.connections_of_one = 4;
  const RunningServer server(echo, options);
  std::vector<RawSocket> idle;
  for (int i = 0; i < 4; ++i) idle.push_back(RawSocket::to(server.port(), 3));
  std::this_thread::sleep_for(50ms);
  RawSocket next = RawSocket::to(server.port(), 3);
  next.send(kAtOnce);
  EXPECT_THAT(next.receive_until("GET /"), HasSubstr("200"));
  EXPECT_TRUE(idle[0].closes());
  EXPECT_FALSE(idle[3].closes_within(100ms));
}

TEST(HttpLimits, T100_OthersAreServedWhileSomeAreSlow) {
  const std::string_view half = "GET / HTTP/1.1\r\nHo";
  const RunningServer server(echo, patient());
  std::vector<RawSocket> waiting;
  for (int i = 0; i < 10; ++i) {
    waiting.push_back(RawSocket::to(server.port()));
    waiting.back().send(half);
  }
  std::jthread coming_and_going([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<RawSocket> sockets;
      for (int i = 0; i < 10; ++i) {
        sockets.push_back(RawSocket::to(server.port(), 2));
        sockets.back().send(half);
      }
      std::this_thread::sleep_for(100ms);
    }
  });
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(status_of(server), 200);
    std::this_thread::sleep_for(5ms);
  }
  for (RawSocket& socket : waiting) EXPECT_FALSE(socket.closes_within(0ms));
}

}  // namespace
}  // namespace atp
