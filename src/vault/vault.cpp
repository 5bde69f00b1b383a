// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/vault.hpp"

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {

Environment system_environment() {
  return {.files = posix_file_system(),
          .clock = std::make_shared<SystemClock>(),
          .random = std::make_shared<SystemRandom>(),
          .http = make_http_client({})};
}

Vault::Vault(VaultPorts ports, VaultDocument document, Keys keys, VaultAccess access)
    : ports_(std::move(ports)), document_(std::move(document)), keys_(std::move(keys)) {
  const bool writes = access == VaultAccess::read_write;
  try {
    catalog_ =
        ports_.catalog->open(id(), writes ? CatalogAccess::read_write : CatalogAccess::read_only);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::corrupt &&
        error.kind() != ErrorKind::unsupported) {
      throw;
    }
    catalog_problem_ = error.message();
  }
}

Catalog& Vault::catalog() const {
  if (catalog_) return *catalog_;
  throw Error(ErrorKind::unavailable, ports_.catalog->describe(),
              catalog_problem_ + "; the vault is read-only until `atp catalog rebuild`");
}

HttpClient& Vault::http() const {
  if (ports_.environment.http) return *ports_.environment.http;
  throw Error(ErrorKind::unavailable, ports_.home.string(), "there is no client for HTTP");
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

std::optional<std::string> Vault::renew_catalog() {
  if (catalog_) return std::nullopt;
  CatalogPlace::Renewed renewed = ports_.catalog->renew(id());
  catalog_ = std::move(renewed.catalog);
  catalog_problem_.clear();
  return renewed.kept;
}

const TrustPolicy& Vault::trust() const {
  if (keys_.trust) return *keys_.trust;
  throw Error(ErrorKind::unauthenticated, ports_.home.string(),
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
    throw Error(ErrorKind::unauthenticated, ports_.home.string(),
                "no key to sign with at hand (" + file + " of the key folder)");
  }
  const Time now = ports_.environment.clock->now();
  const std::string& id = current->public_key().id();
  if (trust().find(id, role, now) == nullptr) {
    throw Error(ErrorKind::unauthenticated, file,
                "expected a key that the trust policy takes now, found " + id);
  }
  const bool overlaps = replaced && replaced->public_key().id() != id &&
                        trust().find(replaced->public_key().id(), role, now) != nullptr;
  return {*current, overlaps ? replaced.get() : nullptr};
}

DocumentHeader Vault::new_header(const std::optional<TenantId>& tenant) const {
  return {.vault_id = id(),
          .tenant = tenant,
          .nonce = random_hex(*ports_.environment.random, 16),
          .created_at = ports_.environment.clock->now()};
}

}  // namespace v0
}  // namespace atp
