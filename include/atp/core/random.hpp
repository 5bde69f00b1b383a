// SPDX-License-Identifier: Apache-2.0
/// Randomness, handed in. Implementations are thread-safe.
#pragma once

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {

class ATP_EXPORT Random {
 public:
  virtual ~Random() = default;
  /// Fills `out` with bytes fit for keys. Throws: unavailable.
  virtual void fill(MutableByteView out) = 0;
};

/// getrandom(2).
class ATP_EXPORT SystemRandom final : public Random {
 public:
  void fill(MutableByteView out) override;
};

}  // namespace v0
}  // namespace atp
