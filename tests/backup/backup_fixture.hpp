// SPDX-License-Identifier: Apache-2.0
/// A vault and a source folder on one simulated disk.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "atp/backup/take_backup.hpp"
#include "atp/ledger/ledger.hpp"
#include "atp/merkle/frontier.hpp"
#include "atp/model/json.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/completion.hpp"
#include "atp/vault/doctor.hpp"
#include "atp/vault/halt.hpp"
#include "atp/vault/job.hpp"
#include "atp/vault/rebuild.hpp"
#include "atp/vault/vault_folder.hpp"
#include "atp/verify/verify.hpp"
#include "support/error_kind.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"
#include "support/stranger.hpp"

namespace atp::test {

class BackupFixture : public testing::Test {
 protected:
  BackupFixture() {
    create_vault(environment_, "/vault", {.region = Region("west"), .keys = "/keys"});
    create_directories(*disk_, "/source");
    reopen();
  }

  void TearDown() override {
    const KeyPaths keys = key_paths("/keys");
    if (disk_->crashed() || !disk_->status(keys.trust) || !disk_->status(keys.identity)) return;
    disk_->no_faults();
    reopen();
    const auto text = [&](const Path& path) {
      return std::string(as_text(read_file(*disk_, path, 1 << 20)));
    };
    expect_stranger_agrees(vault_->store(), vault_->trust(), vault_->keys().identities,
                           text(keys.trust), text(keys.identity));
  }

  void reopen() { vault_ = open_vault(environment_, "/vault", load_keys(*disk_, "/keys")); }

  /// The same vault with its objects in another store.
  std::shared_ptr<Vault> vault_on(std::shared_ptr<ObjectStore> store) const {
    VaultPorts ports = vault_->ports();
    ports.store = std::move(store);
    return std::make_shared<Vault>(std::move(ports), vault_->document(),
                                   load_keys(*disk_, "/keys"));
  }

  /// Makes the ledger one of version 1, as earlier builds wrote it, and the catalog know it so.
  void make_ledger_old(const TenantId& tenant) {
    merkle::Frontier<Rfc9162Hasher> tree;
    const auto replace = [&](const std::string& key, const std::string& text) {
      disk_->remove(Path("/vault/store") / key);
      disk_->open(Path("/vault/store") / key, OpenMode::create_new)->write_at(0, as_bytes(text));
    };
    for (const std::string& key : keys(layout::ledger_entries(tenant, 0))) {
      Json json = parse_json(as_text(get_object(vault_->store(), key, kStatementLimit)));
      json.as_object().insert_or_assign("formatVersion", 1);
      for (const char* name : {"signature", "binding", "bindingBefore"}) {
        json.as_object().erase(name);
      }
      const Bytes signature = vault_->signers().current().sign(as_bytes(json.str()));
      json.as_object().emplace("signature", to_base64(signature));
      replace(key, json.str());
      tree.push(Rfc9162Hasher::leaf(as_bytes(json.str())));
      const std::string checkpoint = layout::ledger_checkpoint(tenant, 0, tree.size());
      if (!vault_->store().stat(checkpoint)) continue;
      const Checkpoint seen{json.as_object().at("origin").as_string(), tree.size(), tree.root()};
      replace(checkpoint, sign_checkpoint(seen, vault_->ledger_signers()));
    }
    vault_.reset();
    disk_->remove("/vault/catalog.db");
    reopen();
    rebuild_catalog(*vault_, {}, nullptr);
  }

  /// Changes the trust policy and opens the vault with it.
  void change_trust(const std::function<void(TrustPolicy&)>& change) {
    change_trust_policy(*disk_, *environment_.random, key_paths("/keys").trust, change);
    reopen();
  }

  /// Writes a source file and lets time pass.
  void seal(const std::string& name, const std::string& text) {
    const Path path = Path("/source") / name;
    create_directories(*disk_, path.parent_path());
    if (disk_->status(path)) disk_->remove(path);
    disk_->open(path, OpenMode::create_new)->write_at(0, as_bytes(text));
    clock_->advance(std::chrono::minutes(1));
  }

  BackupOptions options(const std::string& tenant = "acme") const {
    return {.tenant = TenantId(tenant), .workers = 2};
  }

  /// The same by a clock that somebody says is right.
  BackupOptions insisting() const {
    BackupOptions asked = options();
    asked.clock = ClockTrust::insist;
    return asked;
  }

  BackupResult backup(const BackupOptions& options) {
    clock_->advance(std::chrono::minutes(1));
    const auto source = segment_folder(disk_, "/source");
    return take_backup(*vault_, *source, options);
  }
  BackupResult backup() { return backup(options()); }

  Report verify(const std::string& id) {
    return verify_point(vault_->store(), find_point(vault_->store(), id), &vault_->trust(),
                        vault_->keys().identities, {});
  }

  std::vector<std::string> keys(const std::string& prefix) {
    std::vector<std::string> keys = {};
    for_each_key(vault_->store(), prefix, [&](const std::string& key) { keys.push_back(key); });
    return keys;
  }

  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  const std::shared_ptr<SimulatedFileSystem> disk_ = std::make_shared<SimulatedFileSystem>(clock_);
  Environment environment_{disk_, clock_, std::make_shared<SequenceRandom>()};
  std::shared_ptr<Vault> vault_;
};

}  // namespace atp::test
