// SPDX-License-Identifier: Apache-2.0
/// Requests and their answers over one connection, for this layer's sources only.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "atp/net/http_client.hpp"
#include "net/resolve.hpp"
#include "net/url.hpp"

namespace atp {
inline namespace v0 {
namespace net {

struct ExchangeRules {
  std::chrono::milliseconds connect_timeout;
  Deadline deadline;
  /// While a body goes past: how long no byte may go, and how long the head of an answer may take.
  std::optional<std::chrono::milliseconds> silence = {};
  /// How long the first byte of an answer may take; the deadline without it.
  std::optional<std::chrono::milliseconds> first_byte = {};
  std::size_t response_limit;
};

/// The request as it is sent, without what `bodies` has of it. Throws: invalid_argument for what
/// would not be read back as it is.
std::string request_bytes(const Url& url, const HttpRequest& request, const HttpBodies& bodies);

/// One connection to a server. It belongs to one thread at a time.
class Connection {
 public:
  /// Throws: unavailable, untrusted, cancelled.
  Connection(const Url& url, boost::asio::ssl::context& tls, const ExchangeRules& rules,
             const std::stop_token& stop);
  ~Connection();

  /// Sends a request and gets its answer. After an error the connection is of no use. Throws:
  /// unavailable, cancelled, and what `bodies` throw.
  HttpResponse ask(const std::string& method, const std::string& bytes, const HttpBodies& bodies,
                   const ExchangeRules& rules, const std::stop_token& stop);
  /// Whether a byte of the last answer came.
  bool answered() const;
  /// Whether another request may follow the last answer, as far as can be seen.
  bool is_open();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace net
}  // namespace v0
}  // namespace atp
