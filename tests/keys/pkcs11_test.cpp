// SPDX-License-Identifier: Apache-2.0
#include "atp/keys/pkcs11.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <thread>
#include <vector>

#include "keys/pkcs11_case.hpp"

namespace atp {
namespace {

using test::error_kind;

class Pkcs11 : public test::Pkcs11Case {
 protected:
  /// Whether `openssl`, given nothing but files, takes the signature.
  bool openssl_takes(const PublicKey& key, ByteView message, ByteView signature) const {
    const auto file = [&](const char* name, ByteView bytes) {
      write(temp_.path() / name, std::string(as_text(bytes)), 0600);
      return (temp_.path() / name).string();
    };
    const std::string spki = file("spki", key.spki());
    const std::string text = file("message", message);
    const std::string proof = file("signature", signature);
    const std::string command = key.algorithm() == KeyAlgorithm::ed25519
                                    ? "openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey " +
                                          spki + " -in " + text + " -sigfile " + proof
                                    : "openssl dgst -sha256 -keyform DER -verify " + spki +
                                          " -signature " + proof + " " + text;
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
  }
};

TEST_F(Pkcs11, SignaturesVerifyHereAndInOpenssl) {
  const ByteView message = as_bytes("a message");
  for (const auto& [key, algorithm] :
       {std::pair{"object=signing", KeyAlgorithm::es256},
        {"id=%01", KeyAlgorithm::es256},
        {"object=ledger;id=%02;type=private", KeyAlgorithm::ed25519}}) {
    const auto signer = open(key);
    EXPECT_EQ(signer->public_key().algorithm(), algorithm);
    const Bytes signature = signer->sign(message);
    EXPECT_TRUE(signer->public_key().verify(message, signature));
    EXPECT_TRUE(openssl_takes(signer->public_key(), message, signature));
    EXPECT_FALSE(openssl_takes(signer->public_key(), as_bytes("another"), signature));
    EXPECT_TRUE(signer->public_key().verify({}, signer->sign({})));
    const Bytes large(100000, std::byte{7});
    EXPECT_TRUE(signer->public_key().verify(large, signer->sign(large)));
  }
}

TEST_F(Pkcs11, ModuleTokenAndKeyMustBeThereOnce) {
  for (const char* key : {"object=none", "id=%7f", "object=signing;id=%02", "object=twin"})
    EXPECT_EQ(error_of(uri(key)), ErrorKind::not_found) << key;
  EXPECT_EQ(error_of(uri("object=twin;id=%03")), std::nullopt);
  for (const char* token : {"token=none", "token=at", "token=atp;serial=0", "token=atp;model=other",
                            "token=atp;manufacturer=other", "token=double"}) {
    EXPECT_EQ(error_of(uri("object=signing", token)), ErrorKind::not_found) << token;
  }
  EXPECT_EQ(error_of(uri("object=signing",
                         "token=atp;model=SoftHSM%20v2;manufacturer=SoftHSM%20project")),
            std::nullopt);
  module_ = "/usr/lib/none.so";
  EXPECT_EQ(error_of(uri("object=signing")), ErrorKind::not_found);
}

TEST_F(Pkcs11, WhatIsNoModuleIsUnsupported) {
  module_ = pin_.string();
  EXPECT_EQ(error_of(uri("object=signing")), ErrorKind::unsupported);
  module_ = "/lib/x86_64-linux-gnu/libz.so.1";
  if (std::filesystem::exists(module_)) {
    EXPECT_EQ(error_of(uri("object=signing")), ErrorKind::unsupported);
  }
}

TEST_F(Pkcs11, KeysOfAnotherKindAreUnsupported) {
  for (const char* key : {"object=rsa", "object=p384", "object=always"})
    EXPECT_EQ(error_of(uri(key)), ErrorKind::unsupported) << key;
}

TEST_F(Pkcs11, T047_AForeignPublicKeyInTheTokenIsFoundAtOnce) {
  EXPECT_EQ(error_of(uri("object=mixed")), ErrorKind::corrupt);
  EXPECT_EQ(error_of(uri("object=alone")), ErrorKind::not_found);
}

TEST_F(Pkcs11, AWrongPinIsRefusedAndTheRightOneStillTaken) {
  for (const char* wrong : {"4321-wrong", "1",
                            "a pin that is much longer than the token takes, "
                            "a pin that is much longer than the token takes, "
                            "a pin that is much longer than the token takes, "
                            "a pin that is much longer than the token takes, "
                            "a pin that is much longer than the token takes"}) {
    write(pin_, wrong, 0600);
    EXPECT_EQ(error_of(uri("object=signing")), ErrorKind::unauthenticated) << wrong;
  }
  write(pin_, test::kPin, 0600);
  EXPECT_EQ(error_of(uri("object=signing")), std::nullopt);
  EXPECT_EQ(error_of("pkcs11:token=atp;object=signing?module-path=" + module_),
            ErrorKind::unauthenticated);
}

TEST_F(Pkcs11, T042_ThePinFileIsOfItsOwnerAndOneLine) {
  const std::string pin = test::kPin;
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0666}) {
    write(pin_, pin, mode);
    EXPECT_EQ(error_of(uri("object=signing")), ErrorKind::permission_denied) << mode;
  }
  for (const std::string& text :
       {std::string(), std::string("\n"), pin + "\n\n", pin + "\r\n", "x\n" + pin}) {
    write(pin_, text, 0600);
    EXPECT_EQ(error_of(uri("object=signing")), ErrorKind::invalid_argument) << text;
  }
  std::filesystem::remove(pin_);
  EXPECT_EQ(error_of(uri("object=signing")), ErrorKind::not_found);
}

TEST_F(Pkcs11, T042_NoErrorHoldsThePin) {
  write(pin_, "s3cret-pin", 0600);
  for (const char* key : {"object=signing", "object=none"}) {
    try {
      open(key);
      FAIL() << key;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("CKR_PIN_INCORRECT"), std::string::npos)
          << error.what();
    }
  }
}

TEST_F(Pkcs11, ThreadsShareASigner) {
  for (const char* key : {"object=signing", "object=ledger"}) {
    const auto signer = open(key);
    std::vector<std::vector<Bytes>> signatures(8);
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < signatures.size(); ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 200; ++i)
          signatures[thread].push_back(
              signer->sign(as_bytes(std::to_string(thread) + "/" + std::to_string(i))));
      });
    }
    threads.clear();
    std::set<Bytes> distinct;
    for (std::size_t thread = 0; thread < signatures.size(); ++thread) {
      for (std::size_t i = 0; i < 200; ++i) {
        const std::string message = std::to_string(thread) + "/" + std::to_string(i);
        ASSERT_TRUE(signer->public_key().verify(as_bytes(message), signatures[thread].at(i)));
        distinct.insert(signatures[thread][i]);
      }
    }
    EXPECT_EQ(distinct.size(), 8u * 200u);
  }
}

TEST_F(Pkcs11, ASignerOutlivesAnotherOfItsToken) {
  const auto signer = open("object=signing");
  open("object=ledger");
  EXPECT_NO_THROW(signer->sign(as_bytes("a")));
}

TEST_F(Pkcs11, AForkedProcessOpensTheTokenAnew) {
  const auto signer = open("object=ledger");
  const pid_t child = fork();
  if (child == 0) {
    int code = error_kind([&] { signer->sign({}); }) == ErrorKind::unavailable ? 0 : 1;
    code |= error_kind([&] { open("object=ledger")->sign({}); }) == std::nullopt ? 0 : 2;
    _exit(code);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_NO_THROW(signer->sign({}));
}

}  // namespace
}  // namespace atp
