// SPDX-License-Identifier: Apache-2.0
/// Verification of proofs by those who have no tree (RFC 9162, sections 2.1.3.2 and 2.1.4.2). No
/// function here throws; work is at most 64 steps, whatever a proof holds.
#pragma once

#include <optional>
#include <span>

#include "atp/merkle/hasher.hpp"
#include "atp/merkle/subtree.hpp"

namespace atp {
inline namespace v0 {
namespace merkle {

/// The roots that a proof leads to.
struct ProvenRoots {
  Digest subtree;
  Digest tree;
};

namespace detail {

/// Walks down from the root to the subtree and combines the hashes on the way back. The outermost
/// hash of a proof is its last. `subtree_root` is absent once the way goes through the subtree.
template <Hasher H>
std::optional<ProvenRoots> combine(Subtree subtree, std::uint64_t size,
                                   std::span<const Digest> proof,
                                   const std::optional<Digest>& subtree_root) {
  if (subtree.size() == size) {
    if (proof.size() != (subtree_root ? 0U : 1U)) return std::nullopt;
    const Digest& found = subtree_root ? *subtree_root : proof.front();
    return ProvenRoots{found, found};
  }
  if (proof.empty()) return std::nullopt;
  const Digest& sibling = proof.back();
  const auto inner = proof.first(proof.size() - 1);
  const std::uint64_t split = left_size(size);
  if (subtree.end <= split) {
    auto roots = combine<H>(subtree, split, inner, subtree_root);
    if (roots) roots->tree = H::node(roots->tree, sibling);
    return roots;
  }
  const bool inside = subtree.start >= split;
  const Subtree rest{inside ? subtree.start - split : 0, subtree.end - split};
  auto roots = combine<H>(rest, size - split, inner, inside ? subtree_root : std::nullopt);
  if (!roots) return std::nullopt;
  roots->tree = H::node(sibling, roots->tree);
  if (!inside) roots->subtree = H::node(sibling, roots->subtree);
  return roots;
}

}  // namespace detail

/// Whether the tree of `size` leaves under `root` has the subtree's leaves at `[start, end)`. An
/// empty subtree is in every tree: then only `subtree_root` is looked at.
template <Hasher H>
bool verify_subtree_consistency(Subtree subtree, std::uint64_t size, std::span<const Digest> proof,
                                const Digest& subtree_root, const Digest& root) {
  if (subtree.end > size) return false;
  if (subtree.start == subtree.end) return proof.empty() && subtree_root == H::empty();
  if (!subtree.valid()) return false;
  const auto roots = detail::combine<H>(subtree, size, proof, subtree_root);
  return roots && roots->subtree == subtree_root && roots->tree == root;
}

/// Whether the first `old_size` of `new_size` leaves are the tree under `old_root`. False for an
/// `old_size` of 0 and a larger `new_size`: every tree goes on from the empty one, and a proof
/// would show nothing.
template <Hasher H>
bool verify_consistency(std::uint64_t old_size, std::uint64_t new_size,
                        std::span<const Digest> proof, const Digest& old_root,
                        const Digest& new_root) {
  if (old_size == 0 && (new_size != 0 || new_root != old_root)) return false;
  return verify_subtree_consistency<H>({0, old_size}, new_size, proof, old_root, new_root);
}

/// The root that makes the proof true; nothing where `index`, `size` and the proof's length do not
/// fit together.
template <Hasher H>
std::optional<Digest> root_from_inclusion(std::uint64_t index, std::uint64_t size,
                                          const Digest& leaf_hash, std::span<const Digest> proof) {
  if (index >= size) return std::nullopt;
  const auto roots = detail::combine<H>({index, index + 1}, size, proof, leaf_hash);
  if (!roots) return std::nullopt;
  return roots->tree;
}

template <Hasher H>
bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf_hash,
                      std::span<const Digest> proof, const Digest& root) {
  return root_from_inclusion<H>(index, size, leaf_hash, proof) == root;
}

/// Whether leaf `index` of a tree is in its subtree with root `subtree_root`.
template <Hasher H>
bool verify_subtree_inclusion(std::uint64_t index, Subtree subtree, const Digest& leaf_hash,
                              std::span<const Digest> proof, const Digest& subtree_root) {
  if (!subtree.valid() || index < subtree.start) return false;
  return verify_inclusion<H>(index - subtree.start, subtree.size(), leaf_hash, proof, subtree_root);
}

}  // namespace merkle
}  // namespace v0
}  // namespace atp
