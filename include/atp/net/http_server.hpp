// SPDX-License-Identifier: Apache-2.0
/// A small HTTP/1.1 server with a strict gate. What two readers could understand in two ways is
/// refused with 400 and the connection closed: Transfer-Encoding other than exactly `chunked`, or
/// on HTTP/1.0, or beside Content-Length; a Content-Length that is not one number; no Host, or a
/// second Host, Authorization, Content-Length, Transfer-Encoding or Expect; folded lines, bare CR
/// or LF, NUL; targets that are not a path; extensions of chunks and trailers. Who is slow gets
/// 408, too much 413 or 431. Where all connections are taken, or all of one address's share, who
/// comes next takes the place of the one who has kept a server waiting longest, first among the
/// connections of the address that has most; where all are being answered it gets 503 (over TLS it
/// is just closed).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"
#include "atp/net/http.hpp"

namespace atp {
inline namespace v0 {

/// Called on several threads at once. What it throws becomes a 500 without detail.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

struct HttpLimits {
  std::size_t head_bytes = 8 << 10;  ///< Request line and headers.
  std::size_t headers = 64;          ///< How many.
  std::size_t body_bytes = 1 << 20;
  std::size_t connections = 256;
  std::size_t connections_of_one = 64;         ///< From one IPv4 address, or one /64 of IPv6.
  std::chrono::milliseconds head_time{5000};   ///< From the first byte, or the connection's start.
  std::chrono::milliseconds body_time{10000};  ///< Of a request; also for a response to be taken.
  std::chrono::milliseconds idle_time{30000};  ///< Between two requests.
};

/// PEM files.
struct HttpServerTls {
  Path certificates;  ///< The server's first, then those that signed it.
  Path private_key;
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";  ///< IPv4 or IPv6.
  std::uint16_t port = 0;             ///< 0: any that is free.
  unsigned threads = 4;               ///< That call the handler.
  HttpLimits limits{};
  std::optional<HttpServerTls> tls{};
};

class ATP_EXPORT HttpServer {
 public:
  /// Listens from here on. Throws: invalid_argument for what is no address or no PEM, and for a key
  /// of another certificate; not_found for a missing file; unavailable where the port is taken.
  HttpServer(const HttpServerOptions& options, HttpHandler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  /// Serves until `stop` is requested, and finishes what is being answered. Once.
  void run(const std::stop_token& stop);

 private:
  class Gate;
  std::unique_ptr<Gate> gate_;
};

}  // namespace v0
}  // namespace atp
