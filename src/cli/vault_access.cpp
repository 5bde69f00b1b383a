// SPDX-License-Identifier: Apache-2.0
#include "cli/vault_access.hpp"

#include <algorithm>

#include "cli/console.hpp"
#include "cli/inputs.hpp"
#include "cli/terminal.hpp"

namespace atp::cli {
namespace {

/// Without the line feed that editors put behind it.
SecretBytes passphrase_in(const Environment& environment, const Path& path) {
  const SecretBytes contents = read_secret_file(*environment.files, path);
  const std::string_view text = contents.text();
  return SecretBytes(as_bytes(text.substr(0, std::min(text.find('\n'), text.size()))));
}

/// From the file, or asked for twice.
SecretBytes new_passphrase(const Environment& environment, const std::optional<Path>& file) {
  SecretBytes passphrase =
      file ? passphrase_in(environment, *file) : ask_passphrase("New passphrase: ");
  if (passphrase.empty()) {
    throw Error(ErrorKind::invalid_argument, "passphrase", "expected one, found nothing");
  }
  if (file) return passphrase;
  if (ask_passphrase("Again: ").text() == passphrase.text()) return passphrase;
  throw Error(ErrorKind::invalid_argument, "passphrase", "expected the same twice, found another");
}

}  // namespace

std::optional<Path> find_key_folder(const Environment& environment,
                                    const VaultArguments& arguments) {
  if (arguments.keys) {
    if (environment.files->status(*arguments.keys / "")) return arguments.keys;
    throw Error(ErrorKind::not_found, arguments.keys->string(), "there is no such key folder");
  }
  const auto configuration = find_configuration_folder();
  if (!configuration) return std::nullopt;
  return default_key_folder(environment, arguments.vault, *configuration);
}

Path key_folder(const Environment& environment, const VaultArguments& arguments) {
  if (auto folder = find_key_folder(environment, arguments)) return *std::move(folder);
  return configuration_folder();  // Says what is missing.
}

KeyUnlock key_unlock(const Environment& environment, const VaultArguments& arguments) {
  return {.identity = arguments.unlock, .passphrase = [&environment, &arguments](const Path& path) {
            if (arguments.passphrase_file) {
              return passphrase_in(environment, *arguments.passphrase_file);
            }
            return ask_passphrase("Passphrase of " + printable(path.string()) + ": ");
          }};
}

Sealing::Sealing(const Environment& environment, const SealingArguments& arguments,
                 const std::optional<Path>& passphrase_file) {
  if (arguments.recipient) recipient_ = age::Recipient::parse(*arguments.recipient);
  if (arguments.passphrase) passphrase_ = new_passphrase(environment, passphrase_file);
}

std::shared_ptr<const Signer> load_person_key(const Environment& environment, const Path& path) {
  if (path.empty()) {
    throw Error(ErrorKind::invalid_argument, "--key", "expected a private key in pem, found none");
  }
  return load_signer(*environment.files, path);
}

Keys keys_of(const Environment& environment, const VaultArguments& arguments, KeyUse use) {
  Keys keys;
  if (const auto folder = find_key_folder(environment, arguments)) {
    if (use == KeyUse::secrets) {
      keys = load_keys(*environment.files, *folder, key_unlock(environment, arguments));
    } else if (!arguments.trust) {
      keys.trust = find_trust_policy(*environment.files, *folder);
    }
  }
  if (arguments.trust) keys.trust = load_trust_policy(*environment.files, *arguments.trust);
  return keys;
}

const TrustPolicy& require_trust(const Keys& keys) {
  if (keys.trust) return *keys.trust;
  throw Error(ErrorKind::unauthenticated, "trust policy",
              "there is none at hand (trust.json of the key folder, or --trust FILE)");
}

std::shared_ptr<Vault> vault_of(const Environment& environment, const VaultArguments& arguments,
                                KeyUse use, VaultAccess access) {
  open_store(environment, arguments.vault);
  return open_vault(environment, arguments.vault, keys_of(environment, arguments, use),
                    arguments.dry_run ? VaultAccess::read_only : access);
}

}  // namespace atp::cli
