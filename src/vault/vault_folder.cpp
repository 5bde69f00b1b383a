// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/vault_folder.hpp"

#include "atp/core/error.hpp"
#include "atp/model/problem.hpp"
#include "atp/model/trust_policy_file.hpp"
#include "atp/storage/filesystem_store.hpp"
#include "atp/storage/layout.hpp"
#include "atp/storage/probe.hpp"
#include "atp/vault/halt.hpp"

namespace atp {
inline namespace v0 {
namespace {

std::optional<std::string> read_vault_document(FileSystem& files, const VaultPaths& paths) {
  const Path path = paths.store / layout::kVault;
  if (!files.status(path)) return std::nullopt;
  return std::string(as_text(read_file(files, path, kDocumentLimit)));
}

std::string require_vault_document(const Environment& environment, const VaultPaths& paths) {
  auto stored = read_vault_document(*environment.files, paths);
  if (!stored) {
    throw Error(ErrorKind::not_found, paths.folder.string(),
                "is no vault: store/vault.json is missing (atp init makes one)");
  }
  return std::move(*stored);
}

VaultDocument parse_vault_document(const VaultPaths& paths, const std::string& stored,
                                   const TrustPolicy* trust) {
  auto checked = check_document<VaultDocument>(stored, trust, std::nullopt);
  if (!checked.document) refuse_document((paths.store / layout::kVault).string(), checked);
  return std::move(*checked.document);
}

/// The catalog of a finished or an interrupted `create_vault`, or a new one.
std::string ensure_catalog(const Environment& environment, const VaultPaths& paths) {
  if (environment.files->status(paths.catalog)) {
    return open_sqlite_catalog(environment.files, environment.random, paths.catalog, {})
        ->vault_id();
  }
  const std::string vault_id = random_hex(*environment.random, 16);
  return create_sqlite_catalog(environment.files, environment.random, paths.catalog, vault_id)
      ->vault_id();
}

/// `create_vault` may have ended before its last sync. Where nothing can be synced, nothing can be
/// written, either.
void settle_vault(FileSystem& files, const VaultPaths& paths) {
  try {
    files.sync_directory(paths.store);
  } catch (const Error& error) {
    const bool only_read =
        error.kind() == ErrorKind::permission_denied || error.kind() == ErrorKind::unsupported;
    if (!only_read) throw;
  }
}

VaultPorts folder_ports(const Environment& environment, const VaultPaths& paths,
                        StoreAccess access) {
  return {.environment = environment,
          .store = filesystem_store(environment.files, paths.store, environment.clock,
                                    environment.random, access),
          .catalog = sqlite_catalog_place(environment.files, environment.clock, environment.random,
                                          paths.catalog),
          .work = file_work_locks(environment.files, paths.lock),
          .home = paths.folder};
}

}  // namespace

VaultPaths vault_paths(const Path& folder) {
  return {.folder = folder,
          .store = folder / "store",
          .catalog = folder / "catalog.db",
          .lock = folder / "vault.lock"};
}

CreatedVault create_vault(const Environment& environment, const Path& folder,
                          const CreateVaultOptions& options) {
  FileSystem& files = *environment.files;
  const VaultPaths paths = vault_paths(folder);
  if (read_vault_document(files, paths)) {
    files.sync_directory(paths.store);  // Whoever put it may not have come to that.
    throw Error(ErrorKind::already_exists, folder.string(), "is a vault already");
  }
  if (options.keys) require_outside(*options.keys, folder);
  if (options.domain) check_domain(*options.domain);
  create_directories(files, paths.store);
  const std::string vault_id = ensure_catalog(environment, paths);
  const Path key_folder = options.keys.value_or(options.configuration / "atp" / vault_id);
  require_outside(key_folder, folder);
  const std::string domain = options.domain.value_or(vault_id + ".invalid");
  const Keys keys = create_keys(files, *environment.random, key_folder, vault_id, domain,
                                options.sealing, options.unlock);
  if (keys.identities.empty() || !keys.signer || !keys.ledger_signer || !keys.trust) {
    throw Error(ErrorKind::unavailable, key_folder.string(),
                "lost keys while they were being made");
  }
  const auto store =
      filesystem_store(environment.files, paths.store, environment.clock, environment.random);
  require_capabilities(*store, {.atomic_create = true, .immutability = true});
  probe_immutability(*store, *environment.clock, *environment.random);
  const VaultDocument document{.header = {.vault_id = vault_id,
                                          .nonce = random_hex(*environment.random, 16),
                                          .created_at = environment.clock->now()},
                               .region = options.region,
                               .domain = keys.trust->domain,
                               .recipients = {keys.identities.front().recipient().str()}};
  put_object(*store, std::string(layout::kVault), as_bytes(sign_document(document, *keys.signer)),
             {});
  return {.vault_id = vault_id, .paths = paths, .keys = key_paths(key_folder)};
}

Path default_key_folder(const Environment& environment, const Path& folder,
                        const Path& configuration) {
  const VaultPaths paths = vault_paths(folder);
  const std::string stored = require_vault_document(environment, paths);
  return configuration / "atp" / parse_vault_document(paths, stored, nullptr).header.vault_id;
}

std::shared_ptr<ObjectStore> open_store(const Environment& environment, const Path& folder) {
  const VaultPaths paths = vault_paths(folder);
  require_vault_document(environment, paths);
  return filesystem_store(environment.files, paths.store, environment.clock, environment.random,
                          StoreAccess::read_only);
}

std::shared_ptr<Vault> open_vault(const Environment& environment, const Path& folder, Keys keys,
                                  VaultAccess access) {
  const bool writes = access == VaultAccess::read_write;
  const VaultPaths paths = vault_paths(folder);
  const std::string stored = require_vault_document(environment, paths);
  VaultDocument document = parse_vault_document(paths, stored, keys.trust ? &*keys.trust : nullptr);
  if (writes) settle_vault(*environment.files, paths);
  auto vault = std::make_shared<Vault>(
      folder_ports(environment, paths, writes ? StoreAccess::read_write : StoreAccess::read_only),
      std::move(document), std::move(keys), access);
  if (writes && vault->catalog_problem().empty()) store_halts(*vault);
  return vault;
}

}  // namespace v0
}  // namespace atp
