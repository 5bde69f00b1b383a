// SPDX-License-Identifier: Apache-2.0
/// The public keys a verifier accepts, and for what. A value, obtained apart from the vault:
/// nothing is trusted because a vault or a bundle carries it. Its file form is in model/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/core/ids.hpp"
#include "atp/core/time.hpp"
#include "atp/crypto/signature.hpp"

namespace atp::inline v0 {

enum class KeyRole {
  document,  ///< Signs documents: manifests, points, policies, key epochs, statements.
  ledger,    ///< Signs checkpoints; Ed25519 only.
};

struct TrustedKey {
  PublicKey key;
  KeyRole role;
  std::optional<Time> not_before;  ///< Signatures made earlier are refused.
  std::optional<Time> not_after;   ///< Signatures made at or after this are refused.
};

struct ATP_EXPORT TrustPolicy {
  std::string vault_id;  ///< 32 lower-case hexadecimal digits.
  std::string domain;
  std::vector<TrustedKey> keys;

  /// The key of that id if it has the role and is valid at `signed_at`; else nothing.
  const PublicKey* find(std::string_view key_id, KeyRole role, Time signed_at) const;
  std::vector<PublicKey> keys_of(KeyRole role) const;
  /// Those that can have signed what was not there before `earliest`: their validity ends later.
  std::vector<PublicKey> keys_of(KeyRole role, Time earliest) const;
};

}  // namespace atp::inline v0
