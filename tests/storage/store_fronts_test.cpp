// SPDX-License-Identifier: Apache-2.0
/// The fronts that stand before a store, and what each adds to the contract.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "atp/crypto/sha256.hpp"
#include "atp/storage/memory_store.hpp"
#include "atp/storage/prefix_store.hpp"
#include "atp/storage/read_only_store.hpp"
#include "atp/storage/retrying_store.hpp"
#include "conformance/object_store_contract.hpp"
#include "support/counting_store.hpp"
#include "support/error_kind.hpp"
#include "support/faulty_store.hpp"
#include "support/sequence_random.hpp"

namespace atp::test {
namespace {

using std::chrono::milliseconds;

std::shared_ptr<ObjectStore> in_a_part(std::shared_ptr<ManualClock> clock) {
  auto whole = memory_store(std::move(clock));
  put_object(*whole, "vaults/a", as_bytes("before"), {});
  put_object(*whole, "vaults/a-/k", as_bytes("before"), {});
  put_object(*whole, "vaults/a0", as_bytes("after"), {});
  return prefix_store(std::move(whole), "vaults/" + std::string(199, 'p') + "/");
}

std::shared_ptr<ObjectStore> asked_again(std::shared_ptr<ManualClock> clock) {
  return retrying_store(memory_store(std::move(clock)), std::make_shared<SequenceRandom>(),
                        [](milliseconds) {});
}

std::shared_ptr<ObjectStore> counted(std::shared_ptr<ManualClock> clock) {
  return std::make_shared<CountingStore>(memory_store(std::move(clock)));
}

INSTANTIATE_TEST_SUITE_P(Fronts, ObjectStoreContract,
                         ::testing::Values(StoreKind{"Prefix", in_a_part},
                                           StoreKind{"Retrying", asked_again},
                                           StoreKind{"Counting", counted}),
                         name_of_kind);

class Fronts : public ::testing::Test {
 protected:
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  std::shared_ptr<ObjectStore> inner = memory_store(clock);
};

class PrefixStore : public Fronts {};

TEST_F(PrefixStore, T070_SeesItsPartAlone) {
  for (const std::string key : {"a/k", "a-b/k", "a0", "b/k"}) {
    put_object(*inner, key, as_bytes(key), {});
  }
  const auto part = prefix_store(inner, "a/");
  put_object(*part, "a/k", as_bytes("new"), {});
  EXPECT_EQ(part->list("").keys, (std::vector<std::string>{"a/k", "k"}));
  EXPECT_EQ(part->list_folders("").folders, std::vector<std::string>{"a/"});
  EXPECT_EQ(part->stat("k")->key, "k");
  EXPECT_EQ(as_text(get_object(*inner, "a/a/k", 9)), "new");
  EXPECT_FALSE(part->stat("b/k"));
  EXPECT_EQ(error_kind([&] { part->get("../b/k"); }), ErrorKind::invalid_argument);
}

TEST_F(PrefixStore, RefusesWhatIsNoFolderAndWhatLeavesNoRoomForKeys) {
  const std::string longest = std::string(200, 'a') + "/" + std::string(200, 'b') + "/" +
                              std::string(kStoredKeyLimit - kKeyLimit - 403, 'c') + "/";
  EXPECT_EQ(longest.size(), kStoredKeyLimit - kKeyLimit);
  EXPECT_EQ(error_kind([&] { prefix_store(inner, longest); }), std::nullopt);
  for (const std::string& prefix : {std::string(), std::string("a"), std::string("/"),
                                    std::string("../"), std::string("a//"), "a" + longest}) {
    EXPECT_EQ(error_kind([&] { prefix_store(inner, prefix); }), ErrorKind::invalid_argument)
        << prefix;
  }
}

TEST_F(PrefixStore, TellsErrorsOfTheWholeAboutItsOwnKeys) {
  const auto faulty = std::make_shared<FaultyStore>(inner);
  const auto part = prefix_store(faulty, "p/");
  const auto failing = [&](const std::function<void()>& act) {
    faulty->fail_operation(
        1, Error(ErrorKind::unavailable, "any", "no answer", Error::Retry::temporary));
    try {
      act();
    } catch (const Error& error) {
      EXPECT_TRUE(error.temporary());
      EXPECT_THAT(error.message(), ::testing::HasSubstr("p/"));
      return error.subject();
    }
    return std::string("no error");
  };
  EXPECT_EQ(failing([&] { part->stat("k"); }), "k");
  EXPECT_EQ(failing([&] { part->list("a/"); }), "a/");
  EXPECT_EQ(failing([&] { part->list(""); }), part->describe());
}

TEST(ReadOnlyStore, ReadsAndRefusesToWriteWithoutAskingTheStore) {
  const auto clock = std::make_shared<ManualClock>();
  const auto counting = std::make_shared<CountingStore>(memory_store(clock));
  put_object(*counting, "a/k", as_bytes("text"), {});
  const auto store = read_only_store(counting);
  EXPECT_EQ(as_text(get_object(*store, "a/k", 9)), "text");
  EXPECT_EQ(store->stat("a/k")->size, 4U);
  EXPECT_EQ(store->list("").keys, std::vector<std::string>{"a/k"});
  EXPECT_EQ(store->list_folders("").folders, std::vector<std::string>{"a/"});
  counting->reset();
  const std::vector<std::function<void()>> writes{
      [&] { store->create("a/k", {}); }, [&] { store->create("a/new", {}); },
      [&] { store->remove("a/k"); }, [&] { store->extend_retention("a/k", Time::max()); },
      [&] { store->set_legal_hold("a/k", true); }};
  for (const auto& write : writes) {
    EXPECT_EQ(error_kind(write), ErrorKind::permission_denied);
    EXPECT_THAT(error_subject(write).value_or(""), ::testing::StartsWith("a/"));
  }
  EXPECT_EQ(error_kind([&] { store->remove("../k"); }), ErrorKind::invalid_argument);
  EXPECT_EQ(counting->total(), 0U);
}

class RetryingStore : public Fronts {
 protected:
  void fail(std::uint64_t times, Error::Retry retry = Error::Retry::temporary) {
    for (std::uint64_t i = 1; i <= times; ++i) {
      faulty->fail_operation(i, Error(ErrorKind::unavailable, "any", "busy", retry));
    }
  }

