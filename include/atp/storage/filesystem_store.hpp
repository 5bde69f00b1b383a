// SPDX-License-Identifier: Apache-2.0
/// A store in a folder: an object is a plain file at its key. Retention and hold are a small JSON
/// file `.<name>.retention` beside the object, made durable before the object is; an object whose
/// retention file is missing or damaged counts as retained. Temporaries are in `.tmp/`. Several
/// processes may use one folder.
#pragma once

#include <memory>

#include "atp/core/clock.hpp"
#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"
#include "atp/core/random.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

enum class StoreAccess {
  /// What is shown is durable first, since what is written may rest on it.
  read_write,
  /// What is shown is what is there, on any medium; nothing is synced. Writing is refused.
  read_only,
};

/// Opens the store in folder `root`. Throws: not_found where there is no such folder. Where
/// `access` is read only, what writes throws permission_denied.
ATP_EXPORT std::shared_ptr<ObjectStore> filesystem_store(
    std::shared_ptr<FileSystem> files, Path root, std::shared_ptr<const Clock> clock,
    std::shared_ptr<Random> random, StoreAccess access = StoreAccess::read_write);

}  // namespace v0
}  // namespace atp
