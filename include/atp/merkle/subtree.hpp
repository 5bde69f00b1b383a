// SPDX-License-Identifier: Apache-2.0
/// Subtrees: runs of leaves `[start, end)` that are a Merkle tree by themselves wherever they
/// stand. One leaf and the first leaves of a tree are the two that RFC 9162 proves things about.
#pragma once

#include <bit>
#include <cstdint>

namespace atp {
inline namespace v0 {
namespace merkle {

struct Subtree {
  std::uint64_t start = 0;
  std::uint64_t end = 0;

  std::uint64_t size() const { return end - start; }

  /// Not empty, and its start is a multiple of its size rounded up to a power of two.
  bool valid() const {
    if (start >= end) return false;
    if (start == 0) return true;
    constexpr std::uint64_t kLargestPower = std::uint64_t{1} << 63;
    return size() <= kLargestPower && start % std::bit_ceil(size()) == 0;
  }
};

/// How many of `size` leaves (2 or more) stand left of the root: the largest power of two below.
inline std::uint64_t left_size(std::uint64_t size) { return std::bit_floor(size - 1); }

}  // namespace merkle
}  // namespace v0
}  // namespace atp
