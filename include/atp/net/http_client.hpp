// SPDX-License-Identifier: Apache-2.0
/// An HTTP/1.1 client: connections that are kept, TLS 1.2 or later with the host's name verified,
/// bodies that need not fit into memory. It follows no redirects, keeps no cookies and asks no
/// proxy. Clients are thread-safe.
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
#include "atp/core/random.hpp"
#include "atp/core/stream.hpp"
#include "atp/net/http.hpp"

namespace atp {
inline namespace v0 {

/// Bodies that go past as they come.
struct HttpBodies {
  /// The request's, instead of `HttpRequest::body`: its first `length` bytes, opened anew for each
  /// attempt.
  std::function<std::unique_ptr<ByteSource>()> send = {};
  std::uint64_t length = 0;
  /// Gets the body of an answer of status 2xx; that of another is in the answer. Once it has got a
  /// byte, nothing is tried again.
  ByteSink* receive = nullptr;
};

class ATP_EXPORT HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// The answer to `request`, whatever its status. `url` is `http` or `https`, without user info
  /// and fragment; errors name its scheme, host and port only. The client writes Host,
  /// Content-Length and Connection itself.
  /// Throws: unavailable for a server that refused, broke off, did not answer in time, or not in
  /// HTTP (temporary), and for more than the limit (permanent); untrusted for a certificate that
  /// does not verify; invalid_argument for another URL, and for a request that cannot be written as
  /// it is or has a target; cancelled, within some 100 ms of the stop.
  HttpResponse send(const std::string& url, const HttpRequest& request,
                    const std::stop_token& stop) {
    return transfer(url, request, {}, stop);
  }
  /// The same with such bodies. Throws: as `send`, and at once what they throw; invalid_argument
  /// for a body that ends before its length.
  virtual HttpResponse transfer(const std::string& url, const HttpRequest& request,
                                const HttpBodies& bodies, const std::stop_token& stop) = 0;
};

struct HttpClientOptions {
  /// To find the host, connect and agree on TLS; one attempt.
  std::chrono::milliseconds connect_timeout{5000};
  /// All of a `send`, with attempts and the pauses between them. Where a body goes past: how long
  /// no byte of it may go, and how long an answer's head may take, at each attempt.
  std::chrono::milliseconds timeout{15000};
  std::size_t response_limit = 1 << 20;  ///< Bytes of a body; a head has 64 KiB at most.
  /// PEM; the system's without it.
  std::optional<Path> certificate_authorities{};
  /// For a repeatable request: temporary errors and 429, 502, 503 and 504 are tried again, so many
  /// times in all, after pauses that double. `Retry-After` is waited for where it is in seconds
  /// and time is left, else the answer stands.
  unsigned attempts = 3;
  /// A connection over which a repeatable request was answered whole is kept for so long for the
  /// next one to its server, 16 of them at most, each with four descriptors; they are closed at the
  /// next request after that. What is not repeatable has a connection of its own: whether a request
  /// that ended unanswered was done, nobody could tell.
  std::chrono::milliseconds kept_for{15000};
};

/// Pauses are of a length that `random` has a part in. Throws: invalid_argument for authorities
/// that are no PEM; not_found and others of the file.
ATP_EXPORT std::shared_ptr<HttpClient> make_http_client(
    const HttpClientOptions& options,
    std::shared_ptr<Random> random = std::make_shared<SystemRandom>());

}  // namespace v0
}  // namespace atp
