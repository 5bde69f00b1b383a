// SPDX-License-Identifier: Apache-2.0
/// What several commands need: keys and vaults from arguments, names from text.
#pragma once

#include <memory>

#include "atp/keys/key_folder.hpp"
#include "atp/vault/clock.hpp"
#include "atp/vault/vault.hpp"
#include "atp/verify/verify.hpp"
#include "cli/commands.hpp"

namespace atp::cli {

/// `$XDG_CONFIG_HOME`, else `~/.config`; nothing where neither is known.
std::optional<Path> find_configuration_folder();
/// The same. Throws: invalid_argument.
Path configuration_folder();

/// Throws: invalid_argument for a path that cannot be made absolute.
Path absolute_path(const Path& path);

/// The file `path`, or standard input for `-`. Throws: invalid_argument or corrupt for more than
/// `limit` bytes.
std::string read_input(const Environment& environment, const Path& path, std::size_t limit);

enum class KeyUse {
  secrets,     ///< Sealed key files are opened, a passphrase asked for.
  trust_only,  ///< Only the trust policy is read.
};

/// From `--keys`, else the vault's default folder, which may be unknown.
std::optional<Path> find_key_folder(const Environment& environment, const Arguments& arguments);
/// The same. Throws: invalid_argument.
Path key_folder(const Environment& environment, const Arguments& arguments);

/// What `--unlock` and `--passphrase-file` say; else the terminal is asked.
KeyUnlock key_unlock(const Environment& environment, const Arguments& arguments);

/// What `--recipient`, `--passphrase` and `--passphrase-file` say of new key files.
class Sealing {
 public:
  Sealing(const Environment& environment, const Arguments& arguments);
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
Keys load_keys(const Environment& environment, const Arguments& arguments,
               KeyUse use = KeyUse::secrets);

/// Throws: unauthenticated where there is none.
const TrustPolicy& require_trust(const Keys& keys);

std::shared_ptr<Vault> open_vault(const Environment& environment, const Arguments& arguments,
                                  KeyUse use = KeyUse::secrets);

/// Digits and nothing else; nothing for more than 64 bits.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// `STREAM/SEGMENT`. Throws: invalid_argument.
SegmentName parse_segment_name(const std::string& text);

/// What `--clock-is-right` says.
inline ClockTrust clock_trust(const Arguments& arguments) {
  return arguments.clock_is_right ? ClockTrust::insist : ClockTrust::judge;
}

}  // namespace atp::cli
