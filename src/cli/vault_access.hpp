// SPDX-License-Identifier: Apache-2.0
/// A vault and its keys, from what was said on the command line.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "atp/keys/key_folder.hpp"
#include "atp/vault/vault_folder.hpp"

namespace atp::cli {

/// What a command that needs a vault is told of it and of its keys.
struct VaultArguments {
  Path vault = {};
  std::optional<Path> keys = {};
  std::optional<Path> trust = {};
  std::optional<Path> unlock = {};
  std::optional<Path> passphrase_file = {};
  bool dry_run = false;  ///< Only of commands that write.
};

/// How new key files are to be sealed.
struct SealingArguments {
  bool passphrase = false;
  std::optional<std::string> recipient = {};
};

enum class KeyUse {
  secrets,     ///< Sealed key files are opened, a passphrase asked for.
  trust_only,  ///< Only the trust policy is read.
};

/// From `--keys`, else the vault's default folder, which may be unknown.
std::optional<Path> find_key_folder(const Environment& environment,
                                    const VaultArguments& arguments);
/// The same. Throws: invalid_argument.
Path key_folder(const Environment& environment, const VaultArguments& arguments);

/// What `--unlock` and `--passphrase-file` say; else the terminal is asked.
KeyUnlock key_unlock(const Environment& environment, const VaultArguments& arguments);

/// What `--recipient`, `--passphrase` and `--passphrase-file` say of new key files.
class Sealing {
 public:
  Sealing(const Environment& environment, const SealingArguments& arguments,
          const std::optional<Path>& passphrase_file);
  KeySealing options() const {
    return {.recipient = recipient_, .passphrase = passphrase_ ? &*passphrase_ : nullptr};
  }

 private:
  std::optional<age::Recipient> recipient_;
  std::optional<SecretBytes> passphrase_;
};

/// A person's, or a witness's, own private key. Throws: invalid_argument where none was named.
std::shared_ptr<const Signer> load_person_key(const Environment& environment, const Path& path);

/// Those of the key folder; the trust policy from `--trust` where given.
Keys keys_of(const Environment& environment, const VaultArguments& arguments,
             KeyUse use = KeyUse::secrets);

/// Throws: unauthenticated where there is none.
const TrustPolicy& require_trust(const Keys& keys);

/// A dry run only reads.
std::shared_ptr<Vault> vault_of(const Environment& environment, const VaultArguments& arguments,
                                KeyUse use = KeyUse::secrets,
                                VaultAccess access = VaultAccess::read_write);

}  // namespace atp::cli
