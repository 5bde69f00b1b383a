// SPDX-License-Identifier: Apache-2.0
/// A store that cannot be changed by whoever holds it: for verification, restore and dry runs.
#pragma once

#include <memory>

#include "atp/core/export.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

/// Reads `inner`. `create`, `remove`, `extend_retention` and `set_legal_hold` throw
/// permission_denied and ask `inner` nothing. It guards against mistakes of this process alone: who
/// has the credentials can still write to the store itself.
ATP_EXPORT std::shared_ptr<ObjectStore> read_only_store(std::shared_ptr<ObjectStore> inner);

}  // namespace v0
}  // namespace atp
