// SPDX-License-Identifier: Apache-2.0
#include "atp/core/clock.hpp"

namespace atp {
inline namespace v0 {

Time SystemClock::now() const {
  return std::chrono::time_point_cast<Time::duration>(std::chrono::system_clock::now());
}

}  // namespace v0
}  // namespace atp
