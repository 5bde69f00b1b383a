// SPDX-License-Identifier: Apache-2.0
/// Sockets without any HTTP, on the loopback address: for peers that lie, and for bytes that no
/// client would send.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace atp::test {

using namespace std::chrono_literals;

/// Longer than anything takes here on however slow a machine: only a test that fails waits so long.
constexpr std::chrono::milliseconds kEventually = 60s;

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

inline bool has_ipv6() {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const int descriptor = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool bound =
      ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(descriptor);
  return bound;
}

/// Asks for a stop some time from now.
inline std::jthread stop_after(std::stop_source& source, std::chrono::milliseconds time) {
  return std::jthread([&source, time] {
    std::this_thread::sleep_for(time);
    source.request_stop();
  });
}

class RawSocket {
 public:
  explicit RawSocket(int descriptor) : descriptor_(descriptor) {}
  /// Connects, from 127.0.0.`host`.
  static RawSocket to(std::uint16_t port, std::uint32_t host = 1) {
    RawSocket made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in own = loopback(0);
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + host);
    if (::bind(made.descriptor_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
      throw std::runtime_error("no address");
    }
    const sockaddr_in address = loopback(port);
    if (::connect(made.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
        0) {
      throw std::runtime_error("no connection");
    }
    return made;
  }
  RawSocket(RawSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;
  ~RawSocket() { close(); }

  /// False where the peer is gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      was_reset_ = was_reset_ || sent < 0;
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// What has come; empty where the peer has closed, or nothing came in `time`.
  std::string receive(std::chrono::milliseconds time = kEventually) {
    pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(time.count())) != 1) return {};
    std::string bytes(64 << 10, '\0');
    const ssize_t got = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    was_reset_ = was_reset_ || got < 0;
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  /// The peer threw away what it was sent, and this side may never have got its last words.
  bool was_reset() const { return was_reset_; }
  /// All that comes until `end` has, or the peer closes.
  std::string receive_until(std::string_view end) {
    std::string all;
    while (all.find(end) == all.npos) {
      const std::string more = receive();
      if (more.empty()) break;
      all += more;
    }
    return all;
  }
  std::string receive_all() { return receive_until("\xff\xfe no such end"); }
  /// Whether the peer closes the connection in `time`; what it sends before is passed over.
  bool closes_within(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now());
      pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
      if (left < 0ms || ::poll(&waiting, 1, static_cast<int>(left.count())) != 1) return false;
      char bytes[4096];
      if (::recv(descriptor_, bytes, sizeof bytes, 0) <= 0) return true;
    }
  }
  bool closes() { return closes_within(kEventually); }
  void end_sending() { ::shutdown(descriptor_, SHUT_WR); }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  bool was_reset_ = false;
};

/// Takes one connection after another and does with each what the test says.
class RawServer {
 public:
  /// `script` gets the connection and how many came before it; it closes when `script` returns.
  explicit RawServer(std::function<void(RawSocket&, int)> script)
      : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), script_(std::move(script)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listening_.descriptor(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listening_.descriptor(), 64) != 0 ||
        ::getsockname(listening_.descriptor(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no port to listen at");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~RawServer() {
    ::shutdown(listening_.descriptor(), SHUT_RDWR);
    thread_.join();
  }

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }
  int connections() const { return connections_; }

 private:
  void serve() {
    for (;;) {
      RawSocket socket(::accept(listening_.descriptor(), nullptr, nullptr));
      if (socket.descriptor() < 0) return;
      script_(socket, connections_++);
    }
  }

  RawSocket listening_;
  std::function<void(RawSocket&, int)> script_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

/// A script: reads a request and answers with `bytes`.
inline std::function<void(RawSocket&, int)> answering(std::string bytes) {
  return [bytes = std::move(bytes)](RawSocket& socket, int) {
    socket.receive_until("\r\n\r\n");
    socket.send(bytes);
    socket.end_sending();
    socket.closes();
  };
}

/// A script: says nothing until the client has gone, however long that takes.
inline void stay_silent(RawSocket& socket, int) { socket.closes_within(24h); }

}  // namespace atp::test
