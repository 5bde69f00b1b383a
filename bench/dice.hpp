// SPDX-License-Identifier: Apache-2.0
/// Pseudo-random numbers by integer arithmetic alone: the same on every machine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace atp::bench {

/// SplitMix64 (public domain, Sebastiano Vigna).
class Dice {
 public:
  explicit Dice(std::uint64_t state) : state_(state) {}
  std::uint64_t roll() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  /// Below `limit`, which is below 2^32.
  std::uint64_t below(std::uint64_t limit) { return (roll() >> 32) * limit >> 32; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }

 private:
  std::uint64_t state_;
};

inline std::uint64_t mixed(std::uint64_t value) { return Dice(value).roll(); }

/// Number k comes up with a weight of 1 / (k + 1).
class Zipf {
 public:
  explicit Zipf(std::uint64_t count) {
    std::uint64_t total = 0;
    for (std::uint64_t k = 0; k < count; ++k) sums_.push_back(total += (1ULL << 27) / (k + 1));
  }
  std::uint64_t pick(Dice& dice) const {
    const auto found = std::upper_bound(sums_.begin(), sums_.end(), dice.below(sums_.back()));
    return static_cast<std::uint64_t>(found - sums_.begin());
  }

 private:
  std::vector<std::uint64_t> sums_;
};

}  // namespace atp::bench
