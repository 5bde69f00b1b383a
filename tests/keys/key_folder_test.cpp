// SPDX-License-Identifier: Apache-2.0
#include "atp/keys/key_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <functional>

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

const Time kNow{std::chrono::seconds(1'800'000'000)};
const Time kEnd = kNow + std::chrono::hours(24);

class SealedFolder : public KeyFolder {
 protected:
  KeyUnlock with(const std::string& passphrase) {
    return {.passphrase = [this, passphrase](const Path&) {
      ++asked_;
      return SecretBytes(as_bytes(passphrase));
    }};
  }
  Keys create_sealed() {
    return create_keys(*files_, random_, folder_, kVaultId, "bank.example",
                       {.passphrase = &passphrase_});
  }
  std::size_t in_clear() const {
    const KeyPaths paths = key_paths(folder_);
    return static_cast<std::size_t>(
        std::ranges::count_if(std::vector{paths.identity, paths.signing_key, paths.ledger_key},
                              [&](const Path& path) { return files_->status(path).has_value(); }));
  }

  const SecretBytes passphrase_{as_bytes("correct horse")};
  int asked_ = 0;
};

TEST_F(SealedFolder, APassphraseIsAskedForOnceAndOpensAll) {
  const Keys made = create_sealed();
  EXPECT_EQ(in_clear(), 0U);
  const Keys loaded = load_keys(*files_, folder_, with("correct horse"));
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(loaded.signer->public_key(), made.signer->public_key());
  EXPECT_EQ(loaded.ledger_signer->public_key(), made.ledger_signer->public_key());
  EXPECT_EQ(loaded.identities.at(0).recipient(), made.identities.at(0).recipient());
  EXPECT_EQ(error_kind([&] { load_keys(*files_, folder_, with("wrong")); }),
            ErrorKind::unauthenticated);
  EXPECT_EQ(error_kind([&] { load_keys(*files_, folder_); }), ErrorKind::unauthenticated);
  EXPECT_TRUE(find_trust_policy(*files_, folder_));
}

TEST_F(SealedFolder, ARecipientsIdentityOpensThem) {
  const age::Identity operators = age::Identity::generate(random_);
  const Path file = temp_.path() / "operator.key";
  write_file_durably(*files_, random_, file, operators.file().view(), 0600);
  const Keys made = create_keys(*files_, random_, folder_, kVaultId, "bank.example",
                                {.recipient = operators.recipient()});
  EXPECT_EQ(in_clear(), 0U);
  EXPECT_EQ(load_keys(*files_, folder_, {.identity = file}).signer->public_key(),
            made.signer->public_key());
  EXPECT_EQ(error_kind([&] { load_keys(*files_, folder_); }), ErrorKind::unauthenticated);
  const Path other = temp_.path() / "other.key";
  write_file_durably(*files_, random_, other, age::Identity::generate(random_).file().view(), 0600);
  EXPECT_EQ(error_kind([&] { load_keys(*files_, folder_, {.identity = other}); }),
            ErrorKind::unauthenticated);
  ASSERT_EQ(chmod(file.c_str(), 0644), 0);
  EXPECT_EQ(error_kind([&] { load_keys(*files_, folder_, {.identity = file}); }),
            ErrorKind::permission_denied);
}

TEST_F(SealedFolder, KeysInClearAreSealedAndGone) {
  const Keys made = create();
  EXPECT_EQ(error_kind([&] { seal_keys(*files_, random_, folder_, {}); }),
            ErrorKind::invalid_argument);
  EXPECT_EQ(in_clear(), 3U);
  seal_keys(*files_, random_, folder_, {.passphrase = &passphrase_});
  EXPECT_EQ(in_clear(), 0U);
  EXPECT_EQ(load_keys(*files_, folder_, with("correct horse")).signer->public_key(),
            made.signer->public_key());
  seal_keys(*files_, random_, folder_, {.passphrase = &passphrase_});
}

TEST_F(SealedFolder, NoSecretInClearGoesThatIsNotSealedTheSame) {
  create();
  const age::Identity wrong = age::Identity::generate(random_);
  const Path signing = key_paths(folder_).signing_key;
  const Bytes sealed = age::encrypt(read_secret_file(*files_, signing).view(),
                                    std::vector{wrong.recipient()}, random_);
  write_file_durably(*files_, random_, signing.string() + ".age", sealed, 0600);
  EXPECT_EQ(error_kind([&] { seal_keys(*files_, random_, folder_, {.passphrase = &passphrase_}); }),
            ErrorKind::unauthenticated);
  EXPECT_TRUE(files_->status(signing));
  files_->remove(signing.string() + ".age");
  seal_keys(*files_, random_, folder_, {.passphrase = &passphrase_});
  write_file_durably(*files_, random_, signing, generate_ed25519_pem(random_).view(), 0600);
  EXPECT_EQ(error_kind([&] { seal_keys(*files_, random_, folder_, {.passphrase = &passphrase_}); }),
            ErrorKind::corrupt);
  EXPECT_TRUE(files_->status(signing));
}

TEST_F(SealedFolder, WhatAPassphraseSealsItOpens) {
  create();
  const Path other = temp_.path() / "other.key";
  write_file_durably(*files_, random_, other, age::Identity::generate(random_).file().view(), 0600);
  seal_keys(*files_, random_, folder_, {.passphrase = &passphrase_}, {.identity = other});
  EXPECT_TRUE(load_keys(*files_, folder_, with("correct horse")).signer);
}

TEST_F(KeyFolder, T010_OneRotationAtATime) {
  create();
  const auto held = files_->open(folder_ / "keys.lock", OpenMode::create_or_open);
  ASSERT_TRUE(held->try_lock(0, 1, LockKind::exclusive));
  EXPECT_EQ(error_kind([&] { rotate_keys(*files_, random_, folder_, kNow, kEnd); }),
            ErrorKind::precondition_failed);
}

TEST_F(SealedFolder, KeysToComeAreSealedToo) {
  create();
  rotate_keys(*files_, random_, folder_, kNow, kEnd);
  for (const Path& path :
       {key_paths(folder_).next_signing_key, key_paths(folder_).next_ledger_key}) {
    write_file_durably(*files_, random_, path, generate_ed25519_pem(random_).view(), 0600);
  }
  seal_keys(*files_, random_, folder_, {.passphrase = &passphrase_});
  rotate_keys(*files_, random_, folder_, kEnd, kEnd + std::chrono::hours(24),
              with("correct horse"));
  for (const DirectoryEntry& entry : files_->list(folder_)) {
    EXPECT_FALSE(entry.name.ends_with(".pem") || entry.name.ends_with(".key")) << entry.name;
  }
}

TEST_F(SealedFolder, AFileInBothFormsIsRefused) {
  create_sealed();
  write_file_durably(*files_, random_, key_paths(folder_).signing_key,
                     generate_ed25519_pem(random_).view(), 0600);
  EXPECT_EQ(error_kind([&] { load_keys(*files_, folder_, with("correct horse")); }),
            ErrorKind::invalid_argument);
}

TEST_F(SealedFolder, RotatedKeysStaySealed) {
  const Keys before = create_sealed();
  rotate_keys(*files_, random_, folder_, kNow, kEnd, with("correct horse"));
  EXPECT_EQ(in_clear(), 0U);
  const Keys after = load_keys(*files_, folder_, with("correct horse"));
  EXPECT_EQ(after.replaced_signer->public_key(), before.signer->public_key());
  EXPECT_FALSE(after.signer->public_key() == before.signer->public_key());
}

TEST_F(KeyFolder, RotationMakesNewKeysAndEndsTheOldOnes) {
  const Keys before = create();
  const RotatedKeys rotated = rotate_keys(*files_, random_, folder_, kNow, kEnd);
  const Keys after = load_keys(*files_, folder_);
  EXPECT_EQ(rotated.signing_key_id, after.signer->public_key().id());
  EXPECT_EQ(rotated.ledger_key_id, after.ledger_signer->public_key().id());
  EXPECT_EQ(rotated.overlap_ends, kEnd);
  for (const auto& [old_key, new_key, role] :
       {std::tuple(before.signer, after.signer, KeyRole::document),
        std::tuple(before.ledger_signer, after.ledger_signer, KeyRole::ledger)}) {
    const std::string old_id = old_key->public_key().id();
    const std::string new_id = new_key->public_key().id();
    EXPECT_TRUE(after.trust->find(old_id, role, kEnd - std::chrono::nanoseconds(1)));
    EXPECT_FALSE(after.trust->find(old_id, role, kEnd));
    EXPECT_TRUE(after.trust->find(new_id, role, kNow));
    EXPECT_FALSE(after.trust->find(new_id, role, kNow - std::chrono::nanoseconds(1)));
  }
  EXPECT_EQ(error_kind([&] {
              rotate_keys(*files_, random_, folder_, kNow + std::chrono::hours(1), kEnd);
            }),
            ErrorKind::precondition_failed);
  rotate_keys(*files_, random_, folder_, kEnd, kEnd + std::chrono::hours(24));
  EXPECT_EQ(load_keys(*files_, folder_).replaced_signer->public_key(), after.signer->public_key());
  EXPECT_EQ(load_keys(*files_, folder_).trust->keys.size(), 6U);
}

TEST_F(KeyFolder, RotationRefusesKeysThatAreNotThePolicys) {
  create();
  files_->remove(key_paths(folder_).signing_key);
  EXPECT_EQ(error_kind([&] { rotate_keys(*files_, random_, folder_, kNow, kEnd); }),
            ErrorKind::precondition_failed);
  write_file_durably(*files_, random_, key_paths(folder_).signing_key,
                     generate_ed25519_pem(random_).view(), 0600);
  EXPECT_EQ(error_kind([&] { rotate_keys(*files_, random_, folder_, kNow, kEnd); }),
            ErrorKind::precondition_failed);
  EXPECT_EQ(error_kind([&] { rotate_keys(*files_, random_, folder_, kNow, kNow); }),
            ErrorKind::invalid_argument);
}

/// `attempt` on a folder with keys, on every image that a crash in it leaves; `check` looks at
/// each.
void for_every_crash(const std::function<void(FileSystem&, Random&)>& attempt,
                     const std::function<void(FileSystem&, Random&)>& check) {
  std::size_t images = 0;
  for (std::uint64_t crash = 1;; ++crash) {
    test::SimulatedFileSystem disk;
    test::SequenceRandom random(5);
    create_keys(disk, random, "/keys", kVaultId, "bank.example");
    disk.crash_after(crash);
    try {
      attempt(disk, random);
      break;
    } catch (const test::SimulatedCrash&) {
    }
    std::vector<test::Variant> variants{test::Variant::all(), test::Variant::none()};
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      variants.push_back(test::Variant::random(seed));
    }
    for (const test::Variant& variant : variants) {
      SCOPED_TRACE("operation " + std::to_string(crash));
      check(*disk.reboot(variant), random);
      ++images;
    }
  }
  EXPECT_GT(images, 100u);
}

TEST(KeyFolderCrash, T001_ACrashInARotationLeavesKeysThatSignAndARotationToComplete) {
  const auto rotate = [](FileSystem& files, Random& random) {
    rotate_keys(files, random, "/keys", kNow, kEnd);
  };
  for_every_crash(rotate, [&](FileSystem& files, Random& random) {
    const Keys left = load_keys(files, "/keys");
    EXPECT_TRUE(left.trust->find(left.signer->public_key().id(), KeyRole::document, kNow));
    EXPECT_TRUE(left.trust->find(left.ledger_signer->public_key().id(), KeyRole::ledger, kNow));
    try {
      rotate(files, random);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::precondition_failed);  // It was done before.
    }
    const Keys keys = load_keys(files, "/keys");
    EXPECT_EQ(keys.trust->keys.size(), 4U);
    EXPECT_TRUE(keys.trust->find(keys.signer->public_key().id(), KeyRole::document, kEnd));
    EXPECT_TRUE(keys.trust->find(keys.ledger_signer->public_key().id(), KeyRole::ledger, kEnd));
    ASSERT_TRUE(keys.replaced_signer && keys.replaced_ledger_signer);
    EXPECT_FALSE(
        keys.trust->find(keys.replaced_signer->public_key().id(), KeyRole::document, kEnd));
  });
}

TEST(KeyFolderCrash, T001_ACrashInSealingLosesNoKey) {
  const age::Identity identity = [] {
    test::SequenceRandom random(77);
    return age::Identity::generate(random);
  }();
  const auto seal = [&](FileSystem& files, Random& random) {
    seal_keys(files, random, "/keys", {.recipient = identity.recipient()});
  };
  for_every_crash(seal, [&](FileSystem& files, Random& random) {
    write_file_durably(files, random, "/operator.key", identity.file().view(), 0600);
    seal_keys(files, random, "/keys", {.recipient = identity.recipient()},
              {.identity = "/operator.key"});
    const Keys keys = load_keys(files, "/keys", {.identity = "/operator.key"});
    EXPECT_TRUE(keys.signer && keys.ledger_signer && !keys.identities.empty());
    EXPECT_EQ(keys.trust->keys_of(KeyRole::document).at(0), keys.signer->public_key());
  });
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
