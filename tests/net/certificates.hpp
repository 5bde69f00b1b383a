// SPDX-License-Identifier: Apache-2.0
/// Certificates for a test, made by the `openssl` command in a folder of its own.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "support/temp_dir.hpp"

namespace atp::test {

class Certificates {
 public:
  Certificates() {
    authority("ca");
    authority("other-ca");
    // By whom, for whom, for how many days. The common name would always fit.
    server("good", "ca", "DNS:localhost,IP:127.0.0.1", 30);
    server("expired", "ca", "DNS:localhost,IP:127.0.0.1", 0);
    server("elsewhere", "ca", "DNS:other.example,IP:127.0.0.2", 30);
    server("subject", "ca", "IP:127.0.0.2", 30);
    server("stranger", "other-ca", "DNS:localhost,IP:127.0.0.1", 30);
  }

  std::filesystem::path pem(const std::string& name) const { return at(name + ".pem"); }
  std::filesystem::path key(const std::string& name) const { return at(name + ".key"); }

 private:
  std::filesystem::path at(const std::string& name) const { return folder_.path() / name; }

  void authority(const std::string& name) {
    openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=" +
            name + " -keyout " + key(name).string() + " -out " + pem(name).string());
  }

  void server(const std::string& name, const std::string& issuer, const std::string& subjects,
              int days) {
    const std::string request = at(name + ".csr").string();
    openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost" +
            std::string(" -addext subjectAltName=") + subjects +
            " -addext basicConstraints=critical,CA:FALSE -keyout " + key(name).string() + " -out " +
            request);
    openssl("x509 -req -copy_extensions copy -days " + std::to_string(days) + " -CA " +
            pem(issuer).string() + " -CAkey " + key(issuer).string() + " -in " + request +
            " -out " + pem(name).string());
  }

  static void openssl(const std::string& arguments) {
    if (std::system(("openssl " + arguments + " >/dev/null 2>&1").c_str()) != 0) {
      throw std::runtime_error("openssl " + arguments);
    }
  }

  TempDir folder_;
};

}  // namespace atp::test
