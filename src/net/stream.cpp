// SPDX-License-Identifier: Apache-2.0
#include "net/stream.hpp"

#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/write.hpp>

#include "atp/core/error.hpp"
#include "crypto/openssl.hpp"

namespace atp {
inline namespace v0 {
namespace net {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

/// The certificate must name `host`; and the server may choose its certificate by it.
void expect_host(SSL* connection, const std::string& host) {
  ErrorCode not_an_address;
  asio::ip::make_address(host, not_an_address);
  X509_VERIFY_PARAM* rules = SSL_get0_param(connection);
  X509_VERIFY_PARAM_set_hostflags(
      rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (not_an_address) {
    crypto::require_openssl(X509_VERIFY_PARAM_set1_host(rules, host.data(), host.size()) == 1,
                            "TLS host");
    crypto::require_openssl(SSL_set_tlsext_host_name(connection, host.c_str()) == 1, "TLS host");
  } else {
    crypto::require_openssl(X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1, "TLS host");
  }
}

ssl::context modern_tls(ssl::context::method method) {
  ssl::context tls(method);
  crypto::require_openssl(SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION) == 1,
                          "TLS version");
  SSL_CTX_set_options(tls.native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(tls.native_handle(), SSL_SESS_CACHE_OFF);
  return tls;
}

/// A bundle of all public authorities has some 200 kB.
Bytes read_pem(const Path& path) {
  constexpr std::uint64_t kLimit = 16 << 20;
  return read_file(*posix_file_system(), path, kLimit);
}

void require_pem(const ErrorCode& error, const std::string& path, const std::string& expected) {
  if (!error) return;
  ERR_clear_error();
  throw Error(ErrorKind::invalid_argument, path,
              "expected " + expected + ", found: " + error.message());
}

}  // namespace

ssl::context client_tls(const std::optional<Path>& authorities) {
  ssl::context tls = modern_tls(ssl::context::tls_client);
  tls.set_verify_mode(ssl::verify_peer);
  ErrorCode error;
  if (authorities) {
    const Bytes pem = read_pem(*authorities);
    tls.add_certificate_authority(boost::asio::buffer(pem), error);
  } else {
    tls.set_default_verify_paths(error);
  }
  require_pem(error, authorities ? authorities->string() : "the system's authorities",
              "certificates in PEM");
  return tls;
}

ssl::context server_tls(const std::string& certificates, const std::string& key) {
  ssl::context tls = modern_tls(ssl::context::tls_server);
  ErrorCode error;
  tls.use_certificate_chain(boost::asio::buffer(read_pem(certificates)), error);
  require_pem(error, certificates, "certificates in PEM");
  Bytes pem = read_pem(key);
  tls.use_private_key(boost::asio::buffer(pem), ssl::context::pem, error);
  wipe(pem);
  require_pem(error, key, "the certificate's private key in PEM");
  return tls;
}

void Stream::connect(const Tcp::endpoint& endpoint, Done done) {
  socket_.async_connect(endpoint,
                        [done = std::move(done)](const ErrorCode& error) { done(error, 0); });
}

void Stream::shake_hands_as_client(ssl::context& tls, const std::string& host, Done done) {
  tls_ = std::make_unique<ssl::stream<Tcp::socket&>>(socket_, tls);
  expect_host(tls_->native_handle(), host);
  tls_->async_handshake(ssl::stream_base::client,
                        [done = std::move(done)](const ErrorCode& error) { done(error, 0); });
}

void Stream::shake_hands_as_server(ssl::context& tls, Done done) {
  tls_ = std::make_unique<ssl::stream<Tcp::socket&>>(socket_, tls);
  tls_->async_handshake(ssl::stream_base::server,
                        [done = std::move(done)](const ErrorCode& error) { done(error, 0); });
}

std::string Stream::certificate_problem() const {
  const long result = tls_ ? SSL_get_verify_result(tls_->native_handle()) : X509_V_OK;
  return result == X509_V_OK ? std::string() : X509_verify_cert_error_string(result);
}

void Stream::read_some(asio::mutable_buffer into, Done done) {
  if (tls_) {
    tls_->async_read_some(into, std::move(done));
  } else {
    socket_.async_read_some(into, std::move(done));
  }
}

void Stream::write(asio::const_buffer bytes, Done done) {
  if (tls_) {
    asio::async_write(*tls_, bytes, std::move(done));
  } else {
    asio::async_write(socket_, bytes, std::move(done));
  }
}

void Stream::write_some(asio::const_buffer bytes, Done done) {
  if (tls_) {
    tls_->async_write_some(bytes, std::move(done));
  } else {
    socket_.async_write_some(bytes, std::move(done));
  }
}

void Stream::finish(asio::mutable_buffer scratch, Done done) {
  if (!tls_) return discard(scratch, std::move(done));
  tls_->async_shutdown([this, scratch, done = std::move(done)](const ErrorCode& error) {
    if (error == asio::error::operation_aborted) return done(error, 0);
    discard(scratch, done);
  });
}

void Stream::discard(asio::mutable_buffer scratch, Done done) {
  ErrorCode ignored;  // Who is gone needs no farewell; the read says so.
  socket_.shutdown(Tcp::socket::shutdown_send, ignored);
  socket_.async_read_some(
      scratch, [this, scratch, done = std::move(done)](const ErrorCode& error, std::size_t) {
        if (error) return done(error, 0);
        discard(scratch, done);
      });
}

void Stream::cancel() {
  ErrorCode ignored;
  socket_.cancel(ignored);
}

void Stream::close() {
  ErrorCode ignored;
  socket_.close(ignored);
}

}  // namespace net
}  // namespace v0
}  // namespace atp
