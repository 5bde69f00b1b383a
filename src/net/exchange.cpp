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

constexpr std::size_t kReadSize = 64 << 10;
constexpr std::size_t kWriteSize = 256 << 10;

/// Headers that say how a message is carried: the client's own.
constexpr std::array<std::string_view, 8> kOfTheClient = {
    "host", "content-length", "transfer-encoding", "connection",
    "te",   "trailer",        "upgrade",           "expect"};

/// Runs one operation after another.
class Waiter {
 public:
  asio::io_context& io() { return io_; }

  struct Outcome {
    ErrorCode error;
    std::size_t bytes = 0;
  };
  /// What `start` came to; timed_out at the deadline, and the operation is still under way then.
  /// Throws: cancelled.
  Outcome wait(Deadline deadline, const std::stop_token& stop,
               const std::function<void(Stream::Done)>& start) {
    const auto outcome = std::make_shared<std::optional<Outcome>>();
    io_.restart();
    const std::stop_callback stopper(stop, [this] { io_.stop(); });
    throw_if_stopped(stop);
    start([outcome](const ErrorCode& error, std::size_t bytes) {
      *outcome = Outcome{.error = error, .bytes = bytes};
    });
    while (!*outcome) {
      if (io_.run_one_until(deadline) > 0) continue;
      throw_if_stopped(stop);
      if (Clock::now() >= deadline) return {.error = asio::error::timed_out};
    }
    return **outcome;
  }

  /// What `start` came to at once; nothing where it would have to wait: then `cancel` ends it.
  std::optional<Outcome> poll(const std::function<void(Stream::Done)>& start,
                              const std::function<void()>& cancel) {
    const auto outcome = std::make_shared<std::optional<Outcome>>();
    io_.restart();
    start([outcome](const ErrorCode& error, std::size_t bytes) {
      *outcome = Outcome{.error = error, .bytes = bytes};
    });
    io_.poll();
    if (*outcome) return *outcome;
    cancel();
    io_.restart();
    while (!*outcome && io_.run_one() > 0) {
    }
    const bool nothing = *outcome && (*outcome)->error == asio::error::operation_aborted;
    return nothing ? std::nullopt : *outcome;
  }

 private:
  asio::io_context io_;
};

}  // namespace

class Connection::Impl {
 public:
  explicit Impl(const Url& url) : url_(url) {}

  void connect(asio::ssl::context& tls, const ExchangeRules& rules, const std::stop_token& stop) {
    const Deadline deadline = std::min(rules.deadline, Clock::now() + rules.connect_timeout);
    const Addresses addresses = resolve(url_.host, deadline, stop, look_up);
    ErrorCode error = asio::error::host_not_found;
    for (std::size_t tried = 0; tried < addresses.size(); ++tried) {
      const auto share = (deadline - Clock::now()) / static_cast<long>(addresses.size() - tried);
      error = connect_to(addresses[tried], Clock::now() + share, stop);
      if (!error) return shake_hands(tls, deadline, stop);
    }
    fail("a connection", error);
  }

  HttpResponse ask(const std::string& method, const std::string& bytes, const HttpBodies& bodies,
                   const ExchangeRules& rules, const std::stop_token& stop) {
    answered_ = false;
    is_open_ = false;
    // Who does not want all of the request may have answered all the same.
    ResponseReader reader(url_.origin(), rules.response_limit, method == "HEAD", bodies.receive);
    ErrorCode unsent = write(bytes, rules, stop);
    if (bodies.send && !unsent) unsent = write_body(bodies, reader, rules, stop);
    if (unsent == asio::error::timed_out && !take_what_came(reader, stop)) {
      fail("the request to be taken", unsent);
    }
    const Deadline sent = Clock::now();
    while (!reader.whole()) read(reader, unsent, deadline_of(reader, sent, rules), stop);
    is_open_ = !unsent && !has_ended_ && reader.goes_on();
    return reader.take();
  }

  bool answered() const { return answered_; }
  /// A peer that has closed, or said what nobody asked for, cannot be asked again: its words would
  /// be taken for the answer.
  bool is_open() {
    if (!is_open_) return false;
    is_open_ = !poll();
    return is_open_;
  }

 private:
  Deadline deadline_of(const ResponseReader& reader, Deadline sent,
                       const ExchangeRules& rules) const {
    if (!answered_ && rules.first_byte) return std::min(rules.deadline, sent + *rules.first_byte);
    if (!rules.silence) return rules.deadline;
    return (reader.passes() ? Clock::now() : sent) + *rules.silence;
  }

  ErrorCode connect_to(const asio::ip::address& address, Deadline deadline,
                       const std::stop_token& stop) {
    stream_ = std::make_unique<Stream>(Tcp::socket(waiter_.io()));
    return waiter_
        .wait(deadline, stop,
              [&](Stream::Done done) {
                stream_->connect({address, url_.port}, std::move(done));
              })
        .error;
  }

  void shake_hands(asio::ssl::context& tls, Deadline deadline, const std::stop_token& stop) {
    if (!url_.tls) return;
    const ErrorCode error =
        waiter_
            .wait(deadline, stop,
                  [&](Stream::Done done) {
                    stream_->shake_hands_as_client(tls, url_.host, std::move(done));
                  })
            .error;
    if (!error) return;
    const std::string problem = stream_->certificate_problem();
    if (problem.empty()) fail("TLS", error);
    throw Error(ErrorKind::untrusted, url_.origin(),
                "expected a certificate that verifies, found: " + problem);
  }

