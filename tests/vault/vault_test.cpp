// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "atp/storage/layout.hpp"
#include "atp/vault/vault_folder.hpp"
#include "support/error_kind.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"

namespace atp {
namespace {

using test::error_kind;
using test::is_of_changed_bytes;

const Path kFolder = "/vault";
const Path kKeys = "/keys";

class VaultTest : public testing::Test {
 protected:
  CreatedVault create() {
    return create_vault(environment_, kFolder, {.region = Region("west"), .keys = kKeys});
  }
  std::shared_ptr<Vault> open() {
    return open_vault(environment_, kFolder, load_keys(*environment_.files, kKeys));
  }

  const std::shared_ptr<test::SimulatedFileSystem> disk_ =
      std::make_shared<test::SimulatedFileSystem>();
  const std::shared_ptr<test::ManualClock> clock_ = std::make_shared<test::ManualClock>();
  const Environment environment_{disk_, clock_, std::make_shared<test::SequenceRandom>()};
};

TEST_F(VaultTest, IsWhatItsDocumentSays) {
  const CreatedVault created = create();
  const auto vault = open();
  EXPECT_EQ(vault->id(), created.vault_id);
  EXPECT_EQ(vault->region(), Region("west"));
  EXPECT_EQ(vault->document().domain, created.vault_id + ".invalid");
  EXPECT_EQ(vault->catalog().vault_id(), created.vault_id);
  EXPECT_EQ(vault->document().recipients.at(0), vault->keys().identities.at(0).recipient().str());
}

TEST_F(VaultTest, IsMadeOnce) {
  create();
  EXPECT_EQ(error_kind([&] { create(); }), ErrorKind::already_exists);
}

TEST_F(VaultTest, T001_AnInterruptedCreationIsFinishedByTheNext) {
  std::size_t images = 0;
  for (std::uint64_t crash = 1;; ++crash) {
    const auto disk = std::make_shared<test::SimulatedFileSystem>();
    disk->crash_after(crash);
    const auto make = [&](const std::shared_ptr<FileSystem>& files, std::uint64_t seed) {
      const Environment environment{files, clock_, std::make_shared<test::SequenceRandom>(seed)};
      create_vault(environment, kFolder, {.region = Region("west"), .keys = kKeys});
      open_vault(environment, kFolder, load_keys(*files, kKeys))->catalog();
    };
    try {
      make(disk, 1);
      break;
    } catch (const test::SimulatedCrash&) {
    }
    for (const test::Variant& variant :
         {test::Variant::all(), test::Variant::none(), test::Variant::random(1)}) {
      const auto rebooted = disk->reboot(variant);
      if (!rebooted->status(kFolder / "store/vault.json")) make(rebooted, 1 + crash);
      EXPECT_TRUE(load_keys(*rebooted, kKeys).trust) << crash;
      ++images;
    }
  }
  EXPECT_GT(images, 90u);
}

TEST_F(VaultTest, KeepsItsKeysOutside) {
  const auto inside = [&](const Path& keys) {
    return error_kind(
        [&] { create_vault(environment_, kFolder, {.region = Region("west"), .keys = keys}); });
  };
  EXPECT_EQ(inside("/vault/keys"), ErrorKind::invalid_argument);
  EXPECT_EQ(inside("/vault"), ErrorKind::invalid_argument);
  EXPECT_EQ(inside("/other/../vault/store/keys"), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] {
              create_vault(environment_, kFolder,
                           {.region = Region("west"), .configuration = "/vault/config"});
            }),
            ErrorKind::invalid_argument);
}

TEST_F(VaultTest, NoFolderIsNoVault) {
  EXPECT_EQ(error_kind([&] { open_vault(environment_, "/nothing", {}); }), ErrorKind::not_found);
  EXPECT_EQ(error_kind([&] { open_store(environment_, "/nothing"); }), ErrorKind::not_found);
}

TEST_F(VaultTest, T015_AMissingCatalogIsNeverMadeAnew) {
  create();
  disk_->remove(kFolder / "catalog.db");
  const auto vault = open();
  EXPECT_NE(vault->catalog_problem(), "");
  EXPECT_EQ(error_kind([&] { vault->catalog(); }), ErrorKind::unavailable);
  EXPECT_FALSE(disk_->status(kFolder / "catalog.db"));
}

TEST_F(VaultTest, T015_ADamagedCatalogLeavesTheVaultReadOnly) {
  create();
  disk_->open(kFolder / "catalog.db", OpenMode::read_write)->write_at(0, Bytes(4096));
  EXPECT_EQ(error_kind([&] { open()->catalog(); }), ErrorKind::unavailable);
}

TEST_F(VaultTest, T041_ADocumentOfAnotherVaultIsRefused) {
  create();
  const Keys ours = load_keys(*disk_, kKeys);
  create_vault(environment_, "/second", {.region = Region("west"), .keys = "/second-keys"});
  EXPECT_EQ(error_kind([&] { open_vault(environment_, "/second", load_keys(*disk_, kKeys)); }),
            ErrorKind::untrusted);
}

TEST_F(VaultTest, EveryFlippedBitOfItsDocumentIsSeen) {
  create();
  const Path path = kFolder / "store" / layout::kVault;
  const Bytes good = read_file(*disk_, path, 10000);
  const auto file = disk_->open(path, OpenMode::read_write);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      const std::byte bad[] = {good[i] ^ std::byte(1 << bit)};
      file->write_at(i, bad);
      EXPECT_TRUE(is_of_changed_bytes(error_kind([&] { open(); }))) << i << " bit " << bit;
    }
    file->write_at(i, ByteView(good).subspan(i, 1));
  }
  EXPECT_FALSE(error_kind([&] { open(); }));
}

TEST_F(VaultTest, JobsShareItAndARebuildExcludesThem) {
  create();
  const auto vault = open();
  const std::string one(32, '1');
  const std::string two(32, '2');
  {
    const WorkLock first = vault->work().lock_job(one);
    EXPECT_EQ(disk_->status(vault_paths(vault->home()).lock)->mode, 0600U)
        << "readers cannot lock it";
    const WorkLock second = vault->work().lock_job(two);
    EXPECT_FALSE(vault->work().try_lock_job(one));
    EXPECT_TRUE(vault->work().try_lock_job(std::string(32, '3')));
    EXPECT_EQ(error_kind([&] { vault->work().lock_rebuild(); }), ErrorKind::precondition_failed);
  }
  EXPECT_TRUE(vault->work().try_lock_job(one));
  EXPECT_EQ(error_kind([&] { vault->work().lock_job("no id"); }), ErrorKind::corrupt);
  const WorkLock rebuild = vault->work().lock_rebuild();
  EXPECT_EQ(error_kind([&] { vault->work().lock_job(one); }), ErrorKind::precondition_failed);
}

TEST_F(VaultTest, WithoutKeysNothingIsWritten) {
  create();
  const auto vault = open_vault(environment_, kFolder, {});
  EXPECT_EQ(error_kind([&] { vault->trust(); }), ErrorKind::unauthenticated);
  EXPECT_EQ(error_kind([&] { vault->signers(); }), ErrorKind::unauthenticated);
  EXPECT_EQ(error_kind([&] { vault->ledger_signers(); }), ErrorKind::unauthenticated);
}

}  // namespace
}  // namespace atp
