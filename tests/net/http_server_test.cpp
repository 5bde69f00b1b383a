// SPDX-License-Identifier: Apache-2.0
// The server over real sockets. What the gate refuses, case by case: request_reader_test.cpp.
#include "atp/net/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <thread>

#include "atp/net/http_client.hpp"
#include "net/raw_socket.hpp"
#include "net/running_server.hpp"
#include "support/command.hpp"
#include "support/error_kind.hpp"
#include "support/shared_data.hpp"

namespace atp {
namespace {

using test::echo;
using test::error_kind;
using test::output_of;
using test::RawSocket;
using test::RunningServer;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

/// All that the server says to `bytes` until it closes.
std::string tell(const RunningServer& server, std::string_view bytes) {
  RawSocket socket = RawSocket::to(server.port());
  socket.send(bytes);
  return socket.receive_all();
}

TEST(HttpServer, AnswersWithWhatTheHandlerReturns) {
  const RunningServer server(echo);
  const HttpResponse response =
      make_http_client({})->send(server.url("/a?b"), {.method = "POST", .body = "some text"}, {});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "POST /a?b some text");
  EXPECT_EQ(*find_header(response.headers, "content-type"), "text/plain");
  EXPECT_EQ(*find_header(response.headers, "cache-control"), "no-store");
  EXPECT_EQ(*find_header(response.headers, "connection"), "close");
  EXPECT_EQ(find_header(response.headers, "server"), nullptr);
}

TEST(HttpServer, ListensOnIpv6) {
  HttpServerOptions options;
  options.address = "::1";
  if (!test::has_ipv6()) GTEST_SKIP() << "this machine has no IPv6";
  const RunningServer server(echo, options);
  const std::string url = "http://[::1]:" + std::to_string(server.port()) + "/";
  EXPECT_EQ(make_http_client({})->send(url, {.method = "GET"}, {}).body, "GET / ");
}

TEST(HttpServer, KeepsAConnectionForMoreRequests) {
  const RunningServer server(echo);
  RawSocket socket = RawSocket::to(server.port());
  for (const std::string target : {"/first", "/second", "/third"}) {
    socket.send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = socket.receive_until("GET " + target);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(answer, Not(HasSubstr("Connection: close")));
  }
  socket.send("GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(socket.receive_all(), HasSubstr("Connection: close"));
}

TEST(HttpServer, AnswersRequestsThatComeTogetherInOrder) {
  const RunningServer server(echo);
  const std::string answers = tell(server,
                                   "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nAA"
                                   "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nBB"
                                   "GET /c HTTP/1.0\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answers, testing::ContainsRegex("POST /a AA(.|\n)*POST /b BB(.|\n)*GET /c "));
}

TEST(HttpServer, AsksForTheBodyOfWhoWaitsToBeAsked) {
  const RunningServer server(echo);
  RawSocket socket = RawSocket::to(server.port());
  socket.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(socket.receive(), "HTTP/1.1 100 \r\n\r\n");
  socket.send("bo");
  EXPECT_EQ(socket.receive(100ms), "");
  socket.send("dy");
  EXPECT_THAT(socket.receive_until("body"), HasSubstr("POST / body"));
}

TEST(HttpServer, HeadHasNoBodyButItsLength) {
  const RunningServer server(echo);
  const std::string answer = tell(server, "HEAD /x HTTP/1.0\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n"));
}

TEST(HttpServer, AnAnswerWithoutContentHasNoLength) {
  const RunningServer server([](const HttpRequest&) { return HttpResponse{.status = 204}; });
  EXPECT_THAT(tell(server, "GET / HTTP/1.0\r\nHost: x\r\n\r\n"), Not(HasSubstr("Content-Length")));
}

TEST(HttpServer, T099_ASecondReadingOfBytesIsNeverAnswered) {
  std::atomic<int> asked = 0;
  const RunningServer server([&](const HttpRequest& request) {
    ++asked;
    return echo(request);
  });
  const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const std::string head : {
           "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello",
           "GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
           "GET / HTTP/1.1\r\n\r\n",
       }) {
    const std::string answer = tell(server, head + smuggled);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << head;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << head;
    EXPECT_THAT(answer.substr(1), Not(HasSubstr("HTTP/1.1"))) << head;
  }
  EXPECT_EQ(asked, 0);
}

TEST(HttpServer, ARefusalIsReadByWhoIsStillSending) {
  const RunningServer server(echo);
  RawSocket socket = RawSocket::to(server.port());
  socket.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n");
  socket.send(std::string(2'000'000, 'x'));
  EXPECT_THAT(socket.receive_all(), StartsWith("HTTP/1.1 413 "));
  EXPECT_FALSE(socket.was_reset());
}

TEST(HttpServer, T102_AFailureOfTheHandlerShowsNothing) {
  const RunningServer server([](const HttpRequest& request) -> HttpResponse {
    if (request.target == "/throw") throw std::runtime_error("canary");
    if (request.target == "/odd") throw 7;
    if (request.target == "/split") return {.status = 200, .headers = {{"X", "canary\r\nY: z"}}};
    if (request.target == "/frame") return {.status = 200, .headers = {{"Content-Length", "1"}}};
    if (request.target == "/status") return {.status = 99, .body = "canary"};
    if (request.target == "/empty") return {.status = 204, .body = "canary"};
    return echo(request);
  });
  const auto client = make_http_client({});
  for (const std::string target : {"/throw", "/odd", "/split", "/frame", "/status", "/empty"}) {
    const HttpResponse response = client->send(server.url(target), {.method = "GET"}, {});
    EXPECT_EQ(response.status, 500) << target;
    EXPECT_EQ(response.body, "internal error\n") << target;
  }
  EXPECT_EQ(client->send(server.url("/fine"), {.method = "GET"}, {}).status, 200);
}

TEST(HttpServer, CallsTheHandlerOnSeveralThreadsAtOnce) {
  std::latch together(3);
  HttpServerOptions options;
  options.threads = 3;
  const RunningServer server(
      [&](const HttpRequest& request) {
        together.arrive_and_wait();
        return echo(request);
      },
      options);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      EXPECT_EQ(make_http_client({})->send(server.url(), {.method = "GET"}, {}).status, 200);
    });
  }
}

