// SPDX-License-Identifier: Apache-2.0
/// What the tests of keys in tokens share: SoftHSM's tokens, a PIN file, and URIs.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "atp/keys/pkcs11.hpp"
#include "keys/softhsm.hpp"
#include "support/error_kind.hpp"
#include "support/sanitized.hpp"
#include "support/shared_data.hpp"
#include "support/temp_dir.hpp"

namespace atp::test {

inline std::string faulty_module() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "libatp_faulty_pkcs11.so";
}

class Pkcs11Case : public testing::Test {
 protected:
  void SetUp() override {
    if (!SoftHsm::installed()) return miss("softhsm2 or opensc");
    SoftHsm::instance();
    write(pin_, std::string(kPin) + "\n", 0600);
  }

  static void write(const Path& path, const std::string& text, mode_t mode) {
    std::filesystem::remove(path);
    std::ofstream(path) << text;
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
  }

  std::string uri(const std::string& key, const std::string& token = "token=atp") const {
    return "pkcs11:" + token + ";" + key + "?module-path=" + module_ +
           "&pin-source=file:" + pin_.string();
  }
  std::shared_ptr<const Signer> open(const std::string& key) const {
    return open_pkcs11_signer(*files_, uri(key));
  }
  std::optional<ErrorKind> error_of(const std::string& uri) const {
    return error_kind([&] { open_pkcs11_signer(*files_, uri); });
  }

  TempDir temp_;
  const Path pin_ = temp_.path() / "pin";
  /// SoftHSM, and what forgives its leaks where they are looked for.
  std::string module_ = kSanitized ? faulty_module() : kSoftHsm;
  const std::shared_ptr<FileSystem> files_ = posix_file_system();
};

}  // namespace atp::test
