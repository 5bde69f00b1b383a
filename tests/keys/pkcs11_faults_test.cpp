// SPDX-License-Identifier: Apache-2.0
#include "core/process.hpp"
#include "keys/pkcs11_case.hpp"

namespace atp {
namespace {

using test::error_kind;

/// SoftHSM, with what a token may do wrong.
class Pkcs11Faults : public test::Pkcs11Case {
 protected:
  void SetUp() override {
    Pkcs11Case::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    module_ = test::faulty_module();
    faults_ = reinterpret_cast<test::Faults* (*)()>(load_symbol(module_, "faults"))();
    *faults_ = {};
  }
  void TearDown() override {
    if (faults_ != nullptr) *faults_ = {};
  }

  test::Faults* faults_ = nullptr;
};

TEST_F(Pkcs11Faults, ALostSessionIsTakenUpOnce) {
  const auto signer = open("object=signing");
  EXPECT_EQ(faults_->logins, 1u);
  for (const CK_RV lost : {CKR_SESSION_HANDLE_INVALID, CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT}) {
    faults_->lost = lost;
    faults_->lost_sessions = 1;
    const unsigned logins = faults_->logins;
    EXPECT_NO_THROW(signer->sign(as_bytes("a")));
    EXPECT_EQ(faults_->logins, logins + 1);
    faults_->lost_sessions = 2;
    EXPECT_EQ(error_kind([&] { signer->sign(as_bytes("a")); }), ErrorKind::unavailable);
    EXPECT_EQ(faults_->lost_sessions, 0u);
    EXPECT_NO_THROW(signer->sign(as_bytes("a")));
  }
  EXPECT_EQ(faults_->finalised, 0u);
  EXPECT_EQ(faults_->initialised_with, CKF_OS_LOCKING_OK);
}

TEST_F(Pkcs11Faults, ErrorsNameTheCodeAndOnlyLostSessionsAreTemporary) {
  const auto signer = open("object=signing");
  for (const auto& [code, kind, name] :
       {std::tuple{CKR_DEVICE_ERROR, ErrorKind::unavailable, "CKR_DEVICE_ERROR"},
        {CKR_KEY_FUNCTION_NOT_PERMITTED, ErrorKind::unsupported, "CKR_KEY_FUNCTION_NOT_PERMITTED"},
        {CKR_VENDOR_DEFINED + 7, ErrorKind::unavailable, "code 2147483655"}}) {
    faults_->sign = code;
    try {
      signer->sign(as_bytes("a"));
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind);
      EXPECT_FALSE(error.temporary());
      EXPECT_EQ(error.message(), std::string("C_Sign: expected CKR_OK, found ") + name);
    }
  }
  faults_->sign = CKR_OK;
  EXPECT_NO_THROW(signer->sign(as_bytes("a")));
}

TEST_F(Pkcs11Faults, EverySessionIsClosed) {
  open("object=signing");
  faults_->lost_sessions = 2;
  EXPECT_EQ(error_of(uri("object=signing")), ErrorKind::unavailable);
  error_of(uri("object=none"));
  faults_->login = CKR_PIN_INCORRECT;
  error_of(uri("object=signing"));
  EXPECT_EQ(faults_->opened, 5u);
  EXPECT_EQ(faults_->closed, 5u);
}

TEST_F(Pkcs11Faults, AFaultySignatureIsNotGivenOut) {
  for (const char* key : {"object=signing", "object=ledger"}) {
    const auto signer = open(key);
    faults_->flipped_bit = true;
    EXPECT_EQ(error_kind([&] { signer->sign(as_bytes("a")); }), ErrorKind::unavailable);
    EXPECT_EQ(error_of(uri(key)), ErrorKind::corrupt);
    faults_->flipped_bit = false;
    faults_->short_signature = true;
    EXPECT_EQ(error_kind([&] { signer->sign(as_bytes("a")); }), ErrorKind::unavailable);
    faults_->short_signature = false;
    EXPECT_NO_THROW(signer->sign(as_bytes("a")));
  }
}

TEST_F(Pkcs11Faults, ARefusedPinIsNeverTriedTwice) {
  faults_->login = CKR_PIN_INCORRECT;
  EXPECT_EQ(error_of(uri("object=signing")), ErrorKind::unauthenticated);
  EXPECT_EQ(faults_->logins, 1u);

  faults_->login = CKR_OK;
  const auto signer = open("object=signing");
  faults_->login = CKR_PIN_INCORRECT;
  faults_->lost_sessions = 1;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(error_kind([&] { signer->sign(as_bytes("a")); }), ErrorKind::unauthenticated);
  EXPECT_EQ(faults_->logins, 3u);
}

TEST_F(Pkcs11Faults, TheLastTryIsLeftToAHuman) {
  for (const CK_FLAGS flag : {CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED}) {
    faults_->token_flags = flag;
    EXPECT_EQ(error_of(uri("object=signing")), ErrorKind::unauthenticated);
  }
  EXPECT_EQ(faults_->logins, 0u);
}

TEST_F(Pkcs11Faults, ATokenThatDoesNotAnswerIsUnavailable) {
  faults_->token_info = CKR_DEVICE_ERROR;
  EXPECT_EQ(error_of(uri("object=signing")), ErrorKind::unavailable);
}

TEST_F(Pkcs11Faults, ThePublicKeyMayStandInThePrivateOne) {
  const PublicKey key = open("object=ledger")->public_key();
  faults_->no_public_keys = true;
  EXPECT_EQ(error_of(uri("object=ledger")), ErrorKind::not_found);
  faults_->attributes[CKA_PUBLIC_KEY_INFO] = as_text(key.spki());
  EXPECT_EQ(open("object=ledger")->public_key(), key);
  EXPECT_EQ(error_of(uri("object=signing")), ErrorKind::corrupt);
  faults_->attributes = {{CKA_EC_POINT, std::string(as_text(key.point()))}};
  EXPECT_EQ(open("object=ledger")->public_key(), key);
}

TEST_F(Pkcs11Faults, T048_WeakPointsInATokenAreRefused) {
  for (const std::string& point :
       {std::string(32, '\0'), "\x01" + std::string(31, '\0'), std::string(31, '\1'),
        std::string(2000, '\1').substr(0, 1000), std::string()}) {
    faults_->attributes[CKA_EC_POINT] = point;
    for (const char* key : {"object=ledger", "object=signing"}) {
      try {
        open(key);
        FAIL() << key;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::corrupt);
        EXPECT_TRUE(error.message().starts_with("public key: expected")) << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace atp
