// SPDX-License-Identifier: Apache-2.0
/// A client that asks a function instead of a network, and keeps what it was given. Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "atp/core/progress.hpp"
#include "atp/net/http_client.hpp"

namespace atp::test {

class FakeHttpClient final : public HttpClient {
 public:
  using Answer = std::function<HttpResponse(const std::string& url, const HttpRequest&)>;

  /// What `answer` throws, `send` throws.
  explicit FakeHttpClient(Answer answer) : answer_(std::move(answer)) {}

  HttpResponse transfer(const std::string& url, const HttpRequest& request,
                        const HttpBodies& bodies, const std::stop_token& stop) override {
    throw_if_stopped(stop);
    HttpRequest whole = request;
    if (bodies.send) whole.body = as_text(read_all(*bodies.send(), bodies.length));
    {
      const std::lock_guard lock(mutex_);
      sent_.emplace_back(url, whole);
    }
    HttpResponse response = answer_(url, whole);
    if (bodies.receive != nullptr && response.status / 100 == 2) {
      bodies.receive->write(as_bytes(response.body));
      response.body.clear();
    }
    return response;
  }

  std::vector<std::pair<std::string, HttpRequest>> sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
  }

 private:
  const Answer answer_;
  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, HttpRequest>> sent_;
};

}  // namespace atp::test
