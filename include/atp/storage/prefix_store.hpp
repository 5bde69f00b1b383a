// SPDX-License-Identifier: Apache-2.0
/// A part of a store as a store of its own: several vaults in one bucket.
#pragma once

#include <memory>
#include <string>

#include "atp/core/export.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

/// The objects of `inner` whose keys begin with `prefix`, without it; other objects can be neither
/// seen nor reached. Errors name the key without the prefix. Throws: invalid_argument unless
/// `prefix` ends in `/`, what is before is a key, and it leaves room for keys of `kKeyLimit` bytes.
ATP_EXPORT std::shared_ptr<ObjectStore> prefix_store(std::shared_ptr<ObjectStore> inner,
                                                     std::string prefix);

}  // namespace v0
}  // namespace atp
