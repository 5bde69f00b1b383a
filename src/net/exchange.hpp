// SPDX-License-Identifier: Apache-2.0
/// One request and its answer over one connection, for this layer's sources only.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <stop_token>
#include <string>

#include "atp/net/http.hpp"
#include "net/resolve.hpp"
#include "net/url.hpp"

namespace atp {
inline namespace v0 {
namespace net {

struct ExchangeRules {
  std::chrono::milliseconds connect_timeout;
  Deadline deadline;
  std::size_t response_limit;
};

/// The request as it is sent. Throws: invalid_argument for what would not be read back as it is.
std::string request_bytes(const Url& url, const HttpRequest& request);

/// Sends `bytes` once. Throws: unavailable, untrusted, cancelled.
HttpResponse exchange(const Url& url, const std::string& method, const std::string& bytes,
                      boost::asio::ssl::context& tls, const ExchangeRules& rules,
                      const std::stop_token& stop);

}  // namespace net
}  // namespace v0
}  // namespace atp
