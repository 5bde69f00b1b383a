// SPDX-License-Identifier: Apache-2.0
/// Finding out whether a store that claims to be WORM is.
#pragma once

#include <string>

#include "atp/core/clock.hpp"
#include "atp/core/export.hpp"
#include "atp/core/random.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

/// Puts a canary under `probes/` with a short retention and tries to overwrite and to remove it.
/// Expired canaries of earlier calls are removed. Throws: unsupported where the store says that it
/// has no immutability, lets either happen, or does not say until when it keeps the canary.
ATP_EXPORT void probe_immutability(ObjectStore& store, const Clock& clock, Random& random);

}  // namespace v0
}  // namespace atp
