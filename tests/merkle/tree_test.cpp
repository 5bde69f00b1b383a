// SPDX-License-Identifier: Apache-2.0
/// Roots and proofs against a tree that is as plain as the definition in RFC 9162, section 2.1.
#include "atp/merkle/tree.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "atp/merkle/proof.hpp"
#include "merkle/plain_tree.hpp"

namespace atp::merkle {
namespace {

using namespace test;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kLargestPower = std::uint64_t{1} << 63;

Proof plain_path(Leaves hashes, std::size_t index) {
  if (hashes.size() == 1) return {};
  const std::size_t split = plain_split(hashes.size());
  const bool left = index < split;
  Proof path = left ? plain_path(hashes.first(split), index)
                    : plain_path(hashes.subspan(split), index - split);
  path.push_back(plain_root(left ? hashes.subspan(split) : hashes.first(split)));
  return path;
}

Proof plain_consistency(Leaves hashes, std::size_t old_size, bool known) {
  if (old_size == hashes.size()) return known ? Proof{} : Proof{plain_root(hashes)};
  const std::size_t split = plain_split(hashes.size());
  const bool left = old_size <= split;
  Proof proof = left ? plain_consistency(hashes.first(split), old_size, known)
                     : plain_consistency(hashes.subspan(split), old_size - split, false);
  proof.push_back(plain_root(left ? hashes.subspan(split) : hashes.first(split)));
  return proof;
}

TEST(MerkleTree, RootIsThatOfTheDefinition) {
  EXPECT_EQ(root<H>({}), H::empty());
  for (std::size_t size = 1; size <= 300; ++size) {
    const Digests hashes = leaves(size);
    ASSERT_EQ(root<H>(hashes), plain_root(hashes)) << size;
  }
}

TEST(MerkleTree, EveryInclusionProofIsThatOfTheDefinitionAndVerifies) {
  const Digests all = leaves(300);
  for (const std::size_t size : {1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100, 255, 256, 257, 300}) {
    const auto hashes = Leaves(all).first(size);
    const Digest expected = plain_root(hashes);
    for (std::size_t index = 0; index < size; ++index) {
      const Proof proof = inclusion_proof<H>(hashes, index);
      ASSERT_EQ(proof, plain_path(hashes, index)) << index << " of " << size;
      ASSERT_TRUE(verify_inclusion<H>(index, size, hashes[index], proof, expected));
      ASSERT_EQ(root_from_inclusion<H>(index, size, hashes[index], proof), expected);
    }
  }
}

TEST(MerkleTree, EveryConsistencyProofIsThatOfTheDefinitionAndVerifies) {
  const Digests all = leaves(130);
  for (std::size_t size = 1; size <= all.size(); ++size) {
    const auto hashes = Leaves(all).first(size);
    const Digest new_root = root<H>(hashes);
    for (std::size_t old_size = 1; old_size <= size; old_size += size < 40 ? 1 : 5) {
      const Digest old_root = root<H>(hashes.first(old_size));
      const Proof proof = consistency_proof<H>(hashes, old_size);
      ASSERT_EQ(proof, plain_consistency(hashes, old_size, true)) << old_size << " in " << size;
      ASSERT_TRUE(verify_consistency<H>(old_size, size, proof, old_root, new_root));
    }
  }
}

TEST(MerkleTree, ConsistencyProofsOfSizesUpTo300Verify) {
  const Digests all = leaves(300);
  std::mt19937 generator(7);
  for (std::size_t size = 1; size <= all.size(); ++size) {
    const std::size_t old_size = 1 + generator() % size;
    const auto hashes = Leaves(all).first(size);
    const Proof proof = consistency_proof<H>(hashes, old_size);
    ASSERT_EQ(proof, plain_consistency(hashes, old_size, true));
    ASSERT_TRUE(verify_consistency<H>(old_size, size, proof, plain_root(hashes.first(old_size)),
                                      plain_root(hashes)));
  }
}

TEST(MerkleTree, EverySubtreeIsProvenInItsTree) {
  const Digests all = leaves(33);
  int subtrees = 0;
  for (std::size_t size = 1; size <= all.size(); ++size) {
    const auto hashes = Leaves(all).first(size);
    for (std::size_t start = 0; start < size; ++start) {
      for (std::size_t end = start + 1; end <= size; ++end) {
        const Subtree subtree{start, end};
        if (!subtree.valid()) continue;
        ++subtrees;
        const Digest subtree_root = plain_root(hashes.subspan(start, end - start));
        const Proof proof = subtree_consistency_proof<H>(hashes, subtree);
        ASSERT_TRUE(
            verify_subtree_consistency<H>(subtree, size, proof, subtree_root, plain_root(hashes)))
            << start << ".." << end << " in " << size;
        const Proof path = subtree_inclusion_proof<H>(hashes, end - 1, subtree);
        ASSERT_TRUE(
            verify_subtree_inclusion<H>(end - 1, subtree, hashes[end - 1], path, subtree_root));
      }
    }
  }
  EXPECT_GT(subtrees, 1000);
}

TEST(MerkleTree, T044_EachChangedBitOfAProofIsRefused) {
  const Digests hashes = leaves(21);
  const Digest expected = root<H>(hashes);
  for (const std::uint64_t index : {0, 13, 20}) {
    const Proof proof = inclusion_proof<H>(hashes, index);
    for (std::size_t i = 0; i < proof.size(); ++i) {
      for (std::size_t bit = 0; bit < 256; ++bit) {
        Proof changed = proof;
        changed[i].bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        ASSERT_FALSE(verify_inclusion<H>(index, 21, hashes[index], changed, expected));
      }
    }
  }
}

TEST(MerkleTree, T044_ProofHoldsForItsIndexAndSizeAlone) {
  // Where a size has the same shape above a leaf, the proof is the same, and only the root tells.
  const Digests all = leaves(40);
  for (std::uint64_t size = 1; size <= 16; ++size) {
    const auto hashes = Leaves(all).first(size);
    for (std::uint64_t index = 0; index < size; ++index) {
      const Proof proof = inclusion_proof<H>(hashes, index);
      for (std::uint64_t claimed = 0; claimed <= 40; ++claimed) {
        const bool accepted =
            verify_inclusion<H>(claimed, size, hashes[index], proof, root<H>(hashes));
        ASSERT_EQ(accepted, claimed == index);
        if (claimed == 0 || claimed == size) continue;
        ASSERT_FALSE(verify_inclusion<H>(index, claimed, hashes[index], proof,
                                         root<H>(Leaves(all).first(claimed))));
      }
    }
  }
}

TEST(MerkleTree, T044_ExtraAndMissingHashesAreRefused) {
  const Digests hashes = leaves(11);
  const Digest expected = root<H>(hashes);
  for (std::uint64_t index = 0; index < 11; ++index) {
    const Proof proof = inclusion_proof<H>(hashes, index);
    for (const Digest& extra : {H::empty(), hashes[index], expected, Digest{}}) {
      Proof longer = proof;
      longer.push_back(extra);
      EXPECT_FALSE(verify_inclusion<H>(index, 11, hashes[index], longer, expected));
      longer = proof;
      longer.insert(longer.begin(), extra);
      EXPECT_FALSE(verify_inclusion<H>(index, 11, hashes[index], longer, expected));
    }
    const auto whole = std::span<const Digest>(proof);
    EXPECT_FALSE(verify_inclusion<H>(index, 11, hashes[index], whole.subspan(1), expected));
    EXPECT_FALSE(
        verify_inclusion<H>(index, 11, hashes[index], whole.first(whole.size() - 1), expected));
  }
}

TEST(MerkleTree, T044_IndexAndSizeAtTheEndsOfTheirTypeAreRefused) {
  const Digest hash = leaf("a");
  const Proof proof(64, hash);
  for (std::size_t length = 0; length <= proof.size(); ++length) {
    const auto part = std::span<const Digest>(proof).first(length);
    EXPECT_FALSE(verify_inclusion<H>(0, 0, hash, part, hash));
    EXPECT_FALSE(verify_inclusion<H>(0, 0, hash, part, H::empty()));
    EXPECT_FALSE(verify_inclusion<H>(kMost, kMost, hash, part, hash));
    EXPECT_FALSE(verify_inclusion<H>(kMost, 1, hash, part, hash));
    EXPECT_FALSE(verify_consistency<H>(0, kLargestPower, part, H::empty(), hash));
    EXPECT_FALSE(verify_consistency<H>(kMost, kLargestPower, part, hash, hash));
    EXPECT_FALSE(verify_consistency<H>(kLargestPower, kMost, part, hash, hash));
    EXPECT_FALSE(verify_subtree_consistency<H>({1, kMost}, kMost, part, hash, hash));
    EXPECT_FALSE(verify_subtree_inclusion<H>(kMost, {0, kMost}, hash, part, hash));
  }
}

TEST(MerkleTree, T044_TreesOf2To63LeavesVerify) {
  // The leaf at the left end of a tree of equal halves, 63 times over.
  const Proof proof(63, leaf("sibling"));
  Digest expected = leaf("a");
  for (const Digest& sibling : proof) expected = H::node(expected, sibling);
  EXPECT_TRUE(verify_inclusion<H>(0, kLargestPower, leaf("a"), proof, expected));
  EXPECT_FALSE(verify_inclusion<H>(1, kLargestPower, leaf("a"), proof, expected));
  EXPECT_FALSE(verify_inclusion<H>(0, kLargestPower - 1, leaf("b"), proof, expected));
  EXPECT_FALSE(verify_inclusion<H>(0, kLargestPower + 1, leaf("a"), proof, expected));
}

TEST(MerkleTree, T044_EmptyTreeProvesNothing) {
  const Digests hashes = leaves(3);
  EXPECT_TRUE(verify_consistency<H>(0, 0, {}, H::empty(), H::empty()));
  EXPECT_FALSE(verify_consistency<H>(0, 0, {}, hashes[0], hashes[0]));
  EXPECT_FALSE(verify_consistency<H>(0, 3, {}, H::empty(), H::empty()));
  EXPECT_FALSE(verify_consistency<H>(0, 3, {}, H::empty(), root<H>(hashes)));
  EXPECT_FALSE(verify_consistency<H>(0, 3, Digests{root<H>(hashes)}, H::empty(), root<H>(hashes)));
}

TEST(MerkleTree, T044_SubtreesThatCannotStandInATreeAreRefused) {
  const Digests hashes = leaves(8);
  const Digest all = root<H>(hashes);
  EXPECT_TRUE(verify_subtree_consistency<H>({5, 5}, 8, {}, H::empty(), all));
  EXPECT_FALSE(verify_subtree_consistency<H>({9, 9}, 8, {}, H::empty(), all));
  // The claim is leaves 1 and 2; roots and proof are those of leaves 0 to 2.
  const Digest three = root<H>(Leaves(hashes).first(3));
  const Proof proof = consistency_proof<H>(hashes, 3);
  EXPECT_TRUE(verify_subtree_consistency<H>({0, 3}, 8, proof, three, all));
  EXPECT_FALSE(verify_subtree_consistency<H>({1, 3}, 8, proof, three, all));
  // Leaves 2 to 5 make a root, but it is no node of any tree.
  const Leaves middle = Leaves(hashes).subspan(2, 4);
  EXPECT_FALSE(verify_subtree_inclusion<H>(3, {2, 6}, hashes[3], inclusion_proof<H>(middle, 1),
                                           root<H>(middle)));
}

TEST(MerkleTree, T044_AnotherHistoryIsRefused) {
  const Digests hashes = leaves(30);
  Digests forked = hashes;
  forked[4] = leaf("another");
  for (std::uint64_t old_size = 5; old_size < 30; ++old_size) {
    const Digest old_root = root<H>(Leaves(hashes).first(old_size));
    EXPECT_FALSE(verify_consistency<H>(old_size, 30, consistency_proof<H>(forked, old_size),
                                       old_root, root<H>(forked)));
  }
}

TEST(MerkleTree, T044_ProofsAreMadeOnlyOfWhatIsThere) {
  const Digests hashes = leaves(8);
  expect_invalid([&] { inclusion_proof<H>(hashes, 8); });
  expect_invalid([&] { inclusion_proof<H>(hashes, kMost); });
  expect_invalid([&] { inclusion_proof<H>({}, 0); });
  expect_invalid([&] { consistency_proof<H>(hashes, 0); });
  expect_invalid([&] { consistency_proof<H>(hashes, 9); });
  expect_invalid([&] { subtree_consistency_proof<H>(hashes, {1, 3}); });
  expect_invalid([&] { subtree_consistency_proof<H>(hashes, {3, 3}); });
  expect_invalid([&] { subtree_consistency_proof<H>(hashes, {8, 9}); });
  expect_invalid([&] { subtree_inclusion_proof<H>(hashes, 1, {2, 4}); });
  expect_invalid([&] { subtree_inclusion_proof<H>(hashes, 4, {2, 4}); });
  expect_invalid([&] { subtree_inclusion_proof<H>(hashes, 8, {8, 16}); });
}

TEST(Subtree, IsValidWhereItWouldStandAsATree) {
  EXPECT_TRUE((Subtree{0, 1}).valid());
  EXPECT_TRUE((Subtree{0, 13}).valid());
  EXPECT_TRUE((Subtree{8, 13}).valid());
  EXPECT_TRUE((Subtree{0, kMost}).valid());
  EXPECT_TRUE((Subtree{kLargestPower, kMost}).valid());
  EXPECT_FALSE((Subtree{4, 9}).valid());
  EXPECT_FALSE((Subtree{2, 6}).valid());
  EXPECT_FALSE((Subtree{3, 3}).valid());
  EXPECT_FALSE((Subtree{4, 3}).valid());
  EXPECT_FALSE((Subtree{1, kLargestPower + 2}).valid());
}

TEST(MerkleTree, T043_RecordThatEqualsTwoChildrenIsNoLeafOfTheTree) {
  const Digests hashes{leaf("a"), leaf("b"), leaf("c"), leaf("d")};
  const Digest expected = root<H>(hashes);
  Bytes forged(hashes[0].bytes.begin(), hashes[0].bytes.end());
  forged.insert(forged.end(), hashes[1].bytes.begin(), hashes[1].bytes.end());
  ASSERT_EQ(forged.size(), 64U);
  const Digest right = H::node(hashes[2], hashes[3]);
  EXPECT_NE(H::leaf(forged), H::node(hashes[0], hashes[1]));
  EXPECT_FALSE(verify_inclusion<H>(0, 2, H::leaf(forged), Digests{right}, expected));
  EXPECT_NE(root<H>(Digests{H::leaf(forged), right}), expected);
}

TEST(MerkleTree, T043_LeafHashOfAnInnerNodeIsRefusedAtTheTreesOwnSize) {
  const Digests hashes{leaf("a"), leaf("b"), leaf("c"), leaf("d")};
  const Digest inner = H::node(hashes[0], hashes[1]);
  const Digests shortened{H::node(hashes[2], hashes[3])};
  for (std::uint64_t index = 0; index < 4; ++index) {
    EXPECT_FALSE(verify_inclusion<H>(index, 4, inner, shortened, root<H>(hashes)));
  }
}

TEST(MerkleTree, T043_LastLeafTwiceIsAnotherTree) {
  const Digests three{leaf("a"), leaf("b"), leaf("c")};
  const Digests four{leaf("a"), leaf("b"), leaf("c"), leaf("c")};
  EXPECT_NE(root<H>(three), root<H>(four));
  const Digests five{leaf("a"), leaf("b"), leaf("c"), leaf("d"), leaf("e")};
  Digests doubled = five;
  doubled.push_back(five.back());
  EXPECT_NE(root<H>(five), root<H>(doubled));
}

TEST(MerkleTree, T043_EmptyEntryIsNotTheEmptyTree) {
  EXPECT_NE(root<H>(Digests{leaf("")}), root<H>({}));
  EXPECT_EQ(H::empty().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace atp::merkle
