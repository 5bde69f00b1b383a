// SPDX-License-Identifier: Apache-2.0
/// One connection of the server, from its first byte to its last; for this layer's sources only.
/// It lives as long as it has something under way, and belongs to the io_context's thread.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <set>
#include <string>

#include "atp/net/http_server.hpp"
#include "net/request_reader.hpp"
#include "net/stream.hpp"

namespace atp {
inline namespace v0 {
namespace net {

class Session;

/// What the sessions of a server share.
struct Serving {
  HttpLimits limits;
  HttpHandler handler;
  boost::asio::io_context& io;
  boost::asio::thread_pool& workers;
  boost::asio::ssl::context* tls;  ///< Null without TLS.
  std::set<Session*> sessions{};
  std::size_t turned_away = 0;  ///< Of the sessions, and those that gave way; they take no place.
  bool stopping = false;
};

/// The peer's address, of IPv6 its /64; empty where it is gone.
std::string host_of(const Tcp::socket& socket);

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Serving& serving, Tcp::socket socket);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start();
  /// Says that the server is full, and closes.
  void turn_away();
  /// Closes, once what is being answered is.
  void stop();
  /// Closes for somebody else's sake.
  void give_way();

  /// Whose share of the connections it takes.
  const std::string& host() const { return host_; }
  bool takes_place() const { return !turned_away_; }
  /// Nothing is being answered: it is the peer who keeps the server waiting.
  bool waits() const { return phase_ != Phase::answering; }
  std::chrono::steady_clock::time_point waits_since() const { return since_; }

 private:
  enum class Phase { idle, head, body, answering, writing, finishing };

  void read();
  void go_on();
  void enter_reading_phase();
  void write_continue();
  void hand_over();
  void answer(const HttpResponse& response, bool keep_alive, bool head_only);
  void finish();
  void enter(Phase phase, std::chrono::milliseconds time);
  void time_is_up();
  void refuse(int status, std::string_view reason);

  Serving& serving_;
  const std::string host_;
  Stream stream_;
  boost::asio::steady_timer timer_;
  RequestReader reader_;
  Phase phase_ = Phase::idle;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  bool late_ = false;  ///< The time of a phase in which is read is up.
  bool turned_away_ = false;
  bool continued_ = false;
  std::array<char, 4096> in_;
  std::string out_;
};

}  // namespace net
}  // namespace v0
}  // namespace atp
