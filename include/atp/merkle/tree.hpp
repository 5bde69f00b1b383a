// SPDX-License-Identifier: Apache-2.0
/// Roots and proofs (RFC 9162, section 2.1) out of all the leaf hashes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/merkle/frontier.hpp"
#include "atp/merkle/subtree.hpp"

namespace atp {
inline namespace v0 {
namespace merkle {

/// Hashes as RFC 9162 orders them: those nearest to the leaves first.
using Proof = std::vector<Digest>;

template <Hasher H>
Digest root(std::span<const Digest> leaf_hashes) {
  Frontier<H> frontier;
  for (const Digest& leaf_hash : leaf_hashes) frontier.push(leaf_hash);
  return frontier.root();
}

namespace detail {

/// From `subtree` up to `whole`; `root_of` gives the root over any range that the way passes by.
/// `known`: the verifier has the root of what is left of the subtree.
template <class RootOf>
void append_subtree_proof(Proof& proof, Subtree whole, Subtree subtree, bool known,
                          const RootOf& root_of) {
  if (subtree.size() == whole.size()) {
    if (!known) proof.push_back(root_of(whole));
    return;
  }
  const std::uint64_t split = whole.start + left_size(whole.size());
  if (subtree.end <= split) {
    append_subtree_proof(proof, {whole.start, split}, subtree, known, root_of);
    proof.push_back(root_of(Subtree{split, whole.end}));
    return;
  }
  const bool inside = subtree.start >= split;
  append_subtree_proof(proof, {split, whole.end}, {inside ? subtree.start : split, subtree.end},
                       known && inside, root_of);
  proof.push_back(root_of(Subtree{whole.start, split}));
}

inline void require_within(Subtree subtree, std::uint64_t size) {
  if (subtree.valid() && subtree.end <= size) return;
  throw Error(ErrorKind::invalid_argument, "merkle proof",
              "expected a subtree of a tree of " + std::to_string(size) + " leaves, found start " +
                  std::to_string(subtree.start) + " and end " + std::to_string(subtree.end));
}

}  // namespace detail

/// Shows that the subtree's leaves are leaves `[start, end)` of a tree of `size` leaves, out of the
/// roots that `root_of` gives over valid subtrees beside the way. Throws: invalid_argument unless
/// the subtree is valid and within the tree; what `root_of` does.
template <class RootOf>
Proof subtree_proof(std::uint64_t size, Subtree subtree, const RootOf& root_of) {
  detail::require_within(subtree, size);
  Proof proof;
  detail::append_subtree_proof(proof, {0, size}, subtree, true, root_of);
  return proof;
}

/// The same out of all the leaf hashes.
template <Hasher H>
Proof subtree_consistency_proof(std::span<const Digest> leaf_hashes, Subtree subtree) {
  return subtree_proof(leaf_hashes.size(), subtree, [&](Subtree range) {
    return root<H>(leaf_hashes.subspan(range.start, range.size()));
  });
}

/// PATH(index, D_n) of RFC 9162, 2.1.3.1. Throws: invalid_argument unless `index` is below the
/// size.
template <Hasher H>
Proof inclusion_proof(std::span<const Digest> leaf_hashes, std::uint64_t index) {
  return subtree_consistency_proof<H>(leaf_hashes, {index, index + 1});
}

/// Shows that leaf `index` of the tree is in the subtree. Throws: invalid_argument unless it is.
template <Hasher H>
Proof subtree_inclusion_proof(std::span<const Digest> leaf_hashes, std::uint64_t index,
                              Subtree subtree) {
  const bool inside = subtree.valid() && subtree.end <= leaf_hashes.size() &&
                      subtree.start <= index && index < subtree.end;
  if (!inside) {
    throw Error(ErrorKind::invalid_argument, "merkle proof",
                "expected an index within a subtree of the tree, found " + std::to_string(index));
  }
  return inclusion_proof<H>(leaf_hashes.subspan(subtree.start, subtree.size()),
                            index - subtree.start);
}

/// PROOF(old_size, D_n) of RFC 9162, 2.1.4.1. Throws: invalid_argument unless `old_size` is from 1
/// to the size: with an empty tree everything is consistent.
template <Hasher H>
Proof consistency_proof(std::span<const Digest> leaf_hashes, std::uint64_t old_size) {
  return subtree_consistency_proof<H>(leaf_hashes, {0, old_size});
}

}  // namespace merkle
}  // namespace v0
}  // namespace atp
