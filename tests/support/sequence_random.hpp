// SPDX-License-Identifier: Apache-2.0
/// Randomness that is the same in every run: splitmix64 of a counter, a bijection, so no aligned
/// block of eight bytes ever comes twice from one object. Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>

#include "atp/core/random.hpp"

namespace atp::test {

inline std::uint64_t splitmix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

class SequenceRandom final : public Random {
 public:
  explicit SequenceRandom(std::uint64_t seed = 1) : counter_(splitmix64(seed)) {}

  void fill(MutableByteView out) override {
    std::uint64_t counter = counter_.fetch_add((out.size() + 7) / 8);
    while (!out.empty()) {
      const std::uint64_t block = splitmix64(counter++);
      const std::size_t size = std::min(out.size(), sizeof block);
      std::memcpy(out.data(), &block, size);
      out = out.subspan(size);
    }
  }

 private:
  std::atomic<std::uint64_t> counter_;
};

}  // namespace atp::test
