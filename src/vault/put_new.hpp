// SPDX-License-Identifier: Apache-2.0
/// Create-only puts whose loser looks at what the winner put.
#pragma once

#include <string>
#include <string_view>

#include "atp/core/error.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

/// False where the key is taken.
inline bool put_new(ObjectStore& store, const std::string& key, std::string_view bytes,
                    const PutOptions& options) {
  try {
    put_object(store, key, as_bytes(bytes), options);
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::already_exists) throw;
    return false;
  }
}

}  // namespace v0
}  // namespace atp
