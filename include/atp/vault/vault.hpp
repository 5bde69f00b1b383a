// SPDX-License-Identifier: Apache-2.0
/// A vault: the store, ledgers, catalog, keys and policies of one region. The only writer of the
/// layout. Several processes may have one vault open; one `Vault` may be used by several threads.
/// `atp/vault/vault_folder.hpp` makes and opens one that is all in a folder.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "atp/catalog/catalog.hpp"
#include "atp/core/clock.hpp"
#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"
#include "atp/core/random.hpp"
#include "atp/keys/key_folder.hpp"
#include "atp/model/documents.hpp"
#include "atp/net/http_client.hpp"
#include "atp/storage/object_store.hpp"
#include "atp/vault/work_locks.hpp"

namespace atp {
inline namespace v0 {

/// All that a vault asks of the world.
struct Environment {
  std::shared_ptr<FileSystem> files;
  std::shared_ptr<const Clock> clock;
  std::shared_ptr<Random> random;
  std::shared_ptr<HttpClient> http = {};  ///< Null: witnesses and authorities cannot be asked.
};

/// The machine's file system, clock and randomness, and a client for HTTP.
ATP_EXPORT Environment system_environment();

/// All that a vault stands on. None of it says where the others are: objects may be in a service,
/// while catalog and locks are on this machine.
struct VaultPorts {
  Environment environment;
  std::shared_ptr<ObjectStore> store;
  std::shared_ptr<CatalogPlace> catalog;
  std::shared_ptr<WorkLocks> work;
  Path home;  ///< The vault's folder on this machine; nothing that is handed out is written there.
};

enum class VaultAccess {
  read_write,
  read_only,  ///< What writes throws; opens from a medium that is only read.
};

class ATP_EXPORT Vault {
 public:
  /// `document` is that of the store. A missing, damaged or foreign catalog leaves the vault
  /// read-only (`catalog_problem`). Throws: trouble of the machine.
  Vault(VaultPorts ports, VaultDocument document, Keys keys,
        VaultAccess access = VaultAccess::read_write);

  const VaultPorts& ports() const { return ports_; }
  const Environment& environment() const { return ports_.environment; }
  const Path& home() const { return ports_.home; }
  const VaultDocument& document() const { return document_; }
  const std::string& id() const { return document_.header.vault_id; }
  const Region& region() const { return document_.region; }
  ObjectStore& store() const { return *ports_.store; }
  WorkLocks& work() const { return *ports_.work; }
  /// Throws: unavailable where the environment has none.
  HttpClient& http() const;
  const Keys& keys() const { return keys_; }

  const CatalogPlace& catalog_place() const { return *ports_.catalog; }
  /// Why the catalog cannot be used; empty where it can.
  const std::string& catalog_problem() const { return catalog_problem_; }
  /// Throws: unavailable, with the problem and its cure, where the catalog cannot be used.
  Catalog& catalog() const;

  /// Reads all of the catalog; where it is damaged, it cannot be used from here on. Throws:
  /// unavailable for trouble of the machine.
  void check_catalog();
  /// Puts an empty catalog in the place of one that cannot be used, which is kept under the
  /// returned name; where the catalog can be used, does nothing. Call under
  /// `WorkLocks::lock_rebuild`.
  std::optional<std::string> renew_catalog();

  /// Throw unauthenticated where the keys at hand lack what writing needs, or the trust policy does
  /// not take them now.
  const TrustPolicy& trust() const;
  Signers signers() const;
  Signers ledger_signers() const;

  /// The start of a document of `tenant`, with a fresh nonce.
  DocumentHeader new_header(const std::optional<TenantId>& tenant) const;

 private:
  Signers require_signers(const std::shared_ptr<const Signer>& current,
                          const std::shared_ptr<const Signer>& replaced, KeyRole role,
                          const std::string& file) const;

  VaultPorts ports_;
  VaultDocument document_;
  Keys keys_;
  std::shared_ptr<Catalog> catalog_;
  std::string catalog_problem_;
};

}  // namespace v0
}  // namespace atp
