// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage.hpp"

#include <gtest/gtest.h>

namespace atp::verify {
namespace {

const StreamId kStream("api");

Digest digest(std::uint64_t number) {
  Digest result;
  result.bytes[0] = std::byte(number);
  return result;
}

LinkedPoint point(std::vector<StreamCoverage> covered_to) {
  return {.key = "recovery-points/acme/RP-1.json",
          .point = {.recovery_point_id = "RP-1",
                    .region = Region("west"),
                    .backup_type = BackupType::full,
                    .covered_to = std::move(covered_to),
                    .segments = 0,
                    .records = 0,
                    .bytes = 0,
                    .stored_bytes = 0,
                    .policy_version = 1,
                    .ledger_size_seen = 0}};
}

LinkedPoint point(std::uint64_t sequences) {
  return point(sequences == 0
                   ? std::vector<StreamCoverage>{}
                   : std::vector<StreamCoverage>{{kStream, sequences, digest(sequences - 1)}});
}

Listing listing(const std::vector<std::uint64_t>& sequences) {
  Listing result;
  for (const std::uint64_t sequence : sequences) {
    result.descriptors.push_back({.name = std::to_string(sequence),
                                  .stream = kStream,
                                  .sequence = sequence,
                                  .key = "segments/acme/api/x",
                                  .bytes = 0,
                                  .records = 0});
  }
  return result;
}

/// The chain of ten manifests that all points here are about.
ManifestChains chains() {
  ManifestChain chain;
  for (std::uint64_t i = 0; i < 10; ++i) chain.emplace(i, ChainedManifest{digest(i), std::nullopt});
  return {{kStream, chain}};
}

Check coverage(const LinkedPoint& link, const LinkedPoint* parent, const Listing& listed) {
  std::vector<Check> checks;
  check_coverage(link, parent, listed, chains(), checks);
  EXPECT_EQ(checks.size(), 1U);
  return checks.at(0);
}

TEST(Coverage, OfAFullPointIsEveryManifest) {
  EXPECT_EQ(coverage(point(3), nullptr, listing({0, 1, 2})).state, CheckState::verified);
  EXPECT_EQ(coverage(point(0), nullptr, listing({})).state, CheckState::verified);
}

TEST(Coverage, OfAnIncrementalPointBeginsWhereItsParentEnds) {
  const LinkedPoint parent = point(3);
  LinkedPoint child = point(5);
  child.point.parent = ParentPoint{"RP-0", {}};
  EXPECT_EQ(coverage(child, &parent, listing({3, 4})).state, CheckState::verified);
  EXPECT_EQ(coverage(child, &parent, listing({4})).check_class, CheckClass::gap);
  EXPECT_EQ(coverage(child, &parent, listing({2, 3, 4})).found, "2 again");
  EXPECT_EQ(coverage(child, nullptr, listing({3, 4})).state, CheckState::not_checked);
}

TEST(Coverage, T094_WithAHoleIsAGap) {
  for (const auto& listed : {listing({1, 2}), listing({0, 2}), listing({0, 1}), listing({})}) {
    const Check check = coverage(point(3), nullptr, listed);
    EXPECT_EQ(check.state, CheckState::failed);
    EXPECT_EQ(check.check_class, CheckClass::gap);
    EXPECT_EQ(check.stream, "api");
  }
  EXPECT_EQ(coverage(point(3), nullptr, listing({0, 2})).found, "1 not listed");
}

TEST(Coverage, BeyondWhatThePointSaysIsRefused) {
  EXPECT_EQ(coverage(point(2), nullptr, listing({0, 1, 2})).found, "2 beyond");
  EXPECT_EQ(coverage(point(0), nullptr, listing({0})).found, "0 beyond");
}

TEST(Coverage, CannotShrinkOrLoseAStream) {
  const LinkedPoint parent = point(3);
  LinkedPoint child = point(2);
  child.point.parent = ParentPoint{"RP-0", {}};
  EXPECT_EQ(coverage(child, &parent, listing({})).state, CheckState::failed);
  LinkedPoint forgetful = point(0);
  forgetful.point.parent = child.point.parent;
  EXPECT_EQ(coverage(forgetful, &parent, listing({})).state, CheckState::failed);
}

TEST(Coverage, IsPinnedByTheHeadOfTheChain) {
  LinkedPoint link = point(3);
  link.point.covered_to.front().head = digest(7);
  EXPECT_EQ(coverage(link, nullptr, listing({0, 1, 2})).expected, "head " + digest(7).hex());
}

TEST(Coverage, NamesEachStreamOnce) {
  const LinkedPoint twice = point({{kStream, 3, digest(2)}, {kStream, 3, digest(2)}});
  EXPECT_EQ(coverage(twice, nullptr, listing({0, 1, 2})).state, CheckState::failed);
}

TEST(Coverage, WithADamagedPageIsNotChecked) {
  Listing damaged = listing({0, 1, 2});
  damaged.whole = false;
  EXPECT_EQ(coverage(point(3), nullptr, damaged).state, CheckState::not_checked);
}

}  // namespace
}  // namespace atp::verify
