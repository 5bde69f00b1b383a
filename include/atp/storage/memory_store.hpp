// SPDX-License-Identifier: Apache-2.0
/// The reference store: objects in memory, with retention and holds.
#pragma once

#include <memory>

#include "atp/core/clock.hpp"
#include "atp/core/export.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

ATP_EXPORT std::shared_ptr<ObjectStore> memory_store(std::shared_ptr<const Clock> clock);

}  // namespace v0
}  // namespace atp
