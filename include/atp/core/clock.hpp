// SPDX-License-Identifier: Apache-2.0
/// The clock, handed in. Implementations are thread-safe.
#pragma once

#include <chrono>
#include <string>

#include "atp/core/export.hpp"
#include "atp/core/time.hpp"

namespace atp {
inline namespace v0 {

class ATP_EXPORT Clock {
 public:
  virtual ~Clock() = default;
  /// Wall-clock time, UTC.
  virtual Time now() const = 0;
};

class ATP_EXPORT SystemClock final : public Clock {
 public:
  Time now() const override;
};

/// How far the clocks of several machines may stand apart.
inline constexpr std::chrono::minutes kClockTolerance{5};

/// What lies between two instants, in words and whole units: `70 days`, `12 minutes`.
ATP_EXPORT std::string gap_text(Time earlier, Time later);

}  // namespace v0
}  // namespace atp
