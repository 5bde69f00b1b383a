// SPDX-License-Identifier: Apache-2.0
/// Work spread over threads.
#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>

#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {

/// Calls `work(i)` for every `i` below `count` on at most `workers` threads (the caller's among
/// them; 0: two more than cores), in order of `i` where they start. The first exception stops what
/// has not begun and is thrown again here. Throws: cancelled where `stop` was requested.
ATP_EXPORT void parallel_for(std::size_t count, unsigned workers, const std::stop_token& stop,
                             const std::function<void(std::size_t)>& work);

}  // namespace v0
}  // namespace atp
