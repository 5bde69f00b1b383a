// SPDX-License-Identifier: Apache-2.0
#include "atp/net/http_client.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <type_traits>

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
constexpr int kRequestTimeout = 408;
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

  /// One that is open, the one used last first, which is the least likely to have been closed; null
  /// where there is none.
  std::unique_ptr<net::Connection> take(const std::string& origin) {
    while (auto connection = take_any(origin)) {
      if (connection->is_open()) return connection;
    }
    return nullptr;
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

  std::unique_ptr<net::Connection> take_any(const std::string& origin) {
    const std::lock_guard lock(mutex_);
    forget_old();
    const auto found = std::ranges::find(rows_, origin, &Row::origin);
    if (found == rows_.end()) return nullptr;
    auto connection = std::move(found->connection);
    rows_.erase(found);
    return connection;
  }

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

/// The bodies of one transfer, which knows what went through them, and what they threw: that is
/// nobody's at the other end.
class Passing {
  template <class Act>
  std::invoke_result_t<Act> guarded(const Act& act) {
    try {
      return act();
    } catch (...) {
      thrown_ = std::current_exception();
      throw;
    }
  }

 public:
  explicit Passing(const HttpBodies& asked) : asked_(asked) {
    if (asked_.send) {
      bodies_.send = [this] { return guarded([&] { return open(); }); };
      bodies_.length = asked_.length;
    }
    if (asked_.receive != nullptr) bodies_.receive = &sink_;
  }
  Passing(const Passing&) = delete;
  Passing& operator=(const Passing&) = delete;

  const HttpBodies& bodies() const { return bodies_; }
  bool empty() const { return !bodies_.send && bodies_.receive == nullptr; }
  bool has_received() const { return has_received_; }
  bool has_thrown() const { return thrown_ != nullptr; }
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  class Source final : public ByteSource {
   public:
    Source(Passing& passing, std::unique_ptr<ByteSource> inner)
        : passing_(passing), inner_(std::move(inner)) {}
    std::size_t read(MutableByteView out) override {
      return passing_.guarded([&] { return inner_->read(out); });
    }

   private:
    Passing& passing_;
    std::unique_ptr<ByteSource> inner_;
  };

  class Sink final : public ByteSink {
   public:
    explicit Sink(Passing& passing) : passing_(passing) {}
    void write(ByteView bytes) override {
      passing_.has_received_ = true;
      passing_.guarded([&] { passing_.asked_.receive->write(bytes); });
    }

   private:
    Passing& passing_;
  };

  std::unique_ptr<ByteSource> open() { return std::make_unique<Source>(*this, asked_.send()); }

  const HttpBodies& asked_;
  HttpBodies bodies_ = {};
  Sink sink_{*this};
  bool has_received_ = false;
  std::exception_ptr thrown_ = {};
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
    Passing passing(asked);
    const net::Url to = net::parse_url(url);
    const std::string bytes = net::request_bytes(to, request, passing.bodies());
    const Deadline end = SteadyClock::now() + options_.timeout;
    for (unsigned attempt = 1;; ++attempt) {
      const bool last = !request.repeatable || attempt >= options_.attempts;
      std::optional<milliseconds> wait;
      const auto in_time = [&] {
        // What goes past takes the time that it takes.
        const auto from = passing.empty() ? SteadyClock::now() : end - options_.timeout;
        return !last && wait && from + *wait < end;
      };
      try {
        HttpResponse response = ask({to, request, bytes, passing, end}, attempt == 1, stop);
        if (!is_busy(response.status)) return response;
        wait = pause_asked_for(response, pause_before(attempt, *random_));
        if (!in_time()) return response;
      } catch (const std::exception& thrown) {
        passing.rethrow();
        const auto* error = dynamic_cast<const Error*>(&thrown);
        wait = pause_before(attempt, *random_);
        const bool again = error != nullptr && error->temporary() && !passing.has_received();
        if (!again || !in_time()) throw;
      }
      pause(*wait, stop);
    }
  }

 private:
  using Deadline = SteadyClock::time_point;

  struct Asked {
    const net::Url& to;
    const HttpRequest& request;
    const std::string& bytes;
    const Passing& passing;
    Deadline end;
  };

  net::ExchangeRules rules_of(const Asked& asked) const {
    net::ExchangeRules rules{.connect_timeout = options_.connect_timeout,
                             .deadline = asked.end,
                             .response_limit = options_.response_limit};
    if (asked.passing.empty()) return rules;
    rules.deadline = SteadyClock::now() + options_.timeout;
    rules.silence = options_.timeout;
    return rules;
  }

  HttpResponse ask(const Asked& asked, bool may_be_kept, const std::stop_token& stop) {
    if (asked.request.repeatable && may_be_kept) {
      if (auto response = ask_kept(asked, stop)) return *std::move(response);
    }
    const net::ExchangeRules rules = rules_of(asked);
    auto fresh = std::make_unique<net::Connection>(asked.to, tls_, rules, stop);
    return ask_over(fresh, asked, rules, stop);
  }

  /// Nothing where there is none, or it ended unanswered: its server had closed it meanwhile, or is
  /// gone, and that is no attempt that failed.
  std::optional<HttpResponse> ask_kept(const Asked& asked, const std::stop_token& stop) {
    auto kept = kept_.take(asked.to.origin());
    if (!kept) return std::nullopt;
    net::ExchangeRules rules = rules_of(asked);
    rules.first_byte = options_.connect_timeout;
    try {
      HttpResponse response = ask_over(kept, asked, rules, stop);
      if (response.status != kRequestTimeout) return response;
    } catch (const Error& error) {
      if (!error.temporary() || kept->answered() || asked.passing.has_thrown()) throw;
    }
    return std::nullopt;
  }

  HttpResponse ask_over(std::unique_ptr<net::Connection>& connection, const Asked& asked,
                        const net::ExchangeRules& rules, const std::stop_token& stop) {
    HttpResponse response =
        connection->ask(asked.request.method, asked.bytes, asked.passing.bodies(), rules, stop);
    if (asked.request.repeatable && connection->is_open())
      kept_.put(asked.to.origin(), std::move(connection));
    return response;
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
