// SPDX-License-Identifier: Apache-2.0
/// A vault: the store, ledgers, catalog, keys and policies of one region. The only writer of the
/// layout. Several processes may have one vault open; one `Vault` may be used by several threads.
///
///     VAULT/store/        the objects; enough to verify, restore and rebuild
///     VAULT/catalog.db    the catalog
///     VAULT/vault.lock    locks of running work
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

struct VaultPaths {
  Path folder;
  Path store;
  Path catalog;
  Path lock;
};
ATP_EXPORT VaultPaths vault_paths(const Path& folder);

/// Held while work runs; released when it goes, and by the system when the process dies.
class WorkLock {
 public:
  explicit WorkLock(std::unique_ptr<File> file) : file_(std::move(file)) {}

 private:
  std::unique_ptr<File> file_;
};

class ATP_EXPORT Vault {
 public:
  Vault(Environment environment, VaultPaths paths, VaultDocument document,
        std::shared_ptr<ObjectStore> store, std::shared_ptr<Catalog> catalog,
        std::string catalog_problem, Keys keys);

  const Environment& environment() const { return environment_; }
  const VaultPaths& paths() const { return paths_; }
  const VaultDocument& document() const { return document_; }
  const std::string& id() const { return document_.header.vault_id; }
  const Region& region() const { return document_.region; }
  ObjectStore& store() const { return *store_; }
  /// Throws: unavailable where the environment has none.
  HttpClient& http() const;
  const Keys& keys() const { return keys_; }

  /// Why the catalog cannot be used; empty where it can.
  const std::string& catalog_problem() const { return catalog_problem_; }
  /// Throws: unavailable, with the problem and its cure, where the catalog cannot be used.
  Catalog& catalog() const;

  /// Reads all of the catalog; where it is damaged, it cannot be used from here on. Throws:
  /// unavailable for trouble of the machine.
  void check_catalog();
  /// Puts an empty catalog in the place of one that cannot be used, which is kept beside it under
  /// the returned name; where the catalog can be used, does nothing. Call under `lock_for_rebuild`.
  std::optional<Path> renew_catalog();

  /// Throw unauthenticated where the keys at hand lack what writing needs, or the trust policy does
  /// not take them now.
  const TrustPolicy& trust() const;
  Signers signers() const;
  Signers ledger_signers() const;

  /// A lock that many jobs share and a rebuild excludes. Throws: precondition_failed (leased);
  /// corrupt for an id that is none.
  WorkLock lock_for_job(const std::string& job_id) const;
  WorkLock lock_for_rebuild() const;
  /// As `lock_for_job`; nothing where the process that runs the job is alive.
  std::optional<WorkLock> try_lock_for_job(const std::string& job_id) const;

  /// The start of a document of `tenant`, with a fresh nonce.
  DocumentHeader new_header(const std::optional<TenantId>& tenant) const;

 private:
  Signers require_signers(const std::shared_ptr<const Signer>& current,
                          const std::shared_ptr<const Signer>& replaced, KeyRole role,
                          const std::string& file) const;

  Environment environment_;
  VaultPaths paths_;
  VaultDocument document_;
  std::shared_ptr<ObjectStore> store_;
  std::shared_ptr<Catalog> catalog_;
  std::string catalog_problem_;
  Keys keys_;
};

struct CreateVaultOptions {
  Region region;
  std::optional<std::string> domain = {};  ///< Default: `<vaultId>.invalid`.
  std::optional<Path> keys = {};           ///< Default: `<configuration>/atp/<vaultId>`.
  Path configuration = {};                 ///< The user's configuration folder.
  KeySealing sealing = {};                 ///< How the key files are written.
  KeyUnlock unlock = {};                   ///< For sealed ones that an interrupted call has left.
};

struct CreatedVault {
  std::string vault_id;
  VaultPaths paths;
  KeyPaths keys;
};

/// Makes a vault in `folder`: catalog, keys, then `vault.json`, which makes it one. Finishes an
/// interrupted call. Throws: already_exists where there is a vault; invalid_argument for a key
/// folder inside `folder`; unsupported where the store lacks exclusive creation or immutability.
ATP_EXPORT CreatedVault create_vault(const Environment& environment, const Path& folder,
                                     const CreateVaultOptions& options);

/// Where the keys of the vault in `folder` are unless told otherwise. Throws: not_found where there
/// is no vault; corrupt or unsupported where `vault.json` cannot be read.
ATP_EXPORT Path default_key_folder(const Environment& environment, const Path& folder,
                                   const Path& configuration);

/// The store of the vault in `folder` alone, to be read: from any medium, also from a disk that
/// fails to write.
/// Throws: not_found where there is no vault.
ATP_EXPORT std::shared_ptr<ObjectStore> open_store(const Environment& environment,
                                                   const Path& folder);

enum class VaultAccess {
  read_write,
  read_only,  ///< What writes throws; opens from a medium that is only read.
};

/// Opens the vault in `folder`. A missing, damaged or foreign catalog leaves it read-only
/// (`catalog_problem`). Throws: not_found where there is no vault; corrupt where `vault.json` is
/// damaged, unsupported where it is of a later version, untrusted where it is not signed by a key
/// of the trust policy, if there is one.
ATP_EXPORT std::shared_ptr<Vault> open_vault(const Environment& environment, const Path& folder,
                                             Keys keys,
                                             VaultAccess access = VaultAccess::read_write);

}  // namespace v0
}  // namespace atp
