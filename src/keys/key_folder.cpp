// SPDX-License-Identifier: Apache-2.0
#include "atp/keys/key_folder.hpp"

#include "atp/core/error.hpp"
#include "atp/keys/pkcs11.hpp"
#include "atp/model/trust_policy_file.hpp"
#include "keys/secret_files.hpp"

namespace atp {
inline namespace v0 {
namespace {

using keys::SecretFiles;

constexpr std::uint64_t kTrustPolicyLimit = 1 << 20;
constexpr std::uint32_t kTrustPermissions = 0644;

age::Identity parse_identity(const Path& path, const SecretBytes& secret) {
  return keys::in_file(path, [&] { return age::Identity::parse_file(secret.text()); });
}

std::shared_ptr<const Signer> parse_signer(const Path& path, const SecretBytes& secret) {
  return keys::in_file(path, [&] { return signer_from_pem(secret); });
}

/// Of the same role, where its key is in a token.
Path token_key(Path pem) { return pem.replace_extension(".pkcs11"); }

/// From `pem` or its token; null where there is neither.
std::shared_ptr<const Signer> find_signer(FileSystem& files, SecretFiles& secrets,
                                          const Path& pem) {
  const Path token = token_key(pem);
  if (!files.status(token)) {
    const auto secret = secrets.find(pem);
    return secret ? parse_signer(pem, *secret) : nullptr;
  }
  if (!secrets.exists(pem)) return load_pkcs11_signer(files, token);
  throw Error(ErrorKind::invalid_argument, token.string(),
              "expected one key for the role, found " + pem.filename().string() + " as well");
}

/// The secret that is there, or a new one.
template <class Make>
SecretBytes ensure_secret(SecretFiles& secrets, Random& random, const Path& path,
                          const std::optional<age::Recipient>& recipient, const Make& make) {
  if (auto secret = secrets.find(path)) return *std::move(secret);
  SecretBytes secret = make(random);
  secrets.write(random, path, secret, recipient);
  return secret;
}

SecretBytes generate_identity_file(Random& random) {
  return age::Identity::generate(random).file();
}

/// Whom new files are sealed to; where a passphrase is to open them, by way of an identity of its
/// own: it costs a second to open one file, and there are many.
std::optional<age::Recipient> seal_to(FileSystem& files, Random& random, const Path& folder,
                                      const KeySealing& sealing, SecretFiles& secrets) {
  if (sealing.recipient || sealing.passphrase == nullptr) return sealing.recipient;
  const Path path = keys::sealed_path(key_paths(folder).unlock);
  if (!files.status(path)) {
    const Bytes file = age::encrypt_with_passphrase(age::Identity::generate(random).file().view(),
                                                    *sealing.passphrase, random);
    write_file_durably(files, random, path, file, kPrivateFile);
  }
  return secrets.identity().recipient();
}

/// The passphrase to seal with opens what it seals, and no other identity does.
KeyUnlock unlock_for(const KeySealing& sealing, const KeyUnlock& unlock) {
  if (sealing.passphrase == nullptr) return unlock;
  return {.passphrase = [&sealing](const Path&) { return sealing.passphrase->clone(); }};
}

TrustPolicy trust_of(const std::string& vault_id, const std::string& domain, const Signer& signer,
                     const Signer& ledger_signer) {
  return {.vault_id = vault_id,
          .domain = domain,
          .keys = {{signer.public_key(), KeyRole::document, {}, {}},
                   {ledger_signer.public_key(), KeyRole::ledger, {}, {}}}};
}

std::vector<Path> secret_paths(const Path& folder) {
  const KeyPaths paths = key_paths(folder);
  return {paths.identity,
          paths.signing_key,
          paths.ledger_key,
          paths.replaced_signing_key,
          paths.replaced_ledger_key,
          paths.next_signing_key,
          paths.next_ledger_key};
}

}  // namespace

KeyPaths key_paths(const Path& folder) {
  return {.identity = folder / "vault.key",
          .signing_key = folder / "signing.pem",
          .ledger_key = folder / "ledger.pem",
          .replaced_signing_key = folder / "signing.replaced.pem",
          .replaced_ledger_key = folder / "ledger.replaced.pem",
          .next_signing_key = folder / "signing.next.pem",
          .next_ledger_key = folder / "ledger.next.pem",
          .trust = folder / "trust.json",
          .unlock = folder / "unlock.key"};
}

Keys create_keys(FileSystem& files, Random& random, const Path& folder, const std::string& vault_id,
                 const std::string& domain, const KeySealing& sealing, const KeyUnlock& unlock) {
  const KeyPaths paths = key_paths(folder);
  keys::require_own_folder(files, folder);
  const auto trust = find_trust_policy(files, folder);
  if (trust && trust->vault_id != vault_id) {
    throw Error(ErrorKind::already_exists, folder.string(), "holds the keys of another vault");
  }
  create_directories(files, folder, kPrivateFolder);
  const KeyUnlock opening = unlock_for(sealing, unlock);
  SecretFiles secrets(files, folder, opening);
  const auto recipient = seal_to(files, random, folder, sealing, secrets);
  const auto ensure = [&](const Path& path, auto make) {
    return ensure_secret(secrets, random, path, recipient, make);
  };
  Keys keys;
  keys.identities.push_back(
      parse_identity(paths.identity, ensure(paths.identity, generate_identity_file)));
  const auto ensure_signer = [&](const Path& path) {
    if (files.status(token_key(path))) return find_signer(files, secrets, path);
    return parse_signer(path, ensure(path, generate_ed25519_pem));
  };
  keys.signer = ensure_signer(paths.signing_key);
  keys.ledger_signer = ensure_signer(paths.ledger_key);
  keys.trust = trust ? trust : trust_of(vault_id, domain, *keys.signer, *keys.ledger_signer);
  if (!trust) {
    write_file_durably(files, random, paths.trust, as_bytes(print_trust_policy(*keys.trust)),
                       kTrustPermissions);
  }
  files.sync_directory(folder);
  return keys;
}

Keys load_keys(FileSystem& files, const Path& folder, const KeyUnlock& unlock) {
  const KeyPaths paths = key_paths(folder);
  keys::require_own_folder(files, folder);
  SecretFiles secrets(files, folder, unlock);
  Keys keys;
  if (const auto secret = secrets.find(paths.identity)) {
    keys.identities.push_back(parse_identity(paths.identity, *secret));
  }
  keys.signer = find_signer(files, secrets, paths.signing_key);
  keys.ledger_signer = find_signer(files, secrets, paths.ledger_key);
  keys.replaced_signer = find_signer(files, secrets, paths.replaced_signing_key);
  keys.replaced_ledger_signer = find_signer(files, secrets, paths.replaced_ledger_key);
  keys.trust = find_trust_policy(files, folder);
  return keys;
}

std::optional<TrustPolicy> find_trust_policy(FileSystem& files, const Path& folder) {
  keys::require_own_folder(files, folder);
  const Path path = key_paths(folder).trust;
  const auto status = files.status(path);
  if (!status) return std::nullopt;
  if (status->type == FileType::regular) {
    keys::require_own_file(path, *status, 0022, "others may write what is trusted");
  }
  return load_trust_policy(files, path);
}

TrustPolicy load_trust_policy(FileSystem& files, const Path& path) {
  const auto status = files.status(path);
  if (status && status->type == FileType::regular && status->size > kTrustPolicyLimit) {
    throw Error(ErrorKind::invalid_argument, path.string(),
                "expected a trust policy of at most " + std::to_string(kTrustPolicyLimit) +
                    " bytes, found " + std::to_string(status->size));
  }
  const Bytes contents = read_file(files, path, kTrustPolicyLimit);
  if (status && status->type == FileType::regular && (status->mode & 0002) != 0) {
    throw Error(ErrorKind::permission_denied, path.string(),
                "everybody may write what is trusted: make it mode 0644");
  }
  return keys::in_file(path, [&] { return parse_trust_policy(as_text(contents)); });
}

TrustPolicy change_trust_policy(FileSystem& files, Random& random, const Path& path,
                                const std::function<void(TrustPolicy&)>& change) {
  const auto lock = files.open(path.string() + ".lock", OpenMode::create_or_open);
  if (!lock->try_lock(0, 1, LockKind::exclusive)) {
    throw Error(ErrorKind::precondition_failed, path.string(), "somebody else is changing it",
                Error::Retry::temporary);
  }
  TrustPolicy policy = load_trust_policy(files, path);
  change(policy);
  const std::string text = print_trust_policy(policy);
  parse_trust_policy(text);  // What would be refused later is refused now.
  replace_file_durably(files, random, path, as_bytes(text), kTrustPermissions);
  return policy;
}

void seal_keys(FileSystem& files, Random& random, const Path& folder, const KeySealing& sealing,
               const KeyUnlock& unlock) {
  keys::require_own_folder(files, folder);
  const auto lock = keys::lock_folder(files, folder);
  const KeyUnlock opening = unlock_for(sealing, unlock);
  SecretFiles secrets(files, folder, opening);
  const auto recipient = seal_to(files, random, folder, sealing, secrets);
  if (!recipient) {
    throw Error(ErrorKind::invalid_argument, folder.string(),
                "expected a recipient or a passphrase to seal to");
  }
  for (const Path& path : secret_paths(folder)) {
    if (!secrets.in_clear(path)) continue;
    const SecretBytes secret = read_secret_file(files, path);
    if (secrets.sealed(path)) {
      secrets.require_sealed_as(path, secret);
    } else {
      secrets.write(random, path, secret, recipient);
      if (sealing.passphrase != nullptr) secrets.require_sealed_as(path, secret);
    }
    files.remove(path);
  }
  files.sync_directory(folder);
}

}  // namespace v0
}  // namespace atp
