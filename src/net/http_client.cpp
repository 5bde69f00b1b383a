// SPDX-License-Identifier: Apache-2.0
#include "atp/net/http_client.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
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
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kFirstPause{100};
constexpr unsigned kMostDoublings = 6;
constexpr std::size_t kMostKept = 16;
constexpr std::uint64_t kLongestPause = 999'999;  ///< Seconds.

bool is_busy(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

/// Between half of the pause and all of it, so that clients that failed together part.
milliseconds pause_before(unsigned attempt, Random& random) {
  const milliseconds most = kFirstPause * (1 << std::min(attempt - 1, kMostDoublings));
  std::array<std::byte, 1> byte{};
  random.fill(byte);
  return most / 2 + most / 2 * std::to_integer<int>(byte[0]) / 255;
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

/// Connections that wait for another request. Thread-safe.
class Kept {
 public:
  explicit Kept(milliseconds time) : time_(time) {}

  /// The one used last, which is the least likely to have been closed; null where there is none.
  std::unique_ptr<net::Connection> take(const std::string& origin) {
    const std::lock_guard lock(mutex_);
    forget_old();
    const auto found = std::ranges::find(rows_, origin, &Row::origin);
    if (found == rows_.end()) return nullptr;
    auto connection = std::move(found->connection);
    rows_.erase(found);
    return connection;
  }

  void put(const std::string& origin, std::unique_ptr<net::Connection> connection) {
    const std::lock_guard lock(mutex_);
    rows_.push_front({origin, SteadyClock::now(), std::move(connection)});
    forget_old();
  }

 private:
  struct Row {
    std::string origin;
    SteadyClock::time_point since;
    std::unique_ptr<net::Connection> connection;
  };

  void forget_old() {
    while (!rows_.empty() &&
           (rows_.size() > kMostKept || SteadyClock::now() - rows_.back().since >= time_)) {
      rows_.pop_back();
    }
  }

  const milliseconds time_;
  std::mutex mutex_;
  std::deque<Row> rows_;  ///< The one used last first.
};

/// Knows whether a byte of a body has come through.
class Watched final : public ByteSink {
 public:
  explicit Watched(ByteSink* sink) : sink_(sink) {}
  void write(ByteView bytes) override {
    begun_ = true;
    sink_->write(bytes);
  }
  bool begun() const { return begun_; }

 private:
  ByteSink* sink_;
  bool begun_ = false;
};

class Client final : public HttpClient {
 public:
  Client(const HttpClientOptions& options, std::shared_ptr<Random> random)
      : options_(options),
        random_(std::move(random)),
        tls_(net::client_tls(options.certificate_authorities)),
        kept_(options.kept_for) {}

  HttpResponse transfer(const std::string& url, const HttpRequest& request, const HttpBodies& asked,
                        const std::stop_token& stop) override {
    Watched watched(asked.receive);
    HttpBodies bodies = asked;
    if (bodies.receive != nullptr) bodies.receive = &watched;
    const net::Url to = net::parse_url(url);
    const std::string bytes = net::request_bytes(to, request, bodies);
    net::ExchangeRules rules{.connect_timeout = options_.connect_timeout,
                             .deadline = SteadyClock::now() + options_.timeout,
                             .response_limit = options_.response_limit};
    if (bodies.send || bodies.receive != nullptr) rules.silence = options_.timeout;
    for (unsigned attempt = 1;; ++attempt) {
      const bool last = !request.repeatable || attempt >= options_.attempts;
      std::optional<milliseconds> wait;
      const auto in_time = [&] {
        return !last && wait && SteadyClock::now() + *wait < rules.deadline;
      };
      try {
        HttpResponse response = ask(to, request, bytes, bodies, rules, stop);
        if (!is_busy(response.status)) return response;
        wait = pause_asked_for(response, pause_before(attempt, *random_));
        if (!in_time()) return response;
      } catch (const Error& error) {
        wait = pause_before(attempt, *random_);
        if (!error.temporary() || watched.begun() || !in_time()) throw;
      }
      pause(*wait, stop);
    }
  }

 private:
  HttpResponse ask(const net::Url& to, const HttpRequest& request, const std::string& bytes,
                   const HttpBodies& bodies, const net::ExchangeRules& rules,
                   const std::stop_token& stop) {
    if (request.repeatable) {
      if (auto kept = kept_.take(to.origin()); kept && kept->is_open()) {
        try {
          HttpResponse response = kept->ask(request.method, bytes, bodies, rules, stop);
          keep(to, std::move(kept));
          return response;
        } catch (const Error& error) {
          // The server has closed it meanwhile: that is no attempt that failed.
          if (!error.temporary() || kept->answered()) throw;
        }
      }
    }
    auto fresh = std::make_unique<net::Connection>(to, tls_, rules, stop);
    HttpResponse response = fresh->ask(request.method, bytes, bodies, rules, stop);
    keep(to, std::move(fresh));
    return response;
  }

  void keep(const net::Url& to, std::unique_ptr<net::Connection> connection) {
    if (connection->is_open()) kept_.put(to.origin(), std::move(connection));
  }

  const HttpClientOptions options_;
  const std::shared_ptr<Random> random_;
  boost::asio::ssl::context tls_;
  Kept kept_;
};

}  // namespace

std::shared_ptr<HttpClient> make_http_client(const HttpClientOptions& options,
                                             std::shared_ptr<Random> random) {
  return std::make_shared<Client>(options, std::move(random));
}

}  // namespace v0
}  // namespace atp