  std::shared_ptr<FaultyStore> faulty = std::make_shared<FaultyStore>(inner);
  std::vector<milliseconds> pauses;
  std::shared_ptr<ObjectStore> store = retrying_store(
      faulty, std::make_shared<SequenceRandom>(),
      [&](milliseconds pause) { pauses.push_back(pause); },
      {.attempts = 4, .first_pause = milliseconds(100), .longest_pause = milliseconds(300)});
};

TEST_F(RetryingStore, AsksAgainWhatMayBeAskedTwice) {
  put_object(*inner, "a/k", as_bytes("text"), {});
  const std::vector<std::function<void()>> calls{
      [&] { EXPECT_TRUE(store->stat("a/k")); },
      [&] { EXPECT_EQ(as_text(get_object(*store, "a/k", 9)), "text"); },
      [&] { EXPECT_EQ(store->list("").keys.size(), 1U); },
      [&] { EXPECT_EQ(store->list_folders("").folders.size(), 1U); },
      [&] { EXPECT_EQ(store->extend_retention("a/k", clock->now()), clock->now()); },
      [&] { store->set_legal_hold("a/k", false); },
      [&] { store->create("a/new", {})->commit(std::nullopt); }};
  for (const auto& call : calls) {
    fail(3);
    EXPECT_EQ(error_kind(call), std::nullopt);
    EXPECT_EQ(pauses.size(), 3U);
    pauses.clear();
  }
}

TEST_F(RetryingStore, GivesUpAfterItsAttemptsAndPausesNoLongerThanAgreed) {
  fail(4);
  EXPECT_EQ(error_kind([&] { store->stat("k"); }), ErrorKind::unavailable);
  EXPECT_EQ(faulty->operations(), 4U);
  ASSERT_EQ(pauses.size(), 3U);
  EXPECT_LE(pauses[0], milliseconds(100));
  EXPECT_LE(pauses[1], milliseconds(200));
  EXPECT_LE(pauses[2], milliseconds(300));
  EXPECT_NE(pauses[0] + pauses[1] + pauses[2], milliseconds(0));
}

TEST_F(RetryingStore, DoesNotAskAgainWhatWillFailAgain) {
  fail(1, Error::Retry::permanent);
  EXPECT_EQ(error_kind([&] { store->stat("k"); }), ErrorKind::unavailable);
  EXPECT_EQ(error_kind([&] { store->get("k"); }), ErrorKind::not_found);
  EXPECT_TRUE(pauses.empty());
}

TEST_F(RetryingStore, CommitsAndRemovesOnce) {
  const auto writer = store->create("k", {});
  fail(1);
  EXPECT_EQ(error_kind([&] { writer->commit(std::nullopt); }), ErrorKind::unavailable);
  put_object(*store, "k", as_bytes("text"), {});
  fail(1);
  EXPECT_EQ(error_kind([&] { store->remove("k"); }), ErrorKind::unavailable);
  EXPECT_TRUE(store->stat("k"));
  EXPECT_TRUE(pauses.empty());
}

TEST_F(RetryingStore, EndsWithWhatItsSleeperThrows) {
  const auto stopped = retrying_store(faulty, std::make_shared<SequenceRandom>(), [](milliseconds) {
    throw Error(ErrorKind::cancelled, "k", "stopped");
  });
  fail(1);
  EXPECT_EQ(error_kind([&] { stopped->stat("k"); }), ErrorKind::cancelled);
}

TEST_F(RetryingStore, RefusesOptionsThatAreNone) {
  for (const RetryOptions& options :
       {RetryOptions{.attempts = 0}, RetryOptions{.first_pause = milliseconds(-1)},
        RetryOptions{.longest_pause = std::chrono::hours(2)}}) {
    EXPECT_EQ(error_kind([&] {
                retrying_store(
                    faulty, std::make_shared<SequenceRandom>(), [](milliseconds) {}, options);
              }),
              ErrorKind::invalid_argument);
  }
}

TEST_F(RetryingStore, OpensASourceAgainUntilItsFirstByteWasRead) {
  put_object(*inner, "k", as_bytes("text"), {});
  const Error cut_off(ErrorKind::unavailable, "any", "cut off", Error::Retry::temporary);
  Bytes half(2);
  const auto source = store->get("k", {.offset = 1});
  faulty->fail_read(1, cut_off);
  EXPECT_EQ(source->read(half), 2U);
  EXPECT_EQ(as_text(half), "ex");
  EXPECT_EQ(pauses.size(), 1U);
  faulty->fail_read(1, cut_off);
  EXPECT_EQ(error_kind([&] { source->read(half); }), ErrorKind::unavailable);
  EXPECT_EQ(pauses.size(), 1U);
}

}  // namespace
}  // namespace atp::test
