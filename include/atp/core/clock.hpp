// SPDX-License-Identifier: Apache-2.0
/// The clock, handed in. Implementations are thread-safe.
#pragma once

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

}  // namespace v0
}  // namespace atp
