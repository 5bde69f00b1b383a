// SPDX-License-Identifier: Apache-2.0
/// A server that runs on a thread of its own until it goes.
#pragma once

#include <string>
#include <thread>

#include "atp/net/http_server.hpp"

namespace atp::test {

class RunningServer {
 public:
  explicit RunningServer(HttpHandler handler, const HttpServerOptions& options = {})
      : server_(options, std::move(handler)),
        thread_([this](const std::stop_token& stop) { server_.run(stop); }) {}

  std::uint16_t port() const { return server_.port(); }
  std::string url(const std::string& target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port()) + target;
  }
  /// Returns when the server has ended.
  void stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  HttpServer server_;
  std::jthread thread_;
};

/// Answers with what it was asked.
inline HttpResponse echo(const HttpRequest& request) {
  return {.status = 200,
          .headers = {{"Content-Type", "text/plain"}},
          .body = request.method + ' ' + request.target + ' ' + request.body};
}

}  // namespace atp::test
