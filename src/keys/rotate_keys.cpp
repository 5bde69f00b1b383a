// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "atp/core/error.hpp"
#include "atp/keys/key_folder.hpp"
#include "keys/secret_files.hpp"

namespace atp {
inline namespace v0 {
namespace {

using keys::sealed_path;
using keys::SecretFiles;

/// One role's key, through the rotation.
struct RoleFiles {
  KeyRole role;
  Path current;
  Path replaced;
  Path next;
};

/// The order in which keys are made and then take their places. A key of the first that waits means
/// that none has taken its place yet; one of the second alone, that the first has.
std::array<RoleFiles, 2> role_files(const Path& folder) {
  const KeyPaths paths = key_paths(folder);
  return {
      {{KeyRole::document, paths.signing_key, paths.replaced_signing_key, paths.next_signing_key},
       {KeyRole::ledger, paths.ledger_key, paths.replaced_ledger_key, paths.next_ledger_key}}};
}

class Rotation {
 public:
  Rotation(FileSystem& files, Random& random, const Path& folder, const KeyUnlock& unlock)
      : files_(files),
        random_(random),
        folder_(folder),
        secrets_(files, folder, unlock),
        trust_(load_trust_policy(files, key_paths(folder).trust)) {}

  RotatedKeys run(Time now, Time overlap_ends) {
    const auto roles = role_files(folder_);
    const bool begun = secrets_.exists(roles[1].next);
    if (!begun) {
      for (const RoleFiles& role : roles) begin(role, now);
    }
    if (secrets_.exists(roles[0].next)) introduce(roles, now, overlap_ends);
    for (const RoleFiles& role : roles) {
      if (secrets_.exists(role.next)) take_over(role);
    }
    const Time ends = *trusted(roles[0].replaced, KeyRole::document).not_after;
    return {.signing_key_id = key_id(roles[0].current),
            .ledger_key_id = key_id(roles[1].current),
            .overlap_ends = ends,
            .trust = trust_};
  }

 private:
  void begin(const RoleFiles& role, Time now) {
    require_no_overlap(role, now);
    trusted(role.current, role.role);
    if (!secrets_.exists(role.next)) {
      secrets_.write(random_, role.next, generate_ed25519_pem(random_), recipient(role.current));
    }
  }

  void require_no_overlap(const RoleFiles& role, Time now) {
    if (!secrets_.exists(role.replaced)) return;
    if (trust_.find(key_id(role.replaced), role.role, now) == nullptr) return;
    const auto ends = trusted(role.replaced, role.role).not_after;
    throw Error(ErrorKind::precondition_failed, role.replaced.string(),
                "the overlap with the key before lasts until " +
                    (ends ? format_time(*ends) : "it is ended in the trust policy"));
  }

  /// The folder's policy takes both keys of each role, each for its time.
  void introduce(const std::array<RoleFiles, 2>& roles, Time now, Time overlap_ends) {
    trust_ =
        change_trust_policy(files_, random_, key_paths(folder_).trust, [&](TrustPolicy& policy) {
          for (const RoleFiles& role : roles) {
            add_next(policy, role, now, overlap_ends);
          }
        });
  }

  void add_next(TrustPolicy& policy, const RoleFiles& role, Time now, Time overlap_ends) {
    const PublicKey next = signer(role.next)->public_key();
    const bool known = std::ranges::any_of(
        policy.keys, [&](const TrustedKey& trusted) { return trusted.key == next; });
    if (known) return;
    const std::string replaced = key_id(role.current);
    for (TrustedKey& trusted : policy.keys) {
      const bool ends_before = trusted.not_after && *trusted.not_after < overlap_ends;
      if (trusted.key.id() == replaced && !ends_before) trusted.not_after = overlap_ends;
    }
    policy.keys.push_back({.key = next, .role = role.role, .not_before = now});
  }

  void take_over(const RoleFiles& role) {
    const bool taken = key_id(role.current) == key_id(role.next);
    if (!taken && key_id_or_nothing(role.replaced) != key_id(role.current)) {
      for (const Path& path : {role.replaced, sealed_path(role.replaced)}) {
        if (files_.status(path)) files_.remove(path);
      }
      secrets_.write(random_, role.replaced, secret(role.current), recipient(role.current));
    }
    if (!taken) secrets_.replace(random_, role.current, secret(role.next));
    for (const Path& path : {role.next, sealed_path(role.next)}) {
      if (files_.status(path)) files_.remove(path);
    }
    files_.sync_directory(folder_);
  }

  /// As the key before is: to whom, where it is sealed.
  std::optional<age::Recipient> recipient(const Path& like) {
    if (!secrets_.sealed(like)) return std::nullopt;
    return secrets_.identity().recipient();
  }

  const TrustedKey& trusted(const Path& path, KeyRole role) {
    const std::string id = key_id(path);
    for (const TrustedKey& trusted : trust_.keys) {
      if (trusted.role == role && trusted.key.id() == id) return trusted;
    }
    throw Error(ErrorKind::precondition_failed, path.string(),
                "expected a key of the trust policy, found " + id);
  }

  std::shared_ptr<const Signer> signer(const Path& path) {
    const SecretBytes pem = secret(path);
    return keys::in_file(path, [&] { return signer_from_pem(pem); });
  }
  SecretBytes secret(const Path& path) {
    if (auto found = secrets_.find(path)) return *std::move(found);
    throw Error(ErrorKind::precondition_failed, path.string(),
                "expected a key in a file (one in a token is renewed there), found none");
  }
  std::string key_id(const Path& path) { return signer(path)->public_key().id(); }
  std::string key_id_or_nothing(const Path& path) {
    return secrets_.exists(path) ? key_id(path) : "";
  }

  FileSystem& files_;
  Random& random_;
  const Path& folder_;
  SecretFiles secrets_;
  TrustPolicy trust_;
};

}  // namespace

RotatedKeys rotate_keys(FileSystem& files, Random& random, const Path& folder, Time now,
                        Time overlap_ends, const KeyUnlock& unlock) {
  if (overlap_ends <= now) {
    throw Error(
        ErrorKind::invalid_argument, "overlap",
        "expected an end after " + format_time(now) + ", found " + format_time(overlap_ends));
  }
  const auto lock = keys::lock_folder(files, folder);
  return Rotation(files, random, folder, unlock).run(now, overlap_ends);
}

}  // namespace v0
}  // namespace atp