  ErrorCode write(std::string_view bytes, const ExchangeRules& rules, const std::stop_token& stop) {
    while (!bytes.empty()) {
      const Deadline deadline = rules.silence ? Clock::now() + *rules.silence : rules.deadline;
      const auto [error, size] = waiter_.wait(deadline, stop, [&](Stream::Done done) {
        stream_->write_some(asio::buffer(bytes.data(), bytes.size()), std::move(done));
      });
      if (error) return error;
      bytes.remove_prefix(size);
    }
    return {};
  }

  /// Ends with an error where an answer has come before all was sent.
  ErrorCode write_body(const HttpBodies& bodies, ResponseReader& reader, const ExchangeRules& rules,
                       const std::stop_token& stop) {
    const auto source = bodies.send();
    piece_.resize(kWriteSize);
    for (std::uint64_t left = bodies.length; left > 0;) {
      if (take_what_came(reader, stop)) return asio::error::operation_aborted;
      const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece_.size()));
      const std::size_t size = source->read(MutableByteView(piece_).first(most));
      if (size == 0) {
        throw Error(ErrorKind::invalid_argument, url_.origin(),
                    "expected a body of " + std::to_string(bodies.length) + " bytes, found " +
                        std::to_string(bodies.length - left));
      }
      if (const ErrorCode error = write(as_text(ByteView(piece_).first(size)), rules, stop)) {
        return error;
      }
      left -= size;
    }
    return {};
  }

  /// What has come already, without waiting; nothing where nothing has.
  std::optional<Waiter::Outcome> poll() {
    return waiter_.poll(
        [&](Stream::Done done) { stream_->read_some(asio::buffer(buffer_), std::move(done)); },
        [&] { stream_->cancel(); });
  }

  bool take_what_came(ResponseReader& reader, const std::stop_token& stop) {
    throw_if_stopped(stop);
    const auto came = poll();
    if (came) take_in(reader, *came, {});
    return came.has_value();
  }

  void read(ResponseReader& reader, const ErrorCode& unsent, Deadline deadline,
            const std::stop_token& stop) {
    const auto outcome = waiter_.wait(deadline, stop, [&](Stream::Done done) {
      stream_->read_some(asio::buffer(buffer_), std::move(done));
    });
    take_in(reader, outcome, unsent);
  }

  void take_in(ResponseReader& reader, const Waiter::Outcome& outcome, const ErrorCode& unsent) {
    const auto& [error, bytes] = outcome;
    answered_ = answered_ || bytes > 0;
    has_ended_ = has_ended_ || error;
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

  const Url url_;
  Bytes piece_;  ///< Of a body; here, since a write that timed out still looks at it.
  Waiter waiter_;
  std::unique_ptr<Stream> stream_;
  std::array<char, kReadSize> buffer_;
  bool answered_ = false;
  bool has_ended_ = false;
  bool is_open_ = false;
};

Connection::Connection(const Url& url, asio::ssl::context& tls, const ExchangeRules& rules,
                       const std::stop_token& stop) {
  with_machine(url.host, [&] {
    impl_ = std::make_unique<Impl>(url);
    impl_->connect(tls, rules, stop);
  });
}
Connection::~Connection() = default;

HttpResponse Connection::ask(const std::string& method, const std::string& bytes,
                             const HttpBodies& bodies, const ExchangeRules& rules,
                             const std::stop_token& stop) {
  return with_machine("HTTP", [&] { return impl_->ask(method, bytes, bodies, rules, stop); });
}
bool Connection::answered() const { return impl_->answered(); }
bool Connection::is_open() { return impl_->is_open(); }

std::string request_bytes(const Url& url, const HttpRequest& request, const HttpBodies& bodies) {
  const auto require = [](bool holds, const std::string& message) {
    if (!holds) throw Error(ErrorKind::invalid_argument, "HTTP request", message);
  };
  require(is_token(request.method), "expected a method, found another word");
  require(request.target.empty(), "expected the target in the URL, found one beside it");
  require(!bodies.send || request.body.empty(), "expected one body, found two");
  std::string bytes = request.method + ' ' + url.target + " HTTP/1.1\r\nHost: " + url.authority +
                      (request.repeatable ? "\r\n" : "\r\nConnection: close\r\n");
  for (const auto& [name, value] : request.headers) {
    require(is_token(name), "expected the name of a header, found other bytes");
    require(!is_one_of(name, kOfTheClient),
            "expected no header " + name + ", which the client writes");
    require(is_field_value(value), "expected one line in the header " + name + ", found more");
    bytes += name + ": " + value + "\r\n";
  }
  const std::uint64_t length = bodies.send ? bodies.length : request.body.size();
  if (length > 0 || (request.method != "GET" && request.method != "HEAD")) {
    bytes += "Content-Length: " + std::to_string(length) + "\r\n";
  }
  return bytes + "\r\n" + request.body;
}

}  // namespace net
}  // namespace v0
}  // namespace atp
