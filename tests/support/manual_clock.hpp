// SPDX-License-Identifier: Apache-2.0
/// A clock that stands still until it is told otherwise. Thread-safe.
#pragma once

#include <atomic>

#include "atp/core/clock.hpp"

namespace atp::test {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1})
      : now_(start.time_since_epoch()) {}

  Time now() const override { return Time(now_.load()); }
  void set(Time time) { now_ = time.time_since_epoch(); }
  void advance(std::chrono::nanoseconds by) {
    std::chrono::nanoseconds seen = now_.load();
    while (!now_.compare_exchange_weak(seen, seen + by)) {
    }
  }

 private:
  std::atomic<std::chrono::nanoseconds> now_;
};

}  // namespace atp::test
