// SPDX-License-Identifier: Apache-2.0
#include "atp/net/http_client.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <exception>
#include <mutex>

#include "atp/core/error.hpp"
#include "atp/core/progress.hpp"
#include "atp/core/random.hpp"
#include "net/exchange.hpp"
#include "net/stream.hpp"
#include "net/syntax.hpp"

namespace atp {
inline namespace v0 {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{100};
constexpr unsigned kMostDoublings = 6;
constexpr std::uint64_t kLongestPause = 999'999;  ///< Seconds.

bool is_busy(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

/// Between half of the pause and all of it, so that clients that failed together part.
milliseconds pause_before(unsigned attempt) {
  const milliseconds most = kFirstPause * (1 << std::min(attempt - 1, kMostDoublings));
  std::array<std::byte, 1> random{};
  SystemRandom().fill(random);
  return most / 2 + most / 2 * std::to_integer<int>(random[0]) / 255;
}

/// Nothing where the server names a time that this client does not read.
std::optional<milliseconds> pause_asked_for(const HttpResponse& response, milliseconds usual) {
  const std::string* after = find_header(response.headers, "retry-after");
  if (after == nullptr) return usual;
  const auto seconds = net::parse_number(*after);
  if (!seconds || *seconds > kLongestPause) return std::nullopt;
  return std::max<milliseconds>(usual, std::chrono::seconds(*seconds));
}

void pause(milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
  throw_if_stopped(stop);
}

class Client final : public HttpClient {
 public:
  explicit Client(const HttpClientOptions& options)
      : options_(options), tls_(net::client_tls(options.certificate_authorities)) {}

  HttpResponse send(const std::string& url, const HttpRequest& request,
                    const std::stop_token& stop) override {
    const net::Url to = net::parse_url(url);
    const std::string bytes = net::request_bytes(to, request);
    const net::ExchangeRules rules{.connect_timeout = options_.connect_timeout,
                                   .deadline = std::chrono::steady_clock::now() + options_.timeout,
                                   .response_limit = options_.response_limit};
    for (unsigned attempt = 1;; ++attempt) {
      const bool last = !request.repeatable || attempt >= options_.attempts;
      std::optional<milliseconds> wait;
      const auto in_time = [&] {
        return !last && wait && std::chrono::steady_clock::now() + *wait < rules.deadline;
      };
      try {
        HttpResponse response = net::exchange(to, request.method, bytes, tls_, rules, stop);
        if (!is_busy(response.status)) return response;
        wait = pause_asked_for(response, pause_before(attempt));
        if (!in_time()) return response;
      } catch (const Error& error) {
        wait = pause_before(attempt);
        if (!error.temporary() || !in_time()) throw;
      }
      pause(*wait, stop);
    }
  }

 private:
  const HttpClientOptions options_;
  boost::asio::ssl::context tls_;
};

}  // namespace

std::shared_ptr<HttpClient> make_http_client(const HttpClientOptions& options) {
  return std::make_shared<Client>(options);
}

}  // namespace v0
}  // namespace atp
