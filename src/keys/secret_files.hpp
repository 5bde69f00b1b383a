// SPDX-License-Identifier: Apache-2.0
/// Secrets in files of one folder: in clear with mode 0600, or as age files beside their plain
/// name.
#pragma once

#include <optional>

#include "atp/core/error.hpp"
#include "atp/keys/key_folder.hpp"

namespace atp {
inline namespace v0 {
namespace keys {

/// What `parse` returns; errors of what a file holds name the file.
template <class Parse>
auto in_file(const Path& path, const Parse& parse) {
  try {
    return parse();
  } catch (const Error& error) {
    throw Error(error.kind(), path.string(), error.message(),
                error.temporary() ? Error::Retry::temporary : Error::Retry::permanent);
  }
}

/// `path` with `.age` behind it.
Path sealed_path(const Path& path);

/// That nobody but root and the user we run as may change what `folder` holds or is: it and all
/// folders above it are owned by one of them, and others may not write them, as sshd's StrictModes
/// asks; where a folder is sticky (as /tmp), others may write it. A folder that is not there
/// passes. Throws: permission_denied, with what to do.
void require_own_folder(FileSystem& files, const Path& folder);

/// That the file is owned by root or the user we run as, and others may do nothing of `refused` to
/// it. Throws: permission_denied, with what to do.
void require_own_file(const Path& path, const FileStatus& status, std::uint32_t refused,
                      const std::string& problem);

/// Held while the keys of a folder change places. Throws: precondition_failed where somebody else
/// holds it.
std::unique_ptr<File> lock_folder(FileSystem& files, const Path& folder);

/// As `read_secret_file`, but others may read it: what it says is no secret, and must not be theirs
/// to say.
SecretBytes read_trusted_file(FileSystem& files, const Path& path);

class SecretFiles {
 public:
  SecretFiles(FileSystem& files, const Path& folder, const KeyUnlock& unlock)
      : files_(files), folder_(folder), unlock_(unlock) {}

  bool exists(const Path& path) const { return in_clear(path) || sealed(path); }
  bool in_clear(const Path& path) const { return files_.status(path).has_value(); }
  bool sealed(const Path& path) const { return in_clear(sealed_path(path)); }

  /// Nothing where the file is in neither form. Throws: invalid_argument where it is in both;
  /// unauthenticated where it is sealed and cannot be opened.
  std::optional<SecretBytes> find(const Path& path);

  /// Throws: unauthenticated where the sealed file cannot be opened, corrupt where it is another
  /// secret.
  void require_sealed_as(const Path& path, const SecretBytes& secret);

  /// A new file, sealed to `recipient` where there is one.
  void write(Random& random, const Path& path, const SecretBytes& secret,
             const std::optional<age::Recipient>& recipient);

  /// In the place of what is there, in the form that is there.
  void replace(Random& random, const Path& path, const SecretBytes& secret);

  /// Of the identity that opens sealed files, read (and its passphrase asked for) once.
  const age::Identity& identity();

 private:
  SecretBytes open_sealed(const Path& path);
  age::Identity load_identity() const;

  FileSystem& files_;
  const Path& folder_;
  const KeyUnlock& unlock_;
  std::optional<age::Identity> identity_;
};

}  // namespace keys
}  // namespace v0
}  // namespace atp
