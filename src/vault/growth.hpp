// SPDX-License-Identifier: Apache-2.0
/// Retention that is too short, and how it is grown.
#pragma once

#include <string>

#include "atp/core/error.hpp"
#include "atp/core/time.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

struct Growth {
  Time at_least;
  Time until;
};

/// Grows the retention of an object where it is too short, and reads it back. Whether it was.
/// Throws: corrupt where it is missing and `required`; unavailable where the store keeps less than
/// it was told.
inline bool grow(ObjectStore& store, const std::string& key, const Growth& growth, bool required) {
  const auto info = store.stat(key);
  if (!info) {
    if (required) throw Error(ErrorKind::corrupt, key, "is missing, but a point needs it");
    return false;
  }
  if (info->immutability.retain_until >= growth.at_least) return false;
  const Time in_force = store.extend_retention(key, growth.until);
  if (in_force >= growth.at_least) return true;
  throw Error(ErrorKind::unavailable, key,
              "is kept until " + format_time(in_force) + " although the store was told " +
                  format_time(growth.until));
}

}  // namespace v0
}  // namespace atp
