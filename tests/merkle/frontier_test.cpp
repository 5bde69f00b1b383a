// SPDX-License-Identifier: Apache-2.0
#include "atp/merkle/frontier.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <random>

#include "merkle/plain_tree.hpp"

namespace atp::merkle {
namespace {

using namespace test;

TEST(Frontier, HasTheRootOfEverySize) {
  const Digests hashes = leaves(300);
  Frontier<H> frontier;
  EXPECT_EQ(frontier.root(), H::empty());
  for (std::size_t size = 1; size <= hashes.size(); ++size) {
    frontier.push(hashes[size - 1]);
    ASSERT_EQ(frontier.size(), size);
    ASSERT_EQ(frontier.root(), plain_root(Leaves(hashes).first(size)));
    ASSERT_EQ(frontier.nodes().size(), static_cast<std::size_t>(std::popcount(size)));
  }
}

TEST(Frontier, GoesOnFromItsNodes) {
  const Digests hashes = leaves(200);
  for (std::size_t size = 0; size < 100; ++size) {
    Frontier<H> first;
    for (std::size_t i = 0; i < size; ++i) first.push(hashes[i]);
    Frontier<H> second(first.size(), first.nodes());
    EXPECT_EQ(second, first);
    for (std::size_t i = size; i < hashes.size(); ++i) second.push(hashes[i]);
    ASSERT_EQ(second.root(), plain_root(hashes));
  }
}

TEST(Frontier, RefusesNodesThatDoNotFitItsSize) {
  expect_invalid([] { Frontier<H>(0, Digests(1)); });
  expect_invalid([] { Frontier<H>(1, Digests()); });
  expect_invalid([] { Frontier<H>(5, Digests(1)); });
  expect_invalid([] { Frontier<H>(5, Digests(3)); });
}

TEST(Frontier, TakesWholeSubtreesWhereTheyFit) {
  const Digests hashes = leaves(300);
  std::mt19937 generator(8);
  for (int round = 0; round < 50; ++round) {
    Frontier<H> frontier;
    while (frontier.size() < hashes.size()) {
      const std::size_t done = frontier.size();
      const auto level = static_cast<unsigned>(generator() % 6);
      const std::size_t count = std::size_t{1} << level;
      if (done % count != 0 || count > hashes.size() - done) continue;
      frontier.push_subtree(level, plain_root(Leaves(hashes).subspan(done, count)));
      ASSERT_EQ(frontier.root(), plain_root(Leaves(hashes).first(frontier.size())));
    }
  }
}

TEST(Frontier, RefusesSubtreesWhereTheyDoNotFit) {
  Frontier<H> frontier;
  frontier.push(Digest{});
  expect_invalid([&] { frontier.push_subtree(1, Digest{}); });
  frontier.push(Digest{});
  EXPECT_NO_THROW(frontier.push_subtree(1, Digest{}));
  expect_invalid([&] { frontier.push_subtree(3, Digest{}); });
  EXPECT_EQ(frontier.size(), 4U);
}

TEST(Frontier, T064_SizeDoesNotOverflow) {
  Frontier<H> frontier;
  expect_invalid([&] { frontier.push_subtree(64, Digest{}); });
  expect_invalid([&] { frontier.push_subtree(std::numeric_limits<unsigned>::max(), Digest{}); });
  frontier.push_subtree(63, Digest{});
  expect_invalid([&] { frontier.push_subtree(63, Digest{}); });
  EXPECT_EQ(frontier.size(), std::uint64_t{1} << 63);
  Frontier<H> full(std::numeric_limits<std::uint64_t>::max(), Digests(64));
  expect_invalid([&] { full.push(Digest{}); });
}

TEST(Frontier, TailStandsAtTheRightEdge) {
  const Digests hashes = leaves(150);
  for (std::size_t whole = 0; whole <= 128; whole += 16) {
    Frontier<H> frontier;
    for (std::size_t i = 0; i < whole; ++i) frontier.push(hashes[i]);
    EXPECT_EQ(frontier.root_with_tail(std::nullopt), frontier.root());
    for (std::size_t rest = 1; rest <= 16; ++rest) {
      const Digest tail = plain_root(Leaves(hashes).subspan(whole, rest));
      ASSERT_EQ(frontier.root_with_tail(tail), plain_root(Leaves(hashes).first(whole + rest)));
    }
    EXPECT_EQ(frontier.size(), whole);
  }
}

}  // namespace
}  // namespace atp::merkle
