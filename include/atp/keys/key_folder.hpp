// SPDX-License-Identifier: Apache-2.0
/// Keys in files: one folder a vault, outside of it, every secret with mode 0600.
///
///     vault.key     age identity, as `age -i` takes it
///     signing.pem   Ed25519 private key for documents, as `openssl pkey` reads it
///     ledger.pem    Ed25519 private key for checkpoints
///     trust.json    the trust policy: public keys only
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"
#include "atp/core/random.hpp"
#include "atp/crypto/age.hpp"
#include "atp/crypto/signature.hpp"
#include "atp/crypto/trust_policy.hpp"

namespace atp::inline v0 {

struct KeyPaths {
  Path identity;
  Path signing_key;
  Path ledger_key;
  Path trust;
};

ATP_EXPORT KeyPaths key_paths(const Path& folder);

/// Whatever of a folder's keys is there.
struct Keys {
  std::vector<age::Identity> identities;  ///< Empty where there is none: content stays sealed.
  std::shared_ptr<const Signer> signer;   ///< Null where this host may not sign documents.
  std::shared_ptr<const Signer> ledger_signer;
  std::optional<TrustPolicy> trust;
};

/// Makes all four files in `folder` (created with mode 0700 where missing), durable on return.
/// Files of an interrupted earlier call are kept and completed. Throws: already_exists where
/// `folder` holds the keys of another vault.
ATP_EXPORT Keys create_keys(FileSystem& files, Random& random, const Path& folder,
                            const std::string& vault_id, const std::string& domain);

/// Loads what is there. Throws: permission_denied for a secret that others may read;
/// invalid_argument for a damaged file.
ATP_EXPORT Keys load_keys(FileSystem& files, const Path& folder);

/// A trust policy from any file. Throws: not_found, invalid_argument.
ATP_EXPORT TrustPolicy load_trust_policy(FileSystem& files, const Path& path);

}  // namespace atp::inline v0
