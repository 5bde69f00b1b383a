// SPDX-License-Identifier: Apache-2.0
#include "atp/keys/key_folder.hpp"
#include "keys/pkcs11_case.hpp"
#include "support/sequence_random.hpp"

namespace atp {
namespace {

using test::error_kind;

class Pkcs11Folder : public test::Pkcs11Case {
 protected:
  void put(const std::string& role, const std::string& key, mode_t mode = 0644) {
    std::filesystem::create_directories(folder_);
    write(folder_ / (role + ".pkcs11"), uri(key) + "\n", mode);
  }
  Keys create() {
    return create_keys(*files_, random_, folder_, std::string(32, '1'), "bank.example");
  }
  std::optional<ErrorKind> load_error() {
    return error_kind([&] { load_keys(*files_, folder_); });
  }

  const Path folder_ = temp_.path() / "keys";
  test::SequenceRandom random_{4};
};

TEST_F(Pkcs11Folder, KeysInATokenStandForFiles) {
  put("signing", "object=signing");
  put("ledger", "object=ledger");
  const Keys keys = create();
  EXPECT_EQ(keys.signer->public_key(), open("object=signing")->public_key());
  EXPECT_EQ(keys.ledger_signer->public_key(), open("object=ledger")->public_key());
  EXPECT_EQ(keys.trust->keys_of(KeyRole::document).at(0), keys.signer->public_key());
  EXPECT_EQ(keys.trust->keys_of(KeyRole::ledger).at(0), keys.ledger_signer->public_key());
  EXPECT_FALSE(std::filesystem::exists(key_paths(folder_).signing_key));
  EXPECT_FALSE(std::filesystem::exists(key_paths(folder_).ledger_key));
}

TEST_F(Pkcs11Folder, TwoKeysOfOneRoleAreRefused) {
  create();
  EXPECT_EQ(load_error(), std::nullopt);
  put("ledger", "object=ledger");
  EXPECT_EQ(load_error(), ErrorKind::invalid_argument);
  std::filesystem::remove(key_paths(folder_).ledger_key);
  EXPECT_EQ(load_error(), std::nullopt);
}

TEST_F(Pkcs11Folder, AUriThatOthersMayWriteIsRefused) {
  for (const mode_t mode : {0600, 0644, 0444}) {
    put("signing", "object=signing", mode);
    EXPECT_EQ(load_error(), std::nullopt) << mode;
  }
  for (const mode_t mode : {0664, 0646, 0666}) {
    put("signing", "object=signing", mode);
    EXPECT_EQ(load_error(), ErrorKind::permission_denied) << mode;
  }
}

TEST_F(Pkcs11Folder, TheFileIsOneLineAndErrorsNameIt) {
  put("signing", "object=none");
  try {
    load_keys(*files_, folder_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_EQ(error.subject(), (folder_ / "signing.pkcs11").string());
  }
  put("signing", "object=signing\n");
  EXPECT_EQ(load_error(), ErrorKind::invalid_argument);
}

}  // namespace
}  // namespace atp
