// SPDX-License-Identifier: Apache-2.0
/// What the verbs read from.
#pragma once

#include <memory>

#include "atp/core/error.hpp"
#include "atp/vault/vault.hpp"

namespace atp::python {

/// Objects of a vault, and keys: enough to read. Whatever else it takes is the system's.
struct Reader {
  Environment environment;
  std::shared_ptr<ObjectStore> objects;
  std::shared_ptr<const Keys> keys;

  ObjectStore& store() const { return *objects; }
  const TrustPolicy* known_trust() const { return keys->trust ? &*keys->trust : nullptr; }
  const TrustPolicy& trust() const {
    if (keys->trust) return *keys->trust;
    throw Error(ErrorKind::unauthenticated, "trust policy", "there is none at hand");
  }
};

/// An open vault: also its catalog, to write.
struct Handle : Reader {
  std::shared_ptr<Vault> vault;
};

/// What opens sealed key files: an identity in a file, or a passphrase, or nothing.
inline KeyUnlock key_unlock(const std::optional<std::string>& identity,
                            const std::optional<std::string>& passphrase) {
  KeyUnlock unlock;
  if (identity) unlock.identity = Path(*identity);
  if (passphrase) {
    unlock.passphrase = [passphrase](const Path&) { return SecretBytes(as_bytes(*passphrase)); };
  }
  return unlock;
}

}  // namespace atp::python
