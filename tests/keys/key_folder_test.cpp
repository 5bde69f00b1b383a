// SPDX-License-Identifier: Apache-2.0
#include "atp/keys/key_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/error_kind.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"
#include "support/temp_dir.hpp"

namespace atp {
namespace {

using test::error_kind;

const std::string kVaultId(32, '1');

class KeyFolder : public testing::Test {
 protected:
  Keys create(const std::string& vault_id = kVaultId) {
    return create_keys(*files_, random_, folder_, vault_id, "bank.example");
  }

  /// Without `AGE-SECRET-KEY-1` or the lines that begin and end a PEM file.
  static std::string_view secret_part(std::string_view text) {
    constexpr std::string_view kIdentity = "AGE-SECRET-KEY-1";
    if (text.starts_with(kIdentity)) return text.substr(kIdentity.size());
    const auto begin = text.find('\n') + 1;
    return text.substr(begin, text.find("\n-----END") - begin);
  }

  test::TempDir temp_;
  const Path folder_ = temp_.path() / "keys";
  const std::shared_ptr<FileSystem> files_ = posix_file_system();
  test::SequenceRandom random_{4};
};

TEST_F(KeyFolder, HoldsWhatAVaultNeeds) {
  const Keys keys = create();
  ASSERT_EQ(keys.identities.size(), 1u);
  ASSERT_TRUE(keys.signer && keys.ledger_signer && keys.trust);
  EXPECT_EQ(keys.trust->vault_id, kVaultId);
  EXPECT_EQ(keys.trust->domain, "bank.example");
  EXPECT_EQ(keys.trust->keys_of(KeyRole::document).at(0), keys.signer->public_key());
  EXPECT_EQ(keys.trust->keys_of(KeyRole::ledger).at(0), keys.ledger_signer->public_key());
  EXPECT_FALSE(keys.signer->public_key() == keys.ledger_signer->public_key());
}

TEST_F(KeyFolder, T042_SecretsAreForTheirOwnerAlone) {
  create();
  const KeyPaths paths = key_paths(folder_);
  for (const Path& path : {paths.identity, paths.signing_key, paths.ledger_key}) {
    EXPECT_EQ(files_->status(path)->mode, 0600u) << path;
    ASSERT_EQ(chmod(path.c_str(), 0640), 0);
    EXPECT_EQ(error_kind([&] { load_keys(*files_, folder_); }), ErrorKind::permission_denied)
        << path;
    ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  }
  EXPECT_EQ(files_->status(folder_)->mode, 0700u);
}

TEST_F(KeyFolder, T042_ErrorsNeverHoldAByteOfAKey) {
  create();
  const KeyPaths paths = key_paths(folder_);
  for (const Path& path : {paths.identity, paths.signing_key, paths.ledger_key}) {
    const Bytes good = read_file(*files_, path, 1000);
    const auto file = files_->open(path, OpenMode::read_write);
    file->write_at(good.size() / 2, as_bytes("!"));
    try {
      load_keys(*files_, folder_);
      FAIL() << path;
    } catch (const Error& error) {
      const std::string text = error.what();
      const std::string_view secret = secret_part(as_text(good));
      for (std::size_t i = 0; i + 8 <= secret.size(); ++i) {
        EXPECT_EQ(text.find(secret.substr(i, 8)), std::string::npos) << text;
      }
    }
    file->write_at(0, good);
  }
}

TEST_F(KeyFolder, AnInterruptedCreationIsCompletedWithTheSameKeys) {
  const Keys first = create();
  files_->remove(key_paths(folder_).trust);
  files_->remove(key_paths(folder_).ledger_key);
  const Keys second = create();
  EXPECT_EQ(second.signer->public_key(), first.signer->public_key());
  EXPECT_FALSE(second.ledger_signer->public_key() == first.ledger_signer->public_key());
}

TEST_F(KeyFolder, T041_KeysOfAnotherVaultAreNotTakenOver) {
  create();
  EXPECT_EQ(error_kind([&] { create(std::string(32, '2')); }), ErrorKind::already_exists);
}

TEST_F(KeyFolder, LoadingTakesWhatIsThere) {
  create();
  files_->remove(key_paths(folder_).identity);
  files_->remove(key_paths(folder_).ledger_key);
  const Keys keys = load_keys(*files_, folder_);
  EXPECT_TRUE(keys.identities.empty());
  EXPECT_FALSE(keys.ledger_signer);
  EXPECT_TRUE(keys.signer && keys.trust);
}

TEST_F(KeyFolder, T062_ATypoInTheTrustPolicyIsRefused) {
  create();
  const Path trust = key_paths(folder_).trust;
  std::string text(as_text(read_file(*files_, trust, 10000)));
  text.replace(text.find("\"domain\""), 8, "\"domian\"");
  files_->remove(trust);
  write_file_durably(*files_, random_, trust, as_bytes(text));
  EXPECT_EQ(error_kind([&] { load_keys(*files_, folder_); }), ErrorKind::invalid_argument);
}

TEST(KeyFolderCrash, T001_EveryCrashLeavesKeysThatCanBeCompleted) {
  std::size_t images = 0;
  for (std::uint64_t crash = 1;; ++crash) {
    test::SimulatedFileSystem disk;
    disk.crash_after(crash);
    test::SequenceRandom random(5);
    try {
      create_keys(disk, random, "/config/keys", kVaultId, "bank.example");
      break;
    } catch (const test::SimulatedCrash&) {
    }
    std::vector<test::Variant> variants{test::Variant::all(), test::Variant::none()};
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      variants.push_back(test::Variant::random(seed));
    }
    for (const test::Variant& variant : variants) {
      const auto rebooted = disk.reboot(variant);
      const Keys keys = create_keys(*rebooted, random, "/config/keys", kVaultId, "bank.example");
      EXPECT_TRUE(keys.signer && keys.ledger_signer && keys.trust) << "operation " << crash;
      EXPECT_EQ(keys.trust->keys_of(KeyRole::document).at(0), keys.signer->public_key());
      EXPECT_EQ(keys.trust->keys_of(KeyRole::ledger).at(0), keys.ledger_signer->public_key());
      ++images;
    }
  }
  EXPECT_GT(images, 200u);
}

}  // namespace
}  // namespace atp
