// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <thread>

#include "atp/crypto/sha256.hpp"
#include "conformance/object_store_contract.hpp"
#include "support/error_kind.hpp"
#include "support/sequence_random.hpp"

namespace atp::test {
namespace {

TEST_P(ObjectStoreContract, GivesBackWhatWasPut) {
  put("a/b/c", "some bytes");
  EXPECT_EQ(get("a/b/c"), "some bytes");
  const auto info = store->stat("a/b/c");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->key, "a/b/c");
  EXPECT_EQ(info->size, 10U);
  EXPECT_EQ(info->immutability, Immutability{});
}

TEST_P(ObjectStoreContract, CommitTellsWhatStatTells) {
  const auto writer = store->create("k", {.retain_until = later, .legal_hold = true});
  writer->write(as_bytes("12345"));
  const ObjectInfo info = writer->commit(std::nullopt);
  const auto found = store->stat("k");
  ASSERT_TRUE(found);
  EXPECT_EQ(info.key, found->key);
  EXPECT_EQ(info.size, found->size);
  EXPECT_EQ(info.modified, found->modified);
  EXPECT_EQ(info.immutability, found->immutability);
  EXPECT_EQ(info.immutability, (Immutability{later, true}));
}

TEST_P(ObjectStoreContract, AbsentObjectsAreNotFound) {
  put("a/b");
  for (const std::string key : {"x", "a", "a/b/c", "a/x", "a/bb"}) {
    EXPECT_FALSE(store->stat(key)) << key;
    EXPECT_FALSE(find_object(*store, key, 10)) << key;
    EXPECT_EQ(error_kind([&] { store->get(key); }), ErrorKind::not_found) << key;
    EXPECT_EQ(removal(key), ErrorKind::not_found) << key;
    EXPECT_EQ(error_kind([&] { store->extend_retention(key, later); }), ErrorKind::not_found);
    EXPECT_EQ(error_kind([&] { store->set_legal_hold(key, true); }), ErrorKind::not_found);
  }
}

TEST_P(ObjectStoreContract, PutsAreCreateOnly) {
  put("k", "first", {.retain_until = later});
  EXPECT_EQ(error_kind([&] { put("k", "second", {.legal_hold = true}); }),
            ErrorKind::already_exists);
  EXPECT_EQ(get("k"), "first");
  EXPECT_EQ(store->stat("k")->immutability, (Immutability{later, false}));
}

TEST_P(ObjectStoreContract, OfManyPutsOfOneKeyExactlyOneWins) {
  for (int round = 0; round < 10; ++round) {
    const std::string key = "race/" + std::to_string(round);
    std::atomic<int> winner = -1;
    std::atomic<int> refused = 0;
    std::vector<std::thread> threads = {};
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const auto kind = error_kind([&] { put(key, "from " + std::to_string(i)); });
        if (!kind) winner = i;
        if (kind == ErrorKind::already_exists) ++refused;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(refused, 7);
    EXPECT_EQ(get(key), "from " + std::to_string(winner));
  }
}

TEST_P(ObjectStoreContract, ManyThreadsPutKeysOfTheirOwn) {
  std::vector<std::thread> threads = {};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 10; ++j) put("n/" + std::to_string(j) + "/" + std::to_string(i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(keys("n/").size(), 80U);
}

TEST_P(ObjectStoreContract, AWriterWithoutCommitLeavesNothing) {
  {
    const auto writer = store->create("a/k", {.retain_until = later, .legal_hold = true});
    writer->write(as_bytes("never committed"));
    EXPECT_FALSE(store->stat("a/k"));
    EXPECT_TRUE(keys().empty());
  }
  EXPECT_TRUE(keys().empty());
  put("a/k");
  EXPECT_EQ(store->stat("a/k")->immutability, Immutability{});
}

TEST_P(ObjectStoreContract, AWriterCommitsOnce) {
  const auto writer = store->create("k", {});
  writer->commit(std::nullopt);
  EXPECT_EQ(error_kind([&] { writer->commit(std::nullopt); }), ErrorKind::precondition_failed);
  EXPECT_EQ(error_kind([&] { writer->write(as_bytes("x")); }), ErrorKind::precondition_failed);
}

TEST_P(ObjectStoreContract, AnUnexpectedDigestIsCorruptAndNothingShows) {
  const auto writer = store->create("k", {});
  writer->write(as_bytes("these bytes"));
  EXPECT_EQ(error_kind([&] { writer->commit(sha256(as_bytes("those bytes"))); }),
            ErrorKind::corrupt);
  EXPECT_FALSE(store->stat("k"));
  EXPECT_TRUE(keys().empty());
  put("k", "these bytes");
  EXPECT_EQ(get("k"), "these bytes");
}

TEST_P(ObjectStoreContract, EmptyObjectsAreObjects) {
  store->create("none", {})->commit(sha256({}));
  EXPECT_EQ(store->stat("none")->size, 0U);
  EXPECT_EQ(get("none"), "");
  EXPECT_EQ(keys(), std::vector<std::string>{"none"});
}

TEST_P(ObjectStoreContract, NineMebibytesInOddPiecesComeBackWhole) {
  Bytes bytes(9 << 20);
  SequenceRandom(7).fill(bytes);
  const auto writer = store->create("large", {});
  std::size_t done = 0;
  for (std::size_t size = 1; done < bytes.size(); size = size * 3 + 1) {
    const std::size_t piece = std::min(std::min<std::size_t>(size, 1'000'003), bytes.size() - done);
    writer->write(ByteView(bytes).subspan(done, piece));
    writer->write({});
    done += piece;
  }
  writer->commit(sha256(bytes));
  EXPECT_EQ(get_object(*store, "large", bytes.size()), bytes);
  EXPECT_EQ(error_kind([&] { get_object(*store, "large", bytes.size() - 1); }), ErrorKind::corrupt);
}

TEST_P(ObjectStoreContract, RangesAreCutAtTheEnd) {
  put("k", "0123456789");
  EXPECT_EQ(get("k", {.offset = 0, .length = 3}), "012");
  EXPECT_EQ(get("k", {.offset = 4}), "456789");
  EXPECT_EQ(get("k", {.offset = 8, .length = 100}), "89");
  EXPECT_EQ(get("k", {.offset = 8, .length = ~std::uint64_t{0}}), "89");
  EXPECT_EQ(get("k", {.offset = 10, .length = 1}), "");
  EXPECT_EQ(get("k", {.offset = ~std::uint64_t{0}, .length = ~std::uint64_t{0}}), "");
  EXPECT_EQ(get("k", {.offset = 3, .length = 0}), "");
}

TEST_P(ObjectStoreContract, TidyingLeavesObjectsAndWhatIsBeingWritten) {
  put("there", "whole");
  const auto writer = store->create("written", {});
  writer->write(as_bytes("in part"));
  store->tidy();
  writer->commit(std::nullopt);
  EXPECT_EQ(get("there"), "whole");
  EXPECT_EQ(get("written"), "in part");
  EXPECT_EQ(store->tidy(), 0u);
}

TEST_P(ObjectStoreContract, ItsTimeIsNoneOrGoesOn) {
  const auto first = store->time();
  const auto second = store->time();
  EXPECT_EQ(first.has_value(), second.has_value());
  EXPECT_LE(first, second);
}

TEST_P(ObjectStoreContract, SourcesGoOnReadingAfterARemoval) {
  put("k", "still here");
  const auto source = store->get("k");
  store->remove("k");
  EXPECT_EQ(as_text(read_all(*source, 100)), "still here");
}

}  // namespace
}  // namespace atp::test
