// SPDX-License-Identifier: Apache-2.0
#include "net/session.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "net/syntax.hpp"

namespace atp {
inline namespace v0 {
namespace net {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr milliseconds kFarewellTime{1000};
constexpr int kServerError = 500;
constexpr std::array<std::string_view, 3> kFraming = {"connection", "content-length",
                                                      "transfer-encoding"};

HttpResponse plain(int status, std::string_view reason) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = std::string(reason) + '\n'};
}

bool may_have_body(int status) { return status != 204 && status != 304; }

/// What a handler may return: one line a header, and none of those that frame a message.
bool can_be_written(const HttpResponse& response) {
  if (response.status < 200 || response.status > 599) return false;
  if (!may_have_body(response.status) && !response.body.empty()) return false;
  return std::all_of(response.headers.begin(), response.headers.end(), [](const auto& header) {
    const auto& [name, value] = header;
    return is_token(name) && is_field_value(value) && !is_one_of(name, kFraming);
  });
}

std::string response_bytes(const HttpResponse& response, bool keep_alive, bool head_only) {
  std::string bytes = "HTTP/1.1 " + std::to_string(response.status) + " \r\n";
  for (const auto& [name, value] : response.headers) bytes += name + ": " + value + "\r\n";
  if (find_header(response.headers, "cache-control") == nullptr) {
    bytes += "Cache-Control: no-store\r\n";
  }
  if (may_have_body(response.status)) {
    bytes += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  }
  bytes += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  return head_only ? bytes : bytes + response.body;
}

HttpResponse call(const HttpHandler& handler, const HttpRequest& request) {
  try {
    HttpResponse response = handler(request);
    if (can_be_written(response)) return response;
  } catch (...) {
    // Whoever asked learns nothing of it; what a handler wants known it catches itself.
  }
  return plain(kServerError, "internal error");
}

}  // namespace

std::string host_of(const Tcp::socket& socket) {
  ErrorCode error;
  asio::ip::address address = socket.remote_endpoint(error).address();
  if (error) return "";
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  if (address.is_v4()) return address.to_string();
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + bytes.size() / 2, bytes.end(), 0);
  return asio::ip::address_v6(bytes).to_string();
}

Session::Session(Serving& serving, Tcp::socket socket)
    : serving_(serving),
      host_(host_of(socket)),
      stream_(std::move(socket)),
      timer_(serving.io),
      reader_(serving.limits) {
  serving_.sessions.insert(this);
}

Session::~Session() {
  serving_.sessions.erase(this);
  if (turned_away_) --serving_.turned_away;
}

void Session::start() {
  enter(Phase::idle, serving_.limits.head_time);
  if (serving_.tls == nullptr) return read();
  stream_.shake_hands_as_server(*serving_.tls,
                                [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                                  if (error) return self->stream_.close();
                                  self->read();
                                });
}

void Session::turn_away() {
  turned_away_ = true;
  ++serving_.turned_away;
  if (serving_.tls == nullptr) refuse(503, "expected fewer connections");
}

void Session::stop() {
  if (phase_ != Phase::answering && phase_ != Phase::writing) stream_.close();
}

void Session::give_way() {
  turned_away_ = true;
  ++serving_.turned_away;
  stream_.close();
}

void Session::read() {
  stream_.read_some(asio::buffer(in_),
                    [self = shared_from_this()](const ErrorCode& error, std::size_t bytes) {
                      if (self->late_) return self->refuse(408, "expected a request in time");
                      if (error) return self->stream_.close();
                      self->reader_.add({self->in_.data(), bytes});
                      self->go_on();
                    });
}

void Session::go_on() {
  if (serving_.stopping) return stream_.close();
  if (reader_.refused()) return refuse(reader_.refusal().status, reader_.refusal().reason);
  if (reader_.whole()) return hand_over();
  enter_reading_phase();
  if (reader_.expects_continue() && !std::exchange(continued_, true)) return write_continue();
  read();
}

/// A phase has its time from its beginning, however much comes in it.
void Session::enter_reading_phase() {
  if (reader_.idle()) {
    if (phase_ != Phase::idle) enter(Phase::idle, serving_.limits.idle_time);
  } else if (reader_.in_head()) {
    if (phase_ != Phase::head) enter(Phase::head, serving_.limits.head_time);
  } else if (phase_ != Phase::body) {
    enter(Phase::body, serving_.limits.body_time);
  }
}

void Session::write_continue() {
  out_ = "HTTP/1.1 100 \r\n\r\n";
  stream_.write(asio::buffer(out_),
                [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                  if (error) return self->stream_.close();
                  self->read();
                });
}

void Session::hand_over() {
  phase_ = Phase::answering;
  timer_.expires_at(asio::steady_timer::time_point::max());
  const bool keep_alive = reader_.keeps_alive();
  continued_ = false;
  asio::post(serving_.workers, [self = shared_from_this(), keep_alive, request = reader_.take(),
                                working = asio::make_work_guard(serving_.io)]() mutable {
    const bool head_only = request.method == "HEAD";
    HttpResponse response = call(self->serving_.handler, request);
    // The session goes back as a whole: its end is not this thread's.
    asio::post(working.get_executor(),
               [self = std::move(self), keep_alive, head_only, response = std::move(response)] {
                 self->answer(response, keep_alive, head_only);
               });
  });
}

void Session::refuse(int status, std::string_view reason) {
  answer(plain(status, reason), false, false);
}

void Session::answer(const HttpResponse& response, bool keep_alive, bool head_only) {
  keep_alive = keep_alive && !serving_.stopping;
  out_ = response_bytes(response, keep_alive, head_only);
  enter(Phase::writing, serving_.limits.body_time);
  stream_.write(asio::buffer(out_),
                [self = shared_from_this(), keep_alive](const ErrorCode& error, std::size_t) {
                  if (error) return self->stream_.close();
                  self->out_ = {};
                  if (!keep_alive) return self->finish();
                  self->go_on();
                });
}

void Session::finish() {
  enter(Phase::finishing, kFarewellTime);
  stream_.finish(asio::buffer(in_), [self = shared_from_this()](const ErrorCode&, std::size_t) {
    self->stream_.close();
  });
}

void Session::enter(Phase phase, milliseconds time) {
  phase_ = phase;
  since_ = std::chrono::steady_clock::now();
  timer_.expires_after(time);
  timer_.async_wait([weak = weak_from_this()](const ErrorCode&) {
    const auto self = weak.lock();
    if (self && self->timer_.expiry() <= std::chrono::steady_clock::now()) self->time_is_up();
  });
}

void Session::time_is_up() {
  if (phase_ != Phase::head && phase_ != Phase::body) return stream_.close();
  late_ = true;
  stream_.cancel();
}

}  // namespace net
}  // namespace v0
}  // namespace atp
