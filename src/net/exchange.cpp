// SPDX-License-Identifier: Apache-2.0
#include "net/exchange.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "atp/core/error.hpp"
#include "atp/core/progress.hpp"
#include "net/response_reader.hpp"
#include "net/stream.hpp"
#include "net/syntax.hpp"

namespace atp {
inline namespace v0 {
namespace net {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadSize = 16 << 10;

/// Headers that say how a message is carried: the client's own.
constexpr std::array<std::string_view, 8> kOfTheClient = {
    "host", "content-length", "transfer-encoding", "connection",
    "te",   "trailer",        "upgrade",           "expect"};

/// Runs one operation after another.
class Waiter {
 public:
  explicit Waiter(const std::stop_token& stop)
      : stop_(stop), stopper_(stop, [this] { io_.stop(); }) {}

  asio::io_context& io() { return io_; }

  struct Outcome {
    ErrorCode error;
    std::size_t bytes = 0;
  };
  /// What `start` came to; timed_out at the deadline, and the operation is still under way then.
  /// Throws: cancelled.
  Outcome wait(Deadline deadline, const std::function<void(Stream::Done)>& start) {
    const auto outcome = std::make_shared<std::optional<Outcome>>();
    io_.restart();
    throw_if_stopped(stop_);
    start([outcome](const ErrorCode& error, std::size_t bytes) {
      *outcome = Outcome{.error = error, .bytes = bytes};
    });
    while (!*outcome) {
      if (io_.run_one_until(deadline) > 0) continue;
      throw_if_stopped(stop_);
      if (Clock::now() >= deadline) return {.error = asio::error::timed_out};
    }
    return **outcome;
  }

 private:
  asio::io_context io_;
  std::stop_token stop_;
  std::stop_callback<std::function<void()>> stopper_;
};

class Exchange {
 public:
  Exchange(const Url& url, asio::ssl::context& tls, const ExchangeRules& rules,
           const std::stop_token& stop)
      : url_(url), tls_(tls), rules_(rules), stop_(stop), waiter_(stop) {}

  void connect() {
    const Deadline deadline = std::min(rules_.deadline, Clock::now() + rules_.connect_timeout);
    const Addresses addresses = resolve(url_.host, deadline, stop_, look_up);
    ErrorCode error = asio::error::host_not_found;
    for (std::size_t tried = 0; tried < addresses.size(); ++tried) {
      const auto share = (deadline - Clock::now()) / static_cast<long>(addresses.size() - tried);
      error = connect_to(addresses[tried], Clock::now() + share);
      if (!error) return shake_hands(deadline);
    }
    fail("a connection", error);
  }

  HttpResponse ask(const std::string& method, const std::string& bytes) {
    const ErrorCode unsent =
        waiter_
            .wait(rules_.deadline,
                  [&](Stream::Done done) { stream_->write(asio::buffer(bytes), std::move(done)); })
            .error;
    if (unsent == asio::error::timed_out) fail("the request to be taken", unsent);
    // Who does not want all of it may have answered all the same.
    ResponseReader reader(url_.origin(), rules_.response_limit, method == "HEAD");
    while (!reader.whole()) read(reader, unsent);
    return reader.take();
  }

 private:
  ErrorCode connect_to(const asio::ip::address& address, Deadline deadline) {
    stream_ = std::make_unique<Stream>(Tcp::socket(waiter_.io()));
    return waiter_
        .wait(deadline,
              [&](Stream::Done done) {
                stream_->connect({address, url_.port}, std::move(done));
              })
        .error;
  }

  void shake_hands(Deadline deadline) {
    if (!url_.tls) return;
    const ErrorCode error =
        waiter_
            .wait(deadline,
                  [&](Stream::Done done) {
                    stream_->shake_hands_as_client(tls_, url_.host, std::move(done));
                  })
            .error;
    if (!error) return;
    const std::string problem = stream_->certificate_problem();
    if (problem.empty()) fail("TLS", error);
    throw Error(ErrorKind::untrusted, url_.origin(),
                "expected a certificate that verifies, found: " + problem);
  }

  void read(ResponseReader& reader, const ErrorCode& unsent) {
    const auto [error, bytes] = waiter_.wait(rules_.deadline, [&](Stream::Done done) {
      stream_->read_some(asio::buffer(buffer_), std::move(done));
    });
    reader.add({buffer_.data(), bytes});
    if (!error || reader.whole()) return;
    if (error == asio::error::eof) return reader.end();
    fail("an answer", unsent ? unsent : error);
  }

  [[noreturn]] void fail(const std::string& expected, const ErrorCode& error) const {
    const std::string found = error == asio::error::timed_out ? "nothing in time" : error.message();
    throw Error(ErrorKind::unavailable, url_.origin(), "expected " + expected + ", found: " + found,
                Error::Retry::temporary);
  }

  const Url& url_;
  asio::ssl::context& tls_;
  const ExchangeRules& rules_;
  const std::stop_token& stop_;
  Waiter waiter_;
  std::unique_ptr<Stream> stream_;
  std::array<char, kReadSize> buffer_;
};

}  // namespace

std::string request_bytes(const Url& url, const HttpRequest& request) {
  const auto require = [](bool holds, const std::string& message) {
    if (!holds) throw Error(ErrorKind::invalid_argument, "HTTP request", message);
  };
  require(is_token(request.method), "expected a method, found another word");
  require(request.target.empty(), "expected the target in the URL, found one beside it");
  std::string bytes = request.method + ' ' + url.target + " HTTP/1.1\r\nHost: " + url.authority +
                      "\r\nConnection: close\r\n";
  for (const auto& [name, value] : request.headers) {
    require(is_token(name), "expected the name of a header, found other bytes");
    require(!is_one_of(name, kOfTheClient),
            "expected no header " + name + ", which the client writes");
    require(is_field_value(value), "expected one line in the header " + name + ", found more");
    bytes += name + ": " + value + "\r\n";
  }
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
    bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return bytes + "\r\n" + request.body;
}

HttpResponse exchange(const Url& url, const std::string& method, const std::string& bytes,
                      asio::ssl::context& tls, const ExchangeRules& rules,
                      const std::stop_token& stop) {
  return with_machine(url.host, [&] {
    Exchange one(url, tls, rules, stop);
    one.connect();
    return one.ask(method, bytes);
  });
}

}  // namespace net
}  // namespace v0
}  // namespace atp
