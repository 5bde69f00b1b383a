// SPDX-License-Identifier: Apache-2.0
#include "atp/core/clock.hpp"

#include <chrono>

namespace atp {
inline namespace v0 {

Time SystemClock::now() const {
  return std::chrono::time_point_cast<Time::duration>(std::chrono::system_clock::now());
}

std::string gap_text(Time earlier, Time later) {
  const auto count = [](auto number, const std::string& unit) {
    return std::to_string(number.count()) + " " + unit + (number.count() == 1 ? "" : "s");
  };
  const auto days = std::chrono::floor<std::chrono::days>(later - earlier);
  if (days.count() >= 1) return count(days, "day");
  const auto hours = std::chrono::floor<std::chrono::hours>(later - earlier);
  if (hours.count() >= 1) return count(hours, "hour");
  return count(std::chrono::floor<std::chrono::minutes>(later - earlier), "minute");
}

}  // namespace v0
}  // namespace atp
