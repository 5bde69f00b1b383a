// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/vault.hpp"

#include <algorithm>

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

// Byte ranges of vault.lock: byte 0 is shared by jobs and taken whole by a rebuild, each job has a
// byte of its own.
constexpr std::uint64_t kRebuildByte = 0;

std::uint64_t job_byte(const std::string& job_id) {
  if (job_id.size() != 32 || !from_hex(job_id)) {
    throw Error(ErrorKind::corrupt, job_id, "is no job id");
  }
  return 1 + (std::stoull(job_id.substr(0, 16), nullptr, 16) >> 2);
}

[[noreturn]] void throw_leased(const Path& lock, const std::string& by) {
  throw Error(ErrorKind::precondition_failed, lock.string(), "the vault is in use by " + by,
              Error::Retry::temporary);
}

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

}  // namespace

Environment system_environment() {
  return {.files = posix_file_system(),
          .clock = std::make_shared<SystemClock>(),
          .random = std::make_shared<SystemRandom>(),
          .http = make_http_client({})};
}

VaultPaths vault_paths(const Path& folder) {
  return {.folder = folder,
          .store = folder / "store",
          .catalog = folder / "catalog.db",
          .lock = folder / "vault.lock"};
}

Vault::Vault(Environment environment, VaultPaths paths, VaultDocument document,
             std::shared_ptr<ObjectStore> store, std::shared_ptr<Catalog> catalog,
             std::string catalog_problem, Keys keys)
    : environment_(std::move(environment)),
      paths_(std::move(paths)),
      document_(std::move(document)),
      store_(std::move(store)),
      catalog_(std::move(catalog)),
      catalog_problem_(std::move(catalog_problem)),
      keys_(std::move(keys)) {}

Catalog& Vault::catalog() const {
  if (catalog_) return *catalog_;
  throw Error(ErrorKind::unavailable, paths_.catalog.string(),
              catalog_problem_ + "; the vault is read-only until `atp catalog rebuild`");
}

HttpClient& Vault::http() const {
  if (environment_.http) return *environment_.http;
  throw Error(ErrorKind::unavailable, paths_.folder.string(), "there is no client for HTTP");
}

void Vault::check_catalog() {
  if (!catalog_) return;
  try {
    catalog_->check();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    catalog_problem_ = error.message();
    catalog_.reset();
  }
}

std::optional<Path> Vault::renew_catalog() {
  if (catalog_) return std::nullopt;
  FileSystem& files = *environment_.files;
  std::optional<Path> kept;
  files.sync_directory(paths_.folder);           // Where that fails nothing is moved.
  for (const char* suffix : {"-journal", ""}) {  // The journal first: it belongs to the old file.
    const Path old = paths_.catalog.string() + suffix;
    if (!files.status(old)) continue;
    kept = paths_.catalog.string() + ".kept-" + format_compact_time(environment_.clock->now()) +
           "-" + random_hex(*environment_.random, 4) + suffix;
    files.rename_new(old, *kept);
  }
  files.sync_directory(paths_.folder);
  catalog_ = create_sqlite_catalog(environment_.files, environment_.random, paths_.catalog, id());
  catalog_problem_.clear();
  return kept;
}

const TrustPolicy& Vault::trust() const {
  if (keys_.trust) return *keys_.trust;
  throw Error(ErrorKind::unauthenticated, paths_.folder.string(),
              "no trust policy at hand (trust.json of the key folder, or --trust)");
}

Signers Vault::signers() const {
  return require_signers(keys_.signer, keys_.replaced_signer, KeyRole::document, "signing.pem");
}

Signers Vault::ledger_signers() const {
  return require_signers(keys_.ledger_signer, keys_.replaced_ledger_signer, KeyRole::ledger,
                         "ledger.pem");
}

/// What is signed by another key than those of the trust policy stays for years, and nobody takes
/// it.
Signers Vault::require_signers(const std::shared_ptr<const Signer>& current,
                               const std::shared_ptr<const Signer>& replaced, KeyRole role,
                               const std::string& file) const {
  if (!current) {
    throw Error(ErrorKind::unauthenticated, paths_.folder.string(),
                "no key to sign with at hand (" + file + " of the key folder)");
  }
  const Time now = environment_.clock->now();
  const std::string& id = current->public_key().id();
  if (trust().find(id, role, now) == nullptr) {
    throw Error(ErrorKind::unauthenticated, file,
                "expected a key that the trust policy takes now, found " + id);
  }
  const bool overlaps = replaced && replaced->public_key().id() != id &&
                        trust().find(replaced->public_key().id(), role, now) != nullptr;
  return {*current, overlaps ? replaced.get() : nullptr};
}

std::optional<WorkLock> Vault::try_lock_for_job(const std::string& job_id) const {
  auto file = open_lock_file(*environment_.files, paths_.lock);
  if (!file->try_lock(kRebuildByte, 1, LockKind::shared)) {
    throw_leased(paths_.lock, "a catalog rebuild");
  }
  if (!file->try_lock(job_byte(job_id), 1, LockKind::exclusive)) return std::nullopt;
  return WorkLock(std::move(file));
}

WorkLock Vault::lock_for_job(const std::string& job_id) const {
  auto lock = try_lock_for_job(job_id);
  if (!lock) throw_leased(paths_.lock, "job " + job_id);
  return std::move(*lock);
}

WorkLock Vault::lock_for_rebuild() const {
  auto file = open_lock_file(*environment_.files, paths_.lock);
  if (!file->try_lock(kRebuildByte, 1, LockKind::exclusive)) {
    throw_leased(paths_.lock, "running jobs");
  }
  return WorkLock(std::move(file));
}

DocumentHeader Vault::new_header(const std::optional<TenantId>& tenant) const {
  return {.vault_id = id(),
          .tenant = tenant,
          .nonce = random_hex(*environment_.random, 16),
          .created_at = environment_.clock->now()};
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
  std::shared_ptr<Catalog> catalog;
  std::string problem;
  try {
    catalog = open_sqlite_catalog(environment.files, environment.random, paths.catalog,
                                  document.header.vault_id,
                                  writes ? CatalogAccess::read_write : CatalogAccess::read_only);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::corrupt &&
        error.kind() != ErrorKind::unsupported) {
      throw;
    }
    problem = error.message();
  }
  if (writes) settle_vault(*environment.files, paths);
  auto store =
      filesystem_store(environment.files, paths.store, environment.clock, environment.random,
                       writes ? StoreAccess::read_write : StoreAccess::read_only);
  auto vault = std::make_shared<Vault>(environment, paths, std::move(document), std::move(store),
                                       std::move(catalog), std::move(problem), std::move(keys));
  if (writes && vault->catalog_problem().empty()) store_halts(*vault);
  return vault;
}

}  // namespace v0
}  // namespace atp
