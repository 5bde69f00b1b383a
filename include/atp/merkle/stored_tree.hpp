// SPDX-License-Identifier: Apache-2.0
/// Roots and proofs (RFC 9162, section 2.1) out of a tree whose inner nodes are kept somewhere: a
/// few of them are asked for, whatever the size. `node_at(level, index)` gives the root over leaves
/// `[index << level, (index + 1) << level)`, of perfect subtrees within the tree only.
#pragma once

#include <bit>
#include <concepts>

#include "atp/merkle/tree.hpp"

namespace atp {
inline namespace v0 {
namespace merkle {

template <class T>
concept NodeSource = requires(const T& node_at, unsigned level, std::uint64_t index) {
  { node_at(level, index) } -> std::convertible_to<Digest>;
};

/// The root over a valid subtree. Throws: what `node_at` does.
template <Hasher H, NodeSource Nodes>
Digest root_over(const Nodes& node_at, Subtree range) {
  if (range.size() == 0) return H::empty();
  if (std::has_single_bit(range.size())) {
    const auto level = static_cast<unsigned>(std::countr_zero(range.size()));
    return node_at(level, range.start >> level);
  }
  const std::uint64_t split = range.start + left_size(range.size());
  return H::node(root_over<H>(node_at, {range.start, split}),
                 root_over<H>(node_at, {split, range.end}));
}

/// PATH(index, D_size), 2.1.3.1. Throws: invalid_argument unless `index` is below `size`.
template <Hasher H, NodeSource Nodes>
Proof inclusion_proof(const Nodes& node_at, std::uint64_t size, std::uint64_t index) {
  return subtree_proof(size, {index, index + 1},
                       [&](Subtree range) { return root_over<H>(node_at, range); });
}

/// PROOF(old_size, D_size), 2.1.4.1. Throws: invalid_argument unless `old_size` is from 1 to
/// `size`.
template <Hasher H, NodeSource Nodes>
Proof consistency_proof(const Nodes& node_at, std::uint64_t size, std::uint64_t old_size) {
  return subtree_proof(size, {0, old_size},
                       [&](Subtree range) { return root_over<H>(node_at, range); });
}

}  // namespace merkle
}  // namespace v0
}  // namespace atp
