// SPDX-License-Identifier: Apache-2.0
#include "atp/net/http_server.hpp"

#include <boost/asio/post.hpp>
#include <map>
#include <string_view>

#include "atp/core/error.hpp"
#include "net/session.hpp"

namespace atp {
inline namespace v0 {
namespace {

namespace asio = boost::asio;
using net::ErrorCode;
using net::Tcp;

/// Connections beyond the limit that are told so; those beyond them are closed without a word.
constexpr std::size_t kTurnedAwayAtOnce = 32;
constexpr std::chrono::milliseconds kPauseOfAccepting{100};

std::optional<asio::ssl::context> tls_of(const std::optional<HttpServerTls>& files) {
  if (!files) return std::nullopt;
  return net::server_tls(files->certificates.string(), files->private_key.string());
}

Tcp::endpoint endpoint_of(const HttpServerOptions& options) {
  ErrorCode error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) {
    throw Error(ErrorKind::invalid_argument, options.address,
                "expected an IP address to listen at, found another word");
  }
  return {address, options.port};
}

}  // namespace

class HttpServer::Gate {
 public:
  Gate(const HttpServerOptions& options, HttpHandler handler)
      : tls_(tls_of(options.tls)),
        serving_{.limits = options.limits,
                 .handler = std::move(handler),
                 .io = io_,
                 .workers = workers_,
                 .tls = tls_ ? &*tls_ : nullptr},
        workers_(std::max(options.threads, 1U)),
        acceptor_(io_),
        timer_(io_) {
    listen(endpoint_of(options));
  }

  ~Gate() { workers_.join(); }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void run(const std::stop_token& stop) {
    accept();
    const std::stop_callback stopper(stop, [this] { asio::post(io_, [this] { close(); }); });
    io_.run();
  }

 private:
  void listen(const Tcp::endpoint& endpoint) {
    ErrorCode error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(Tcp::acceptor::max_listen_connections, error);
    if (!error) return;
    throw Error(ErrorKind::unavailable,
                endpoint.address().to_string() + " port " + std::to_string(endpoint.port()),
                "expected an address to listen at, found: " + error.message());
  }

  void accept() {
    acceptor_.async_accept([this](const ErrorCode& error, Tcp::socket socket) {
      if (serving_.stopping) return;
      if (error) return accept_later();
      welcome(std::move(socket));
      accept();
    });
  }

  /// The process has no descriptor left, mostly.
  void accept_later() {
    timer_.expires_after(kPauseOfAccepting);
    timer_.async_wait([this](const ErrorCode& error) {
      if (!error) accept();
    });
  }

  void welcome(Tcp::socket socket) {
    const bool full = !make_room(net::host_of(socket));
    if (full && serving_.turned_away >= kTurnedAwayAtOnce) return;
    ErrorCode ignored;  // It only makes answers come later.
    socket.set_option(Tcp::no_delay(true), ignored);
    const auto session = std::make_shared<net::Session>(serving_, std::move(socket));
    if (full) return session->turn_away();
    session->start();
  }

  /// Whether there is a place for one more of `host`, if need be that of somebody who waits.
  bool make_room(const std::string& host) {
    std::map<std::string_view, std::size_t> shares;
    for (const net::Session* session : serving_.sessions) {
      if (session->takes_place()) ++shares[session->host()];
    }
    const bool full =
        serving_.sessions.size() - serving_.turned_away >= serving_.limits.connections;
    const bool greedy = shares[host] >= serving_.limits.connections_of_one;
    if (!full && !greedy) return true;
    net::Session* longest = nullptr;
    const auto before = [&](const net::Session& a, const net::Session& b) {
      if (shares[a.host()] != shares[b.host()]) return shares[a.host()] > shares[b.host()];
      return a.waits_since() < b.waits_since();
    };
    for (net::Session* session : serving_.sessions) {
      const bool may_go =
          session->takes_place() && session->waits() && (!greedy || session->host() == host);
      if (may_go && (longest == nullptr || before(*session, *longest))) longest = session;
    }
    if (longest == nullptr) return false;
    longest->give_way();
    return true;
  }

  void close() {
    serving_.stopping = true;
    ErrorCode ignored;  // Nobody comes in any more, either way.
    acceptor_.close(ignored);
    timer_.cancel();
    for (net::Session* session : serving_.sessions) session->stop();
  }

  std::optional<asio::ssl::context> tls_;
  net::Serving serving_;  ///< Before what may still hold sessions when it goes.
  asio::io_context io_;
  asio::thread_pool workers_;
  Tcp::acceptor acceptor_;
  asio::steady_timer timer_;
};

HttpServer::HttpServer(const HttpServerOptions& options, HttpHandler handler)
    : gate_(net::with_machine(
          options.address, [&] { return std::make_unique<Gate>(options, std::move(handler)); })) {}
HttpServer::~HttpServer() = default;
std::uint16_t HttpServer::port() const { return gate_->port(); }
void HttpServer::run(const std::stop_token& stop) { gate_->run(stop); }

}  // namespace v0
}  // namespace atp
