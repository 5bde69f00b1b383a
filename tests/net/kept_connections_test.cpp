// SPDX-License-Identifier: Apache-2.0
/// What a client does over one connection: several requests, and bodies that go past.
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "atp/crypto/sha256.hpp"
#include "atp/net/http_client.hpp"
#include "net/raw_socket.hpp"
#include "support/error_kind.hpp"
#include "support/sequence_random.hpp"

namespace atp {
namespace {

using test::error_kind;
using test::RawServer;
using test::RawSocket;
using test::SequenceRandom;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const HttpRequest kGet{.method = "GET", .repeatable = true};

HttpClientOptions patient() {
  HttpClientOptions options;
  options.connect_timeout = std::chrono::hours(1);
  options.timeout = std::chrono::hours(1);
  options.response_limit = 1000;
  return options;
}

/// Answers each request of a connection, until the client closes it.
void answer_all(RawSocket& socket, std::string_view answer) {
  while (!socket.receive_until("\r\n\r\n").empty()) socket.send(answer);
}

class TextSink final : public ByteSink {
 public:
  void write(ByteView bytes) override { text.append(as_text(bytes)); }
  std::string text;
};

class BytesSource final : public ByteSource {
 public:
  explicit BytesSource(ByteView bytes) : left_(bytes) {}
  std::size_t read(MutableByteView out) override {
    const std::size_t size = std::min({out.size(), left_.size(), std::size_t{10'007}});
    std::copy_n(left_.begin(), size, out.begin());
    left_ = left_.subspan(size);
    return size;
  }

 private:
  ByteView left_;
};

Bytes many_bytes() {
  Bytes bytes(5 << 20);
  SequenceRandom(5).fill(bytes);
  return bytes;
}

HttpBodies sending(const Bytes& bytes, int* opened = nullptr) {
  return {.send =
              [&bytes, opened] {
                if (opened != nullptr) ++*opened;
                return std::make_unique<BytesSource>(bytes);
              },
          .length = bytes.size()};
}

TEST(KeptConnections, ServeWhatIsRepeatable) {
  const RawServer server([](RawSocket& socket, int) { answer_all(socket, kOk); });
  const auto client = make_http_client(patient());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client->send(server.url(), kGet, {}).body, "ok");
  EXPECT_EQ(server.connections(), 1);
}

/// Where a kept one ends unanswered, nobody could tell whether the request was done.
TEST(KeptConnections, DoNotServeWhatIsNotRepeatable) {
  std::atomic<bool> came_again = false;
  const RawServer server([&](RawSocket& socket, int before) {
    socket.receive_until("\r\n\r\n");
    socket.send(kOk);
    if (before == 0) came_again = !socket.receive(std::chrono::milliseconds(300)).empty();
  });
  const auto client = make_http_client(patient());
  for (int i = 0; i < 2; ++i) client->send(server.url(), {.method = "POST", .body = "x"}, {});
  EXPECT_FALSE(came_again);
  EXPECT_EQ(server.connections(), 2);
}

TEST(KeptConnections, AreOpenedAnewWhereTheServerHasClosed) {
  const RawServer server([](RawSocket& socket, int) {
    socket.receive_until("\r\n\r\n");
    socket.send(kOk);
  });
  const auto client = make_http_client(patient());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client->send(server.url(), kGet, {}).body, "ok");
  EXPECT_EQ(server.connections(), 5);
}

TEST(KeptConnections, AreNotKeptForGood) {
  const RawServer server([](RawSocket& socket, int) { answer_all(socket, kOk); });
  HttpClientOptions options = patient();
  options.kept_for = std::chrono::milliseconds(0);
  const auto client = make_http_client(options);
  for (int i = 0; i < 3; ++i) client->send(server.url(), kGet, {});
  EXPECT_EQ(server.connections(), 3);
}

/// Bytes that nobody asked for would be taken for the answer to the next request.
TEST(KeptConnections, EndWithAnAnswerThatMoreComesBehind) {
  for (const std::string& answer :
       {std::string(kOk) + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        std::string("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
        std::string("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")}) {
    const RawServer server([&](RawSocket& socket, int) { answer_all(socket, answer); });
    const auto client = make_http_client(patient());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client->send(server.url(), kGet, {}).body, "ok");
    EXPECT_EQ(server.connections(), 3) << answer;
  }
}

TEST(KeptConnections, EndWithBytesThatComeLater) {
  std::promise<void> answered;
  std::promise<void> said;
  const RawServer server([&](RawSocket& socket, int before) {
    socket.receive_until("\r\n\r\n");
    socket.send(kOk);
    if (before > 0) return;
    answered.get_future().wait();
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    said.set_value();
    socket.closes();
  });
  const auto client = make_http_client(patient());
  client->send(server.url(), kGet, {});
  answered.set_value();
  said.get_future().wait();
  EXPECT_EQ(client->send(server.url(), kGet, {}).body, "ok");
}

/// A server that gives an idle connection up may say so in an answer to nothing.
TEST(KeptConnections, ThatTheServerGivesUpAreNoAnswer) {
  const RawServer server([](RawSocket& socket, int before) {
    socket.receive_until("\r\n\r\n");
    socket.send(kOk);
    if (before > 0 || socket.receive_until("\r\n\r\n").empty()) return;
    socket.send("HTTP/1.1 408 Idle\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  const auto client = make_http_client(patient());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(client->send(server.url(), kGet, {}).status, 200);
  EXPECT_EQ(server.connections(), 2);
}

/// The peer of a kept connection may be gone without a word.
TEST(KeptConnections, ThatAreSilentLeaveTimeForAnother) {
  const RawServer server([](RawSocket& socket, int before) {
    socket.receive_until("\r\n\r\n");
    socket.send(kOk);
    if (before == 0) socket.closes();
  });
  HttpClientOptions options = patient();
  options.connect_timeout = std::chrono::milliseconds(500);
  const auto client = make_http_client(options);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(client->send(server.url(), kGet, {}).body, "ok");
  EXPECT_EQ(server.connections(), 2);
}

TEST(PassingBodies, AreSentWhole) {
  const Bytes bytes = many_bytes();
  std::promise<Digest> received;
  const RawServer server([&](RawSocket& socket, int) {
    const std::string head = socket.receive_until("\r\n\r\n");
    Sha256 hash;
    std::string body = head.substr(head.find("\r\n\r\n") + 4);
    for (std::size_t got = 0; got < bytes.size(); body = socket.receive()) {
      hash.update(as_bytes(body));
      got += body.size();
      if (got == bytes.size()) break;
    }
    received.set_value(hash.finish());
    socket.send(kOk);
  });
  const auto response =
      make_http_client(patient())->transfer(server.url(), {.method = "PUT"}, sending(bytes), {});
  EXPECT_EQ(response.body, "ok");
  EXPECT_EQ(received.get_future().get(), sha256(bytes));
}

TEST(PassingBodies, AreSentAgainFromTheirBeginning) {
  const Bytes bytes = many_bytes();
  const RawServer server([&](RawSocket& socket, int before) {
    std::size_t got = socket.receive_until("\r\n\r\n").size();
    if (before == 0) return;  // Breaks off in the midst of it.
    while (got < bytes.size()) got += socket.receive().size();
    socket.send(kOk);
  });
  int opened = 0;
  const HttpRequest request{.method = "PUT", .repeatable = true};
  EXPECT_EQ(make_http_client(patient())
                ->transfer(server.url(), request, sending(bytes, &opened), {})
                .body,
            "ok");
  EXPECT_EQ(opened, 2);
}

TEST(PassingBodies, ThatAreShorterThanTheirLengthAreRefused) {
  const RawServer server([](RawSocket& socket, int) { socket.closes(); });
  const Bytes bytes(1000);
  HttpBodies bodies = sending(bytes);
  bodies.length = 1001;
  EXPECT_EQ(error_kind([&] {
              make_http_client(patient())->transfer(server.url(), {.method = "PUT"}, bodies, {});
            }),
            ErrorKind::invalid_argument);
}

/// Who refuses all of it need not be sent all of it.
TEST(PassingBodies, EndWithAnAnswerThatCameBefore) {
  std::promise<void> gone;
  const RawServer server([&](RawSocket& socket, int) {
    socket.receive_until("\r\n\r\n");
    socket.send("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
    gone.get_future().wait();  // Takes no more of it.
  });
  const Bytes bytes(64 << 20);
  HttpClientOptions options = patient();
  options.timeout = std::chrono::seconds(2);
  const auto response =
      make_http_client(options)->transfer(server.url(), {.method = "PUT"}, sending(bytes), {});
  gone.set_value();
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.body, "no");
}

/// What a source throws is nobody's at the other end.
TEST(PassingBodies, ThatFailThemselvesAreNotTriedAgain) {
  class Failing final : public ByteSource {
   public:
    std::size_t read(MutableByteView) override {
      throw Error(ErrorKind::no_space, "disk", "is full", Error::Retry::temporary);
    }
  };
  const RawServer server([](RawSocket& socket, int) { socket.closes(); });
  int opened = 0;
  const HttpBodies bodies{.send =
                              [&] {
                                ++opened;
                                return std::make_unique<Failing>();
                              },
                          .length = 10};
  const HttpRequest request{.method = "PUT", .repeatable = true};
  EXPECT_EQ(
      error_kind([&] { make_http_client(patient())->transfer(server.url(), request, bodies, {}); }),
      ErrorKind::no_space);
  EXPECT_EQ(opened, 1);
}

TEST(PassingBodies, OfAnswersHaveNoLimit) {
  const std::string text(3 << 20, 'x');
  const RawServer server([&](RawSocket& socket, int) {
    socket.receive_until("\r\n\r\n");
    socket.send("HTTP/1.1 206 Partial\r\nContent-Length: " + std::to_string(text.size()) +
                "\r\n\r\n" + text);
    socket.receive_until("\r\n\r\n");
    socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n300000\r\n" + text +
                "\r\n0\r\n\r\n");
  });
  const auto client = make_http_client(patient());
  for (const int status : {206, 200}) {
    TextSink sink;
    const auto response = client->transfer(server.url(), kGet, {.receive = &sink}, {});
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(sink.text, text);
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(PassingBodies, OfOtherAnswersAreInTheAnswer) {
  const RawServer server([&](RawSocket& socket, int before) {
    socket.receive_until("\r\n\r\n");
    const std::string text(before == 0 ? 9 : 1001, 'n');
    socket.send("HTTP/1.1 404 No\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" +
                text);
  });
  const auto client = make_http_client(patient());
  TextSink sink;
  EXPECT_EQ(client->transfer(server.url(), kGet, {.receive = &sink}, {}).body, "nnnnnnnnn");
  EXPECT_EQ(error_kind([&] { client->transfer(server.url(), kGet, {.receive = &sink}, {}); }),
            ErrorKind::unavailable);
  EXPECT_EQ(sink.text, "");
}

TEST(PassingBodies, ThatBreakOffAreNotBegunAgain) {
  const RawServer server([](RawSocket& socket, int) {
    socket.receive_until("\r\n\r\n");
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  });
  TextSink sink;
  EXPECT_EQ(error_kind([&] {
              make_http_client(patient())->transfer(server.url(), kGet, {.receive = &sink}, {});
            }),
            ErrorKind::unavailable);
  EXPECT_EQ(sink.text, "half");
  EXPECT_EQ(server.connections(), 1);
}

TEST(PassingBodies, ThatStandStillEnd) {
  const RawServer server([](RawSocket& socket, int) {
    socket.receive_until("\r\n\r\n");
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    socket.closes();
  });
  HttpClientOptions options = patient();
  options.timeout = std::chrono::milliseconds(800);
  TextSink sink;
  EXPECT_EQ(error_kind([&] {
              make_http_client(options)->transfer(server.url(), kGet, {.receive = &sink}, {});
            }),
            ErrorKind::unavailable);
}

}  // namespace
}  // namespace atp
