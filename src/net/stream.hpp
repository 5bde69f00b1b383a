// SPDX-License-Identifier: Apache-2.0
/// One TCP connection, with TLS or without, for this layer's sources only. It belongs to the thread
/// that runs its io_context; at most one operation at a time.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "atp/core/error.hpp"
#include "atp/core/file_system.hpp"

namespace atp {
inline namespace v0 {
namespace net {

using Tcp = boost::asio::ip::tcp;
using ErrorCode = boost::system::error_code;

/// Runs `act`; where the machine has no descriptor or memory left for it, which Boost says by its
/// own exceptions, throws unavailable, temporary.
template <class Act>
auto with_machine(const std::string& subject, const Act& act) {
  try {
    return act();
  } catch (const boost::system::system_error& error) {
    throw Error(ErrorKind::unavailable, subject, error.what(), Error::Retry::temporary);
  }
}

class Stream {
 public:
  /// Called from the io_context, with what went wrong and how many bytes went.
  using Done = std::function<void(const ErrorCode&, std::size_t)>;

  explicit Stream(Tcp::socket socket) : socket_(std::move(socket)) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void connect(const Tcp::endpoint& endpoint, Done done);
  void shake_hands_as_client(boost::asio::ssl::context& tls, const std::string& host, Done done);
  void shake_hands_as_server(boost::asio::ssl::context& tls, Done done);
  /// Why the server's certificate was refused; empty where it was not.
  std::string certificate_problem() const;

  void read_some(boost::asio::mutable_buffer into, Done done);
  void write(boost::asio::const_buffer bytes, Done done);
  void write_some(boost::asio::const_buffer bytes, Done done);
  /// Says that no more comes, then throws away what still does, so that the peer can read the last
  /// answer. Done when the peer closes; never successful.
  void finish(boost::asio::mutable_buffer scratch, Done done);
  /// What is under way ends with operation_aborted.
  void cancel();
  void close();

 private:
  void discard(boost::asio::mutable_buffer scratch, Done done);

  Tcp::socket socket_;
  std::unique_ptr<boost::asio::ssl::stream<Tcp::socket&>> tls_;
};

/// Without `authorities` the system's. Throws: invalid_argument for those that are not readable as
/// PEM.
boost::asio::ssl::context client_tls(const std::optional<Path>& authorities);
/// Throws: invalid_argument for what is no PEM, and for a key of another certificate.
boost::asio::ssl::context server_tls(const std::string& certificates, const std::string& key);

}  // namespace net
}  // namespace v0
}  // namespace atp
