// SPDX-License-Identifier: Apache-2.0
/// A store that asks again: one `503` of a busy service does not end a backup.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "atp/core/export.hpp"
#include "atp/core/random.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

struct RetryOptions {
  unsigned attempts = 5;  ///< Of each call, in all; at least 1.
  /// The most that is waited before the second attempt; twice that before the third, and so on.
  std::chrono::milliseconds first_pause{100};
  std::chrono::milliseconds longest_pause{10'000};
};

/// Returns after that time, or throws where its owner wants to stop (then the call ends with what
/// it threw).
using Sleeper = std::function<void(std::chrono::milliseconds)>;

/// Calls of `inner` that may be made twice are made again where they end in an error that is
/// `temporary()`, after a pause of random length between nothing and the most (AWS Architecture
/// Blog, "Exponential Backoff and Jitter": full jitter), so that clients that failed together do
/// not come back together. The last attempt's error is thrown as it is.
///
/// Asked again: `stat`, `list`, `list_folders`, `get` as long as no byte was read from its source,
/// `create` (nothing shows before the commit), `extend_retention` and `set_legal_hold`. Not asked
/// again: `write` and `commit`, whose bytes are gone, and `remove`, since after an answer that was
/// lost another attempt says not_found, or meets another object. Who puts the same bytes again
/// knows what to do: `put_same_object`. Throws: invalid_argument for no attempts, and
/// for pauses below zero or over an hour.
ATP_EXPORT std::shared_ptr<ObjectStore> retrying_store(std::shared_ptr<ObjectStore> inner,
                                                       std::shared_ptr<Random> random,
                                                       Sleeper sleep,
                                                       const RetryOptions& options = {});

}  // namespace v0
}  // namespace atp
