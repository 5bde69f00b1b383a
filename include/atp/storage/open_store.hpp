// SPDX-License-Identifier: Apache-2.0
/// Stores by their address, so that a configuration can name one.
#pragma once

#include <memory>
#include <string_view>

#include "atp/core/clock.hpp"
#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"
#include "atp/core/random.hpp"
#include "atp/storage/filesystem_store.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

struct StoreEnvironment {
  std::shared_ptr<FileSystem> files;
  std::shared_ptr<const Clock> clock;
  std::shared_ptr<Random> random;
};

/// Opens the store at `address`:
///
///     file:/path, file:///path    the folder `/path`
///     file:path                   a folder, from the working directory
///     /path, ./a:b, path          the same without a scheme; the bytes are the path
///     mem:                        a new, empty store in memory
///
/// What begins with letters of a scheme and `:` is no path. Nothing is decoded or guessed: after
/// `file:` a host, a user, `%`, `?` and `#` are refused, since other programs read them as
/// something else (RFC 8089, section 2, and RFC 3986, sections 2.1 and 3.4); a folder with such a
/// name is given without a scheme. Errors tell the scheme alone, as addresses may hold passwords.
/// Throws: invalid_argument; unsupported for another scheme; not_found where there is no such
/// folder.
ATP_EXPORT std::shared_ptr<ObjectStore> open_store_at(std::string_view address,
                                                      const StoreEnvironment& environment,
                                                      StoreAccess access = StoreAccess::read_write);

}  // namespace v0
}  // namespace atp
