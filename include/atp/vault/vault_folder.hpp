// SPDX-License-Identifier: Apache-2.0
/// A vault that is all in one folder:
///
///     VAULT/store/        the objects; enough to verify, restore and rebuild
///     VAULT/catalog.db    the catalog
///     VAULT/vault.lock    locks of running work
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "atp/core/export.hpp"
#include "atp/keys/key_folder.hpp"
#include "atp/vault/vault.hpp"

namespace atp {
inline namespace v0 {

struct VaultPaths {
  Path folder;
  Path store;
  Path catalog;
  Path lock;
};
ATP_EXPORT VaultPaths vault_paths(const Path& folder);

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

/// Opens the vault in `folder`. A missing, damaged or foreign catalog leaves it read-only
/// (`catalog_problem`). Throws: not_found where there is no vault; corrupt where `vault.json` is
/// damaged, unsupported where it is of a later version, untrusted where it is not signed by a key
/// of the trust policy, if there is one.
ATP_EXPORT std::shared_ptr<Vault> open_vault(const Environment& environment, const Path& folder,
                                             Keys keys,
                                             VaultAccess access = VaultAccess::read_write);

}  // namespace v0
}  // namespace atp
