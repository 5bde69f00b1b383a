// SPDX-License-Identifier: Apache-2.0
#include "support/counting_store.hpp"

#include <gtest/gtest.h>

#include "atp/storage/memory_store.hpp"
#include "support/error_kind.hpp"
#include "support/manual_clock.hpp"

namespace atp::test {
namespace {

TEST(CountingStore, CountsByKindAndPrefixUntilItIsReset) {
  const auto clock = std::make_shared<ManualClock>();
  CountingStore store(memory_store(clock));
  put_object(store, "a/1", as_bytes("text"), {});
  put_object(store, "a/2", as_bytes("text"), {});
  EXPECT_TRUE(error_kind([&] { put_object(store, "a/2", as_bytes("text"), {}); }));
  store.create("a/3", {})->write(as_bytes("never committed"));
  get_object(store, "a/1", 10);
  store.stat("b/1");
  store.list("a/");
  store.list_folders("");
  store.extend_retention("a/1", clock->now());
  store.set_legal_hold("a/2", false);
  store.remove("a/2");
  EXPECT_EQ(store.print(),
            "GET a/ 1\nHEAD b/ 1\nLIST  1\nLIST a/ 1\nPUT a/ 3\nREMOVE a/ 1\nEXTEND a/ 2\n");
  EXPECT_EQ(store.count(StoreCall::put), 3U);
  EXPECT_EQ(store.count(StoreCall::put, "a/2"), 2U);
  EXPECT_EQ(store.count(StoreCall::list), 2U);
  EXPECT_EQ(store.total(), 10U);
  EXPECT_EQ(store.total("b/"), 1U);
  store.reset();
  EXPECT_EQ(store.total(), 0U);
}

}  // namespace
}  // namespace atp::test
