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

}  // namespace atp::python
