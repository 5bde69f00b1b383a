// SPDX-License-Identifier: Apache-2.0
#include "conformance/object_store_contract.hpp"
#include "support/error_kind.hpp"

namespace atp::test {
namespace {

TEST_P(ObjectStoreContract, RetentionRefusesRemovalUntilItsInstant) {
  put("k", "text", {.retain_until = later});
  EXPECT_EQ(removal("k"), ErrorKind::retained);
  clock->set(later - std::chrono::nanoseconds(1));
  EXPECT_EQ(removal("k"), ErrorKind::retained);
  EXPECT_EQ(get("k"), "text");
  clock->set(later);
  EXPECT_EQ(removal("k"), std::nullopt);
  EXPECT_FALSE(store->stat("k"));
  EXPECT_TRUE(keys().empty());
}

TEST_P(ObjectStoreContract, RetentionOnlyGrows) {
  put("k");
  EXPECT_EQ(store->extend_retention("k", later), later);
  EXPECT_EQ(store->extend_retention("k", later - std::chrono::hours(1)), later);
  EXPECT_EQ(store->extend_retention("k", later), later);
  EXPECT_EQ(store->stat("k")->immutability, (Immutability{later, false}));
  const Time latest = later + std::chrono::nanoseconds(1);
  EXPECT_EQ(store->extend_retention("k", latest), latest);
  clock->set(later);
  EXPECT_EQ(removal("k"), ErrorKind::retained);
}

TEST_P(ObjectStoreContract, AHoldRefusesRemovalUntilItIsReleased) {
  put("k", "text", {.legal_hold = true});
  clock->advance(std::chrono::hours(24 * 365 * 100));
  EXPECT_EQ(removal("k"), ErrorKind::on_hold);
  store->set_legal_hold("k", false);
  store->set_legal_hold("k", true);
  store->set_legal_hold("k", true);
  EXPECT_EQ(removal("k"), ErrorKind::on_hold);
  EXPECT_TRUE(store->stat("k")->immutability.legal_hold);
  store->set_legal_hold("k", false);
  EXPECT_EQ(removal("k"), std::nullopt);
}

TEST_P(ObjectStoreContract, ReleasingAHoldKeepsTheRetention) {
  put("k", "text", {.retain_until = later, .legal_hold = true});
  EXPECT_EQ(store->extend_retention("k", later + std::chrono::hours(1)),
            later + std::chrono::hours(1));
  EXPECT_TRUE(store->stat("k")->immutability.legal_hold);
  store->set_legal_hold("k", false);
  EXPECT_EQ(store->stat("k")->immutability, (Immutability{later + std::chrono::hours(1), false}));
  EXPECT_EQ(removal("k"), ErrorKind::retained);
}

TEST_P(ObjectStoreContract, ARemovedKeyCanBePutAgainAndInheritsNothing) {
  put("k", "first", {.retain_until = later});
  clock->set(later);
  store->remove("k");
  EXPECT_EQ(removal("k"), ErrorKind::not_found);
  put("k", "second");
  EXPECT_EQ(get("k"), "second");
  EXPECT_EQ(store->stat("k")->immutability, Immutability{});
}

TEST_P(ObjectStoreContract, TheSameBytesAgainAreSuccessAndGrowTheRetention) {
  put_same_object(*store, "k", as_bytes("same"), {});
  put_same_object(*store, "k", as_bytes("same"), {.retain_until = later, .legal_hold = true});
  put_same_object(*store, "k", as_bytes("same"), {});
  EXPECT_EQ(store->stat("k")->immutability, (Immutability{later, true}));
  for (const std::string_view other : {"sama", "sam", "same!", ""}) {
    EXPECT_EQ(error_kind([&] { put_same_object(*store, "k", as_bytes(other), {}); }),
              ErrorKind::already_exists);
  }
  EXPECT_EQ(get("k"), "same");
}

}  // namespace
}  // namespace atp::test