TEST(HttpServer, FinishesWhatIsBeingAnsweredWhenItIsStopped) {
  std::latch entered(1);
  HttpServerOptions options;
  options.limits.head_time = 1h;
  options.limits.idle_time = 1h;
  RunningServer server(
      [&](const HttpRequest& request) {
        entered.count_down();
        std::this_thread::sleep_for(300ms);
        return echo(request);
      },
      options);
  RawSocket idle = RawSocket::to(server.port());
  RawSocket half = RawSocket::to(server.port());
  half.send("GET / HT");
  RawSocket socket = RawSocket::to(server.port());
  socket.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
  entered.wait();
  const std::uint16_t port = server.port();
  server.stop();
  const std::string answer = socket.receive_all();
  EXPECT_THAT(answer, HasSubstr("GET /x"));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(idle.closes());
  EXPECT_TRUE(half.closes());
  EXPECT_THROW(RawSocket::to(port), std::runtime_error);
}

TEST(HttpServer, EndsAtOnceWhereTheStopCameBefore) {
  HttpServer server({}, echo);
  std::stop_source source;
  source.request_stop();
  server.run(source.get_token());
}

TEST(HttpServer, WhatItCannotListenAtIsAnError) {
  HttpServerOptions options;
  options.address = "localhost";
  EXPECT_EQ(error_kind([&] { HttpServer(options, echo); }), ErrorKind::invalid_argument);
  const RunningServer server(echo);
  options.address = "127.0.0.1";
  options.port = server.port();
  EXPECT_EQ(error_kind([&] { HttpServer(options, echo); }), ErrorKind::unavailable);
}

TEST(HttpServer, IsUnderstoodByCurl) {
  if (output_of("curl --version 2>/dev/null").empty()) return test::miss("curl");
  const RunningServer server(echo);
  const std::string curl = "curl -s --noproxy '*' -i ";
  EXPECT_THAT(output_of(curl + "--data-binary hello " + server.url("/a?b=c")),
              HasSubstr("\r\n\r\nPOST /a?b=c hello"));
  EXPECT_THAT(
      output_of(curl + "-H 'Transfer-Encoding: chunked' -d hello " + server.url("/chunked")),
      HasSubstr("\r\n\r\nPOST /chunked hello"));
  EXPECT_THAT(output_of(curl + "-H 'Expect: 100-continue' -d hello " + server.url("/waits")),
              HasSubstr("POST /waits hello"));
  EXPECT_THAT(output_of(curl + "-I " + server.url("/head")), HasSubstr("Content-Length: 11\r\n"));
  EXPECT_EQ(output_of(curl + "-o /dev/null -o /dev/null -w '%{num_connects} ' " +
                      server.url("/one") + ' ' + server.url("/two")),
            "1 0 ");
}

}  // namespace
}  // namespace atp
