// SPDX-License-Identifier: Apache-2.0
/// Tokens of SoftHSM in a folder of their own, made once a process, since a module is initialised
/// once. Private keys by label, in the token `atp` with the PIN `kPin`:
///
///     signing 01 P-256; ledger 02 Ed25519; twin 03 and 04 P-256; rsa 05; p384 06
///     mixed 07    P-256, beside the public key of another
///     alone 08    P-256, without a public key
///     always 09   P-256, wants the PIN with each signature
///
/// Two tokens are called `double`; the first that is found has a key `signing`.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "keys/faulty_pkcs11.hpp"
#include "support/temp_dir.hpp"

namespace atp::test {

constexpr const char* kPin = "4321-right";

class SoftHsm {
 public:
  static bool installed() {
    return std::filesystem::exists(kSoftHsm) && std::filesystem::exists("/usr/bin/pkcs11-tool") &&
           std::filesystem::exists("/usr/bin/softhsm2-util");
  }

  static const SoftHsm& instance() {
    static const SoftHsm softhsm;
    return softhsm;
  }

  const std::filesystem::path& folder() const { return temp_.path(); }

 private:
  SoftHsm() {
    std::filesystem::create_directory(folder() / "tokens");
    const auto configuration = folder() / "softhsm2.conf";
    std::ofstream(configuration) << "directories.tokendir = " << (folder() / "tokens").string()
                                 << "\nobjectstore.backend = file\nlog.level = ERROR\n";
    setenv("SOFTHSM2_CONF", configuration.c_str(), 1);
    for (const char* label : {"atp", "double", "double"}) {
      run(std::string("softhsm2-util --init-token --free --so-pin 87654321 --pin ") + kPin +
          " --label " + label);
    }
    generate("EC:prime256v1", "01", "signing");
    generate("EC:edwards25519", "02", "ledger");
    generate("EC:prime256v1", "03", "twin");
    generate("EC:prime256v1", "04", "twin");
    generate("rsa:2048", "05", "rsa");
    generate("EC:secp384r1", "06", "p384");
    import("07", "mixed");
    run("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | "
        "openssl pkey -pubout -outform DER -out " +
        (folder() / "other.der").string());
    tool("--write-object " + (folder() / "other.der").string() + " --type pubkey --id 07");
    import("08", "alone");
    generate("EC:prime256v1", "09", "always", " --always-auth");
    generate("EC:prime256v1", "01", "signing", "", "double");
  }

  /// Throws: what the command printed, unless it ends with 0.
  void run(const std::string& command) const {
    const std::string log = (folder() / "log").string();
    if (std::system(("(" + command + ") >" + log + " 2>&1").c_str()) == 0) return;
    std::ostringstream text;
    text << std::ifstream(log).rdbuf();
    throw std::runtime_error(command + ": " + text.str());
  }
  void tool(const std::string& arguments, const std::string& token = "atp") const {
    run(std::string("pkcs11-tool --module ") + kSoftHsm + " --token-label " + token +
        " --login --pin " + kPin + " " + arguments);
  }
  void generate(const std::string& type, const std::string& id, const std::string& label,
                const std::string& more = "", const std::string& token = "atp") const {
    tool(
        "--keypairgen --usage-sign --key-type " + type + " --id " + id + " --label " + label + more,
        token);
  }
  void import(const std::string& id, const std::string& label) const {
    const std::string pem = (folder() / (label + ".pem")).string();
    run("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out " + pem);
    run("softhsm2-util --import " + pem + " --no-public-key --token atp --pin " + kPin + " --id " +
        id + " --label " + label);
  }

  TempDir temp_;
};

}  // namespace atp::test
