// SPDX-License-Identifier: Apache-2.0
/// A time-stamping authority of the `openssl` command, in a folder of its own: certificates of any
/// kind and length of life, and the replies of `openssl ts`.
#pragma once

#include <ostream>

#include "atp/crypto/sha256.hpp"
#include "atp/crypto/timestamp.hpp"
#include "crypto/vectors.hpp"
#include "support/temp_dir.hpp"

namespace atp {

/// For the messages of GoogleTest.
inline void PrintTo(TimestampState state, std::ostream* out) { *out << to_string(state); }

}  // namespace atp

namespace atp::test {

constexpr std::string_view kPolicy = "1.3.6.1.4.1.99999.1";
constexpr std::string_view kOtherPolicy = "1.3.6.1.4.1.99999.2";
constexpr std::string_view kSignerExtensions =
    "basicConstraints=critical,CA:false\n"
    "keyUsage=critical,digitalSignature\n"
    "extendedKeyUsage=critical,timeStamping\n";
constexpr std::string_view kCaExtensions =
    "basicConstraints=critical,CA:true\n"
    "keyUsage=critical,keyCertSign,cRLSign\n";

struct CertificateOptions {
  std::string issuer;  ///< Empty: itself.
  std::string extensions{kSignerExtensions};
  std::string key = "EC -pkeyopt ec_paramgen_curve:P-256";
  std::string from = "20250101000000Z";
  std::string to = "20480101000000Z";
  std::string digest = "sha256";
  std::string subject{};  ///< Empty: its name.
};

struct ReplyOptions {
  std::string signer = "tsa";
  std::string certificates{};  ///< Names of those that the token carries besides the signer's.
  std::string settings{};      ///< Lines of the configuration.
  std::string query{};         ///< Further options of `openssl ts -query`.
};

class OpensslAuthority {
 public:
  static bool is_there() { return std::system("command -v openssl >/dev/null") == 0; }

  OpensslAuthority() {
    write("ca.cnf",
          "[ca]\ndefault_ca=c\n[c]\ndatabase=index\nnew_certs_dir=.\nrand_serial=yes\n"
          "policy=p\nunique_subject=no\nx509_extensions=none\n[p]\ncommonName=supplied\n[none]\n");
    write("index", "");
    certify("root", {.issuer = "", .extensions = std::string(kCaExtensions)});
    certify("ca", {.issuer = "root", .extensions = std::string(kCaExtensions)});
    certify("tsa", {.issuer = "ca"});
  }

  /// Makes `<name>.key` and `<name>.crt`.
  void certify(const std::string& name, const CertificateOptions& options) const {
    write(name + ".ext", "[e]\n" + options.extensions);
    const std::string subject = options.subject.empty() ? name : options.subject;
    run("openssl genpkey -quiet -algorithm " + options.key + " -out " + name + ".key");
    run("openssl req -new -key " + name + ".key -subj '/CN=" + subject + "' -out " + name + ".csr");
    const std::string issuer = options.issuer.empty() ? "-selfsign -keyfile " + name + ".key"
                                                      : "-keyfile " + options.issuer +
                                                            ".key -cert " + options.issuer + ".crt";
    run("openssl ca -batch -notext -config ca.cnf " + issuer + " -md " + options.digest +
        " -startdate " + options.from + " -enddate " + options.to + " -extfile " + name +
        ".ext -extensions e -in " + name + ".csr -out " + name + ".crt");
  }

  Bytes certificate(const std::string& name) const {
    run("openssl x509 -in " + name + ".crt -outform DER -out out");
    return read("out");
  }
  SecretBytes key_pem(const std::string& name) const {
    return SecretBytes(as_bytes(read_text(folder() / (name + ".key"))));
  }
  Digest pin(const std::string& name) const {
    run("openssl pkey -in " + name + ".key -pubout -outform DER -out out");
    return sha256(read("out"));
  }
  TimestampAuthority authority(const std::vector<std::string>& signers = {"tsa"},
                               const std::string& root = "root") const {
    TimestampAuthority made{
        .name = "local", .root = certificate(root), .policies = {std::string(kPolicy)}};
    for (const std::string& signer : signers) made.signers.push_back(pin(signer));
    return made;
  }

  /// What `openssl ts` answers to its own query.
  Bytes reply(const Digest& imprint, const ReplyOptions& options = {}) const {
    run("openssl ts -query -digest " + imprint.hex() + " -sha256 -cert " + options.query +
        " -out query");
    return answer(options);
  }
  /// What it answers to `request`.
  Bytes reply_to(ByteView request, const ReplyOptions& options = {}) const {
    write("query", as_text(request));
    return answer(options);
  }

  /// Whether `openssl ts -verify` accepts it. Its clock is the system's.
  bool accepts(ByteView reply, const Digest& imprint) const {
    write("accepted", as_text(reply));
    return try_run("openssl ts -verify -digest " + imprint.hex() +
                   " -in accepted -CAfile root.crt -untrusted ca.crt");
  }

  std::filesystem::path folder() const { return folder_.path(); }

 private:
  bool try_run(const std::string& command) const {
    const std::string line = "cd '" + folder().string() + "' && " + command + " >log 2>&1";
    return std::system(line.c_str()) == 0;
  }
  void run(const std::string& command) const {
    ASSERT_TRUE(try_run(command)) << command << "\n" << read_text(folder() / "log");
  }
  void write(const std::string& name, std::string_view text) const {
    write_text(folder() / name, text);
  }
  Bytes read(const std::string& name) const { return to_bytes(read_text(folder() / name)); }

  Bytes answer(const ReplyOptions& options) const {
    std::string chain;
    for (const char* name : {"ca", "root"})
      if (options.certificates.find(name) != std::string::npos)
        chain += read_text(folder() / (std::string(name) + ".crt"));
    write("chain.pem", chain);
    // Of two equal settings the last counts.
    write("tsa.cnf",
          "[tsa]\ndefault_tsa=t\n[t]\nserial=./serial\nsigner_digest=sha256\ndefault_policy=" +
              std::string(kPolicy) + "\nother_policies=" + std::string(kOtherPolicy) +
              "\ndigests=sha256,sha384,sha512\naccuracy=secs:1\nordering=yes\ntsa_name=yes\n"
              "ess_cert_id_chain=yes\ness_cert_id_alg=sha256\n" +
              options.settings);
    run("openssl ts -reply -queryfile query -config tsa.cnf -signer " + options.signer +
        ".crt -inkey " + options.signer + ".key" + (chain.empty() ? "" : " -chain chain.pem") +
        " -out reply");
    return read("reply");
  }

  TempDir folder_;
};

}  // namespace atp::test
