// SPDX-License-Identifier: Apache-2.0
#include "keys/secret_files.hpp"

#include <filesystem>
#include <system_error>

#include "core/process.hpp"

namespace atp {
inline namespace v0 {
namespace keys {
namespace {

constexpr std::uint64_t kKeyFileLimit = 64 << 10;

constexpr std::uint32_t kOthersWrite = 0022;
constexpr std::uint32_t kSticky = 01000;

void require_owner(const Path& path, std::uint32_t owner) {
  if (owner == 0 || owner == user_id()) return;
  throw Error(
      ErrorKind::permission_denied, path.string(),
      "user " + std::to_string(owner) +
          " owns this and may change it: run as that user, or chown it to yourself or root");
}

void require_own_directory(FileSystem& files, const Path& path) {
  const auto status = files.status(path / "");
  if (!status) return;
  require_owner(path, status->owner);
  const bool safe = (status->mode & kOthersWrite) == 0 || (status->mode & kSticky) != 0;
  if (safe) return;
  throw Error(ErrorKind::permission_denied, path.string(),
              "others may write this folder and so replace keys: chmod go-w");
}

/// Without symbolic links, as far as the machine's file system knows of any.
Path resolved(const Path& path) {
  std::error_code error;
  const Path absolute = std::filesystem::absolute(path, error).lexically_normal();
  const Path found = std::filesystem::weakly_canonical(absolute, error);
  const Path& best = error ? absolute : found;
  return best.has_filename() ? best : best.parent_path();
}

/// What others may not do with it is in `refused`.
SecretBytes read_own_file(FileSystem& files, const Path& path, std::uint32_t refused,
                          const std::string& problem) {
  const auto file = files.open(path, OpenMode::read);
  const FileStatus status = file->status();
  require_own_file(path, status, refused, problem);
  if (status.size > kKeyFileLimit) {
    throw Error(ErrorKind::invalid_argument, path.string(), "is too large for a key file");
  }
  SecretBytes contents(static_cast<std::size_t>(status.size));
  if (file->read_at(0, contents.mutable_view()) != contents.size()) {
    throw Error(ErrorKind::unavailable, path.string(), "was cut short while it was read");
  }
  return contents;
}

}  // namespace

void require_own_file(const Path& path, const FileStatus& status, std::uint32_t refused,
                      const std::string& problem) {
  require_owner(path, status.owner);
  if ((status.mode & refused) == 0) return;
  throw Error(ErrorKind::permission_denied, path.string(), problem + ": make it mode 0600");
}

void require_own_folder(FileSystem& files, const Path& folder) {
  for (Path path = resolved(folder);; path = path.parent_path()) {
    require_own_directory(files, path);
    if (path == path.parent_path()) return;
  }
}

SecretBytes read_trusted_file(FileSystem& files, const Path& path) {
  return read_own_file(files, path, kOthersWrite, "others may write this file");
}

std::unique_ptr<File> lock_folder(FileSystem& files, const Path& folder) {
  auto lock = files.open(folder / "keys.lock", OpenMode::create_or_open);
  if (lock->try_lock(0, 1, LockKind::exclusive)) return lock;
  throw Error(ErrorKind::precondition_failed, folder.string(), "somebody else is changing the keys",
              Error::Retry::temporary);
}

Path sealed_path(const Path& path) { return path.string() + ".age"; }

std::optional<SecretBytes> SecretFiles::find(const Path& path) {
  if (!sealed(path)) {
    return in_clear(path) ? std::optional(read_secret_file(files_, path)) : std::nullopt;
  }
  if (in_clear(path)) {
    throw Error(ErrorKind::invalid_argument, path.string(),
                "stands in clear beside " + sealed_path(path).filename().string() +
                    ": remove the one that is not wanted");
  }
  return open_sealed(path);
}

SecretBytes SecretFiles::open_sealed(const Path& path) {
  const Bytes file = read_file(files_, sealed_path(path), kKeyFileLimit);
  const std::span<const age::Identity> identities(&identity(), 1);
  return in_file(sealed_path(path), [&] { return age::decrypt(file, identities); });
}

void SecretFiles::require_sealed_as(const Path& path, const SecretBytes& secret) {
  if (open_sealed(path).text() == secret.text()) return;
  throw Error(ErrorKind::corrupt, sealed_path(path).string(),
              "expected the secret of " + path.filename().string() +
                  ", found another: nothing was removed");
}

void SecretFiles::replace(Random& random, const Path& path, const SecretBytes& secret) {
  if (!sealed(path)) {
    replace_file_durably(files_, random, path, secret.view(), kPrivateFile);
    return;
  }
  const age::Recipient recipient = identity().recipient();
  const Bytes file = age::encrypt(secret.view(), std::span(&recipient, 1), random);
  replace_file_durably(files_, random, sealed_path(path), file, kPrivateFile);
}

void SecretFiles::write(Random& random, const Path& path, const SecretBytes& secret,
                        const std::optional<age::Recipient>& recipient) {
  if (!recipient) {
    write_file_durably(files_, random, path, secret.view(), kPrivateFile);
    return;
  }
  const Bytes file = age::encrypt(secret.view(), std::span(&*recipient, 1), random);
  write_file_durably(files_, random, sealed_path(path), file, kPrivateFile);
}

const age::Identity& SecretFiles::identity() {
  if (!identity_) identity_ = load_identity();
  return *identity_;
}

/// `age -p` and `age-keygen` make such files.
age::Identity SecretFiles::load_identity() const {
  const Path path = unlock_.identity.value_or(sealed_path(key_paths(folder_).unlock));
  if (!files_.status(path)) {
    throw Error(ErrorKind::unauthenticated, folder_.string(),
                "the keys are sealed: say which identity opens them (--unlock)");
  }
  const bool in_clear =
      !as_text(read_file(files_, path, kKeyFileLimit)).starts_with("age-encryption");
  if (in_clear) {
    const SecretBytes secret = read_secret_file(files_, path);
    return in_file(path, [&] { return age::Identity::parse_file(secret.text()); });
  }
  if (!unlock_.passphrase) {
    throw Error(ErrorKind::unauthenticated, path.string(),
                "needs a passphrase (--passphrase-file)");
  }
  const Bytes file = read_file(files_, path, kKeyFileLimit);
  const SecretBytes passphrase = unlock_.passphrase(path);
  return in_file(path, [&] {
    return age::Identity::parse_file(age::decrypt_with_passphrase(file, passphrase).text());
  });
}

}  // namespace keys

SecretBytes read_secret_file(FileSystem& files, const Path& path) {
  return keys::read_own_file(files, path, 0077, "others may read or write this secret");
}

std::shared_ptr<const Signer> load_signer(FileSystem& files, const Path& path) {
  const SecretBytes pem = read_secret_file(files, path);
  return keys::in_file(path, [&] { return signer_from_pem(pem); });
}

}  // namespace v0
}  // namespace atp
