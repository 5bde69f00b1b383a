// SPDX-License-Identifier: Apache-2.0
#include "atp/keys/key_folder.hpp"

#include "atp/core/error.hpp"
#include "atp/model/trust_policy_file.hpp"

namespace atp::inline v0 {
namespace {

constexpr std::uint64_t kKeyFileLimit = 64 << 10;
constexpr std::uint64_t kTrustPolicyLimit = 1 << 20;
constexpr std::uint32_t kSecretPermissions = 0600;

SecretBytes read_secret(FileSystem& files, const Path& path) {
  const auto file = files.open(path, OpenMode::read);
  const FileStatus status = file->status();
  if ((status.mode & 0077) != 0) {
    throw Error(ErrorKind::permission_denied, path.string(),
                "others may read this secret: make it mode 0600");
  }
  if (status.size > kKeyFileLimit) {
    throw Error(ErrorKind::invalid_argument, path.string(), "is too large for a key file");
  }
  SecretBytes secret(static_cast<std::size_t>(status.size));
  if (file->read_at(0, secret.mutable_view()) != secret.size()) {
    throw Error(ErrorKind::unavailable, path.string(), "was cut short while it was read");
  }
  return secret;
}

template <class Load>
auto load_secret(FileSystem& files, const Path& path, const Load& load) {
  const SecretBytes secret = read_secret(files, path);
  try {
    return load(secret);
  } catch (const Error& error) {
    throw Error(error.kind(), path.string(), error.message());
  }
}

age::Identity load_identity(FileSystem& files, const Path& path) {
  return load_secret(files, path, [](const SecretBytes& secret) {
    return age::Identity::parse_file(secret.text());
  });
}

std::shared_ptr<const Signer> load_signer(FileSystem& files, const Path& path) {
  return load_secret(files, path,
                     [](const SecretBytes& secret) { return signer_from_pem(secret); });
}

bool exists(FileSystem& files, const Path& path) { return files.status(path).has_value(); }

void write_secret(FileSystem& files, Random& random, const Path& path, const SecretBytes& secret) {
  write_file_durably(files, random, path, secret.view(), kSecretPermissions);
}

TrustPolicy trust_of(const std::string& vault_id, const std::string& domain, const Signer& signer,
                     const Signer& ledger_signer) {
  return {.vault_id = vault_id,
          .domain = domain,
          .keys = {{signer.public_key(), KeyRole::document, {}, {}},
                   {ledger_signer.public_key(), KeyRole::ledger, {}, {}}}};
}

}  // namespace

KeyPaths key_paths(const Path& folder) {
  return {.identity = folder / "vault.key",
          .signing_key = folder / "signing.pem",
          .ledger_key = folder / "ledger.pem",
          .trust = folder / "trust.json"};
}

Keys create_keys(FileSystem& files, Random& random, const Path& folder, const std::string& vault_id,
                 const std::string& domain) {
  const KeyPaths paths = key_paths(folder);
  if (exists(files, paths.trust) && load_trust_policy(files, paths.trust).vault_id != vault_id) {
    throw Error(ErrorKind::already_exists, folder.string(), "holds the keys of another vault");
  }
  create_directories(files, folder, 0700);
  if (!exists(files, paths.identity)) {
    write_secret(files, random, paths.identity, age::Identity::generate(random).file());
  }
  for (const Path& path : {paths.signing_key, paths.ledger_key}) {
    if (!exists(files, path)) write_secret(files, random, path, generate_ed25519_pem(random));
  }
  if (!exists(files, paths.trust)) {
    const TrustPolicy trust = trust_of(vault_id, domain, *load_signer(files, paths.signing_key),
                                       *load_signer(files, paths.ledger_key));
    write_file_durably(files, random, paths.trust, as_bytes(print_trust_policy(trust)));
  }
  files.sync_directory(folder);
  return load_keys(files, folder);
}

Keys load_keys(FileSystem& files, const Path& folder) {
  const KeyPaths paths = key_paths(folder);
  Keys keys;
  if (exists(files, paths.identity))
    keys.identities.push_back(load_identity(files, paths.identity));
  if (exists(files, paths.signing_key)) keys.signer = load_signer(files, paths.signing_key);
  if (exists(files, paths.ledger_key)) keys.ledger_signer = load_signer(files, paths.ledger_key);
  if (exists(files, paths.trust)) keys.trust = load_trust_policy(files, paths.trust);
  return keys;
}

TrustPolicy load_trust_policy(FileSystem& files, const Path& path) {
  const Bytes contents = read_file(files, path, kTrustPolicyLimit);
  try {
    return parse_trust_policy(as_text(contents));
  } catch (const Error& error) {
    throw Error(error.kind(), path.string(), error.message());
  }
}

}  // namespace atp::inline v0
