// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <future>
#include <thread>

#include "atp/net/http_client.hpp"
#include "net/certificates.hpp"
#include "net/raw_socket.hpp"
#include "net/running_server.hpp"
#include "net/stream.hpp"
#include "support/error_kind.hpp"

namespace atp {
namespace {

using test::error_kind;
using test::RawServer;
using test::RawSocket;
using test::RunningServer;
using namespace std::chrono_literals;

class Tls : public testing::Test {
 protected:
  static const test::Certificates& certificates() {
    static const test::Certificates made;
    return made;
  }

  static HttpServerOptions serving(const std::string& name) {
    HttpServerOptions options;
    options.tls = {.certificates = certificates().pem(name),
                   .private_key = certificates().key(name)};
    return options;
  }

  static std::shared_ptr<HttpClient> client(const std::string& authority = "ca",
                                            std::chrono::milliseconds connect_timeout = 1h) {
    HttpClientOptions options;
    options.connect_timeout = connect_timeout;
    options.timeout = 1h;
    if (!authority.empty()) options.certificate_authorities = certificates().pem(authority);
    return make_http_client(options);
  }

  static std::string url(std::uint16_t port, const std::string& host = "localhost") {
    return "https://" + host + ":" + std::to_string(port) + "/x";
  }

  static void expect_untrusted(const std::string& name, const std::string& found,
                               const std::string& authority = "ca") {
    std::atomic<int> asked = 0;
    const RunningServer server(
        [&](const HttpRequest& request) {
          ++asked;
          return test::echo(request);
        },
        serving(name));
    for (const std::string host : {"localhost", "127.0.0.1"}) {
      try {
        client(authority)->send(url(server.port(), host), {.method = "GET", .repeatable = true},
                                {});
        FAIL() << name;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::untrusted) << error.what();
        EXPECT_FALSE(error.temporary());
        EXPECT_THAT(error.what(), testing::HasSubstr(found));
      }
    }
    EXPECT_EQ(asked, 0);
  }
};

TEST_F(Tls, CarriesARequestToAHostByNameAndByAddress) {
  const RunningServer server(test::echo, serving("good"));
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    EXPECT_EQ(client()
                  ->send(url(server.port(), host),
                         {.method = "POST", .body = std::string(500'000, 'b')}, {})
                  .body.size(),
              500'008U);
  }
}

TEST_F(Tls, ACertificateOfAStrangerIsUntrusted) {
  expect_untrusted("stranger", "unable to get local issuer certificate");
  expect_untrusted("good", "unable to get local issuer certificate", "");
}

TEST_F(Tls, AnExpiredCertificateIsUntrusted) {
  std::this_thread::sleep_for(1s);  // It is good in the second in which it is made.
  expect_untrusted("expired", "certificate has expired");
}

TEST_F(Tls, ACertificateOfAnotherHostIsUntrusted) {
  for (const std::string name : {"elsewhere", "subject"}) {
    const RunningServer server(test::echo, serving(name));
    for (const std::string host : {"localhost", "127.0.0.1"}) {
      EXPECT_EQ(
          error_kind([&] { client()->send(url(server.port(), host), {.method = "GET"}, {}); }),
          ErrorKind::untrusted)
          << name << " for " << host;
    }
  }
}

TEST_F(Tls, IsNotSpokenWithAServerThatSpeaksNone) {
  const RunningServer server(test::echo);
  EXPECT_EQ(error_kind([&] { client()->send(url(server.port()), {.method = "GET"}, {}); }),
            ErrorKind::unavailable);
}

TEST_F(Tls, AHandshakeThatHangsEndsInTimeAndByAStop) {
  const RawServer server(test::stay_silent);
  EXPECT_EQ(error_kind([&] { client("ca", 1s)->send(url(server.port()), {.method = "GET"}, {}); }),
            ErrorKind::unavailable);

  std::stop_source source;
  const std::jthread stopper = test::stop_after(source, 50ms);
  EXPECT_EQ(error_kind(
                [&] { client()->send(url(server.port()), {.method = "GET"}, source.get_token()); }),
            ErrorKind::cancelled);
}

/// A TLS server that is not ours: `openssl s_server`, which tells of itself.
class OpensslServer {
 public:
  explicit OpensslServer(const std::string& arguments) {
    for (int attempt = 0; attempt < 10; ++attempt) {
      if (start(arguments)) return;
    }
    throw std::runtime_error("openssl s_server " + arguments + " does not start");
  }
  ~OpensslServer() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  std::uint16_t port() const { return port_; }

 private:
  /// False where somebody else took the port that was free before.
  bool start(const std::string& arguments) {
    port_ = RawServer([](RawSocket&, int) {}).port();
    const std::string command = "exec openssl s_server -www -accept " + std::to_string(port_) +
                                " " + arguments + " >/dev/null 2>&1";
    process_ = ::fork();
    if (process_ == 0) {
      ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      ::_exit(127);
    }
    while (::waitpid(process_, nullptr, WNOHANG) == 0) {
      try {
        RawSocket::to(port_);
        return true;
      } catch (const std::runtime_error&) {
        std::this_thread::sleep_for(20ms);
      }
    }
    return false;
  }

  std::uint16_t port_ = 0;
  pid_t process_ = 0;
};

TEST_F(Tls, IsSpokenWithAServerOfAnotherMaker) {
  const std::string good = " -cert " + certificates().pem("good").string() + " -key " +
                           certificates().key("good").string();
  const auto send = [&](const OpensslServer& server) {
    return client()->send(url(server.port()), {.method = "GET"}, {});
  };
  EXPECT_EQ(send(OpensslServer("-tls1_2" + good)).status, 200);
  EXPECT_EQ(send(OpensslServer("-tls1_3" + good)).status, 200);
  EXPECT_EQ(error_kind([&] { send(OpensslServer("-tls1_1 -cipher ALL:@SECLEVEL=0" + good)); }),
            ErrorKind::unavailable);
}

TEST_F(Tls, VersionsBefore12AreNotOffered) {
  auto outgoing = net::client_tls({});
  EXPECT_EQ(SSL_CTX_get_min_proto_version(outgoing.native_handle()), TLS1_2_VERSION);
  auto incoming = net::server_tls(certificates().pem("good"), certificates().key("good"));
  EXPECT_EQ(SSL_CTX_get_min_proto_version(incoming.native_handle()), TLS1_2_VERSION);
}

TEST_F(Tls, SettingsThatAreNoneAreInvalidArguments) {
  HttpClientOptions options;
  options.certificate_authorities = certificates().key("ca");
  EXPECT_EQ(error_kind([&] { make_http_client(options); }), ErrorKind::invalid_argument);
  for (const char* path : {"/no/such/file", ""}) {
    options.certificate_authorities = path;
    EXPECT_EQ(error_kind([&] { make_http_client(options); }), ErrorKind::not_found) << path;
  }

  HttpServerOptions other_key = serving("good");
  other_key.tls->private_key = certificates().key("stranger");
  EXPECT_EQ(error_kind([&] { HttpServer(other_key, test::echo); }), ErrorKind::invalid_argument);
  HttpServerOptions no_chain = serving("good");
  no_chain.tls->certificates = "/no/such/file";
  EXPECT_EQ(error_kind([&] { HttpServer(no_chain, test::echo); }), ErrorKind::not_found);
}

TEST_F(Tls, ASlowHandshakeIsCutOff) {
  HttpServerOptions options = serving("good");
  options.limits.head_time = 1s;
  const RunningServer server(test::echo, options);
  RawSocket silent = RawSocket::to(server.port());
  EXPECT_TRUE(silent.closes());
  EXPECT_EQ(client()->send(url(server.port()), {.method = "GET"}, {}).status, 200);
}

TEST_F(Tls, GarbageLeavesTheServerAlive) {
  const RunningServer server(test::echo, serving("good"));
  RawSocket garbage = RawSocket::to(server.port());
  garbage.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(garbage.closes());
  EXPECT_EQ(client()->send(url(server.port()), {.method = "GET"}, {}).status, 200);
}

/// Words that nobody asked for, in a record of their own, would answer the next request.
TEST_F(Tls, KeptConnectionsEndWithBytesThatNobodyAskedFor) {
  auto tls = net::server_tls(certificates().pem("good"), certificates().key("good"));
  const auto serve = [&](bool says_more) {
    std::promise<void> said;
    const RawServer server([&](RawSocket& socket, int before) {
      const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(tls.native_handle()), SSL_free);
      SSL_set_fd(ssl.get(), socket.descriptor());
      if (SSL_accept(ssl.get()) != 1) return;
      const auto write = [&](std::string_view text) {
        SSL_write(ssl.get(), text.data(), static_cast<int>(text.size()));
      };
      char request[4096];
      for (int i = 0; SSL_read(ssl.get(), request, sizeof request) > 0; ++i) {
        write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        if (before > 0 || i > 0) continue;
        if (says_more) write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        said.set_value();
      }
    });
    const auto asking = client();
    const HttpRequest request{.method = "GET", .repeatable = true};
    EXPECT_EQ(asking->send(url(server.port()), request, {}).body, "ok");
    said.get_future().wait();
    EXPECT_EQ(asking->send(url(server.port()), request, {}).body, "ok");
    EXPECT_EQ(asking->send(url(server.port()), request, {}).body, "ok");
    return server.connections();
  };
  EXPECT_EQ(serve(false), 1);
  EXPECT_EQ(serve(true), 2);
}

}  // namespace
}  // namespace atp
