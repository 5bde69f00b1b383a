// SPDX-License-Identifier: Apache-2.0
/// Keys in files: one folder a vault, outside of it.
///
///     vault.key             age identity, as `age -i` takes it
///     signing.pem           Ed25519 or P-256 private key for documents, as `openssl pkey` reads it
///     ledger.pem            Ed25519 private key for checkpoints
///     signing.replaced.pem  and
///     ledger.replaced.pem   the keys before, which go on signing while they are valid
///     signing.next.pem      and
///     ledger.next.pem       the keys to come, amid a rotation
///     trust.json            the trust policy: public keys only
///
/// Where a key is in a PKCS#11 token, `signing.pkcs11` or `ledger.pkcs11`, one line with its URI,
/// stands in the place of the file in PEM (`atp/keys/pkcs11.hpp`). It is no secret; others must not
/// write it. A folder with nothing but these is made whole by `create_keys`.
///
/// Every secret has mode 0600. Each may instead be an age file, `vault.key.age` and so on, which
/// one identity opens: that of the operator, or `unlock.key.age`, which a passphrase opens.
#pragma once

#include <functional>
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

namespace atp {
inline namespace v0 {

struct KeyPaths {
  Path identity;
  Path signing_key;
  Path ledger_key;
  Path replaced_signing_key;
  Path replaced_ledger_key;
  Path next_signing_key;  ///< Of a rotation that is not complete.
  Path next_ledger_key;
  Path trust;
  Path unlock;  ///< Only as an age file.
};

ATP_EXPORT KeyPaths key_paths(const Path& folder);

/// Whatever of a folder's keys is there.
struct Keys {
  std::vector<age::Identity> identities = {};  ///< Empty where there is none: content stays sealed.
  std::shared_ptr<const Signer> signer;        ///< Null where this host may not sign documents.
  std::shared_ptr<const Signer> ledger_signer;
  std::shared_ptr<const Signer> replaced_signer;  ///< Null unless keys were rotated.
  std::shared_ptr<const Signer> replaced_ledger_signer;
  std::optional<TrustPolicy> trust = {};
};

/// What opens sealed key files.
struct KeyUnlock {
  std::optional<Path> identity = {};  ///< Default: the folder's `unlock.key.age`.
  /// Asked, once, where that identity is itself sealed with a passphrase.
  std::function<SecretBytes(const Path&)> passphrase = {};
};

/// How secrets are written: in clear, unless one of these says otherwise.
struct KeySealing {
  std::optional<age::Recipient> recipient = {};
  const SecretBytes* passphrase = nullptr;  ///< An `unlock.key.age` is made, and sealed with it.
};

/// Makes the folder's files, but those for which there is a key in a token (in `folder`, created
/// with mode 0700 where missing), durable on return. Files of an interrupted earlier call are kept
/// and completed. Throws: already_exists where `folder` holds the keys of another vault;
/// unauthenticated where it holds sealed files that `unlock` does not open.
ATP_EXPORT Keys create_keys(FileSystem& files, Random& random, const Path& folder,
                            const std::string& vault_id, const std::string& domain,
                            const KeySealing& sealing = {}, const KeyUnlock& unlock = {});

/// Loads what is there. Throws: permission_denied for a secret that others may read;
/// invalid_argument for a damaged file, and for two keys of one role; unauthenticated where sealed
/// files cannot be opened; what `load_pkcs11_signer` throws.
ATP_EXPORT Keys load_keys(FileSystem& files, const Path& folder, const KeyUnlock& unlock = {});

/// A secret in a file of at most 64 KiB. Throws: permission_denied where others may read or write
/// it; invalid_argument for a larger one.
ATP_EXPORT SecretBytes read_secret_file(FileSystem& files, const Path& path);

/// A private key in PEM that is no vault's, such as that of an approver or a witness. Throws: what
/// `read_secret_file` and `signer_from_pem` throw, and names the file.
ATP_EXPORT std::shared_ptr<const Signer> load_signer(FileSystem& files, const Path& path);

/// The trust policy alone. Nothing where there is none.
ATP_EXPORT std::optional<TrustPolicy> find_trust_policy(FileSystem& files, const Path& folder);

/// A trust policy from any file. Throws: not_found, invalid_argument; permission_denied where
/// everybody may write it.
ATP_EXPORT TrustPolicy load_trust_policy(FileSystem& files, const Path& path);

/// Changes the policy in the file `path`, one caller at a time; returns what is there now. Throws:
/// invalid_argument for what the format refuses, and nothing has changed; precondition_failed while
/// somebody else is at it.
ATP_EXPORT TrustPolicy change_trust_policy(FileSystem& files, Random& random, const Path& path,
                                           const std::function<void(TrustPolicy&)>& change);

/// Seals the secrets of a folder that are in clear, and removes those. What an interrupted call has
/// sealed is opened and compared before the one in clear goes. The blocks that held them are the
/// file system's to overwrite: on flash memory they may stay readable. Throws: invalid_argument
/// without recipient or passphrase; unauthenticated where a file is sealed that `unlock` does not
/// open; corrupt where it holds another secret.
ATP_EXPORT void seal_keys(FileSystem& files, Random& random, const Path& folder,
                          const KeySealing& sealing, const KeyUnlock& unlock = {});

struct RotatedKeys {
  std::string signing_key_id;
  std::string ledger_key_id;
  Time overlap_ends;  ///< Until then the keys before sign too.
  TrustPolicy trust;
};

/// New keys that sign documents and checkpoints. Until `overlap_ends` both sign, so that verifiers
/// with either trust policy believe what is written; the folder's has the new keys from `now` on,
/// the old ones until then. Sealed folders stay sealed. An interrupted call is completed by the
/// next, with the same keys. Throws: precondition_failed while an earlier overlap lasts, and for
/// keys that are not the policy's, those in tokens among them; invalid_argument for an overlap that
/// has ended; unauthenticated.
ATP_EXPORT RotatedKeys rotate_keys(FileSystem& files, Random& random, const Path& folder, Time now,
                                   Time overlap_ends, const KeyUnlock& unlock = {});

}  // namespace v0
}  // namespace atp
