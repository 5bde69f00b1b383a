// SPDX-License-Identifier: Apache-2.0
/// A growing RFC 9162 tree of which only the right edge is kept. Value type.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/merkle/hasher.hpp"

namespace atp {
inline namespace v0 {
namespace merkle {

template <Hasher H>
class Frontier {
 public:
  Frontier() = default;
  /// Goes on where `size()` and `nodes()` of another frontier left off. Throws: invalid_argument
  /// unless there is one node for each bit set in `size`.
  Frontier(std::uint64_t size, std::vector<Digest> nodes) : size_(size), nodes_(std::move(nodes)) {
    const auto expected = static_cast<std::size_t>(std::popcount(size));
    if (nodes_.size() == expected) return;
    refuse("expected " + std::to_string(expected) + " nodes for size " + std::to_string(size) +
           ", found " + std::to_string(nodes_.size()));
  }

  void push(const Digest& leaf_hash) { push_subtree(0, leaf_hash); }

  /// Adds 2^`level` leaves by the root over them. Throws: invalid_argument unless `size()` is a
  /// multiple of 2^`level`, and where the tree would be over 2^64 - 1 leaves.
  void push_subtree(unsigned level, const Digest& subtree_root) {
    if (level > 63) refuse("expected a level below 64, found " + std::to_string(level));
    const std::uint64_t leaves = std::uint64_t{1} << level;
    if (size_ % leaves != 0) {
      refuse("expected a size that is a multiple of " + std::to_string(leaves) + ", found " +
             std::to_string(size_));
    }
    if (leaves > std::numeric_limits<std::uint64_t>::max() - size_) {
      refuse("expected room for " + std::to_string(leaves) + " leaves, found size " +
             std::to_string(size_));
    }
    Digest merged = subtree_root;
    for (std::uint64_t rest = size_ >> level; (rest & 1) != 0; rest >>= 1) {
      merged = H::node(nodes_.back(), merged);
      nodes_.pop_back();
    }
    nodes_.push_back(merged);
    size_ += leaves;
  }

  std::uint64_t size() const { return size_; }

  Digest root() const { return root_with_tail(std::nullopt); }

  /// The root where a last subtree with root `tail` stands at the right edge. It may have at most
  /// as many leaves as the largest power of two that divides `size()`.
  Digest root_with_tail(const std::optional<Digest>& tail) const {
    std::optional<Digest> right = tail;
    for (auto left = nodes_.rbegin(); left != nodes_.rend(); ++left) {
      right = right ? H::node(*left, *right) : *left;
    }
    return right ? *right : H::empty();
  }

  /// Roots of the perfect subtrees, the largest first: one for each bit set in `size()`.
  const std::vector<Digest>& nodes() const { return nodes_; }

  bool operator==(const Frontier&) const = default;

 private:
  [[noreturn]] static void refuse(const std::string& message) {
    throw Error(ErrorKind::invalid_argument, "merkle tree", message);
  }

  std::uint64_t size_ = 0;
  std::vector<Digest> nodes_;
};

}  // namespace merkle
}  // namespace v0
}  // namespace atp
