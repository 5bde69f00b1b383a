// SPDX-License-Identifier: Apache-2.0
/// What every store does. A driver's test includes this file and instantiates `ObjectStoreContract`
/// with a way to make empty stores of its kind.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "atp/crypto/sha256.hpp"
#include "atp/storage/object_store.hpp"
#include "support/error_kind.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"

namespace atp::test {

struct StoreKind {
  std::string name;
  /// An empty store that reads this clock. What it needs lives as long as the store.
  std::function<std::shared_ptr<ObjectStore>(std::shared_ptr<ManualClock>)> make = {};
};

inline std::string name_of_kind(const ::testing::TestParamInfo<StoreKind>& info) {
  return info.param.name;
}

class ObjectStoreContract : public ::testing::TestWithParam<StoreKind> {
 protected:
  void put(const std::string& key, std::string_view text = "text", const PutOptions& options = {}) {
    put_object(*store, key, as_bytes(text), options);
  }
  std::string get(const std::string& key, const ByteRange& range = {}) {
    const auto source = store->get(key, range);
    return std::string(as_text(read_all(*source, 1 << 24)));
  }
  std::vector<std::string> keys(const std::string& prefix = {}) {
    std::vector<std::string> found = {};
    for_each_key(*store, prefix, [&](const std::string& key) { found.push_back(key); });
    return found;
  }
  std::optional<ErrorKind> removal(const std::string& key) {
    return error_kind([&] { store->remove(key); });
  }

  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  std::shared_ptr<ObjectStore> store = GetParam().make(clock);
  const Time later = clock->now() + std::chrono::hours(24);
};

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

TEST_P(ObjectStoreContract, ListsInTheOrderOfBytesAcrossFolders) {
  const std::vector<std::string> sorted{"A",     "a-b",   "a-b-c/x", "a.b", "a/A", "a/a-b", "a/a/z",
                                        "a/b.c", "a/b/c", "a0",      "a=",  "a_b", "aa/b",  "b"};
  ASSERT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
  for (auto key = sorted.rbegin(); key != sorted.rend(); ++key) put(*key);
  EXPECT_EQ(keys(), sorted);
  for (std::size_t limit = 1; limit <= sorted.size() + 1; ++limit) {
    std::vector<std::string> found = {};
    ListPageOfKeys page = store->list("", "", limit);
    for (;;) {
      EXPECT_LE(page.keys.size(), limit);
      found.insert(found.end(), page.keys.begin(), page.keys.end());
      if (!page.next) break;
      EXPECT_EQ(page.keys.size(), limit);
      page = store->list("", *page.next, limit);
    }
    EXPECT_EQ(found, sorted) << "pages of " << limit;
  }
}

TEST_P(ObjectStoreContract, ListsWhatComesAfterAnyText) {
  for (const std::string key : {"a/1", "a/2", "a/3/x", "b"}) put(key);
  const auto after = [&](const std::string& text) { return store->list("", text).keys; };
  EXPECT_EQ(after("a/"), (std::vector<std::string>{"a/1", "a/2", "a/3/x", "b"}));
  EXPECT_EQ(after("a/2"), (std::vector<std::string>{"a/3/x", "b"}));
  EXPECT_EQ(after("a/3"), (std::vector<std::string>{"a/3/x", "b"}));
  EXPECT_EQ(after("a/3/y"), (std::vector<std::string>{"b"}));
  EXPECT_EQ(after("a0"), (std::vector<std::string>{"b"}));
  EXPECT_EQ(after("../\xff").size(), 4U);
  EXPECT_TRUE(after("b").empty());
  EXPECT_EQ(store->list("a/", "0").keys, (std::vector<std::string>{"a/1", "a/2", "a/3/x"}));
  EXPECT_TRUE(store->list("a/", "b").keys.empty());
  EXPECT_TRUE(store->list("b/").keys.empty());
}

TEST_P(ObjectStoreContract, ListingsSayOfAnObjectWhatStatSaysOrNothing) {
  put("a/k", "12345", {.retain_until = later});
  put("b", "", {.legal_hold = true});
  const ListPageOfKeys page = store->list("");
  EXPECT_TRUE(page.foreign.empty());
  if (page.infos.empty()) return;
  ASSERT_EQ(page.infos.size(), page.keys.size());
  for (std::size_t i = 0; i < page.keys.size(); ++i) {
    const auto info = store->stat(page.keys[i]);
    ASSERT_TRUE(info);
    EXPECT_EQ(page.infos[i].size.value_or(info->size), info->size);
    EXPECT_EQ(page.infos[i].immutability.value_or(info->immutability), info->immutability);
  }
}

TEST_P(ObjectStoreContract, ListsTheFoldersDirectlyUnderAPrefix) {
  for (const std::string key :
       {"a", "b-c/1", "b/1", "b/2/x", "b/3", "b/4/x/y", "b/4/z", "b0", "c"}) {
    put(key);
  }
  const auto folders = [&](const std::string& prefix, const std::string& after = {}) {
    return store->list_folders(prefix, after).folders;
  };
  EXPECT_EQ(folders(""), (std::vector<std::string>{"b-c/", "b/"}));
  EXPECT_EQ(folders("b/"), (std::vector<std::string>{"b/2/", "b/4/"}));
  EXPECT_EQ(folders("", "b-c/"), std::vector<std::string>{"b/"});
  EXPECT_EQ(folders("", "b/1"), std::vector<std::string>{});
  EXPECT_EQ(folders("b/", "a"), (std::vector<std::string>{"b/2/", "b/4/"}));
  EXPECT_EQ(folders("b/", "b/2"), (std::vector<std::string>{"b/2/", "b/4/"}));
  EXPECT_EQ(folders("b/", "b/2/w"), std::vector<std::string>{"b/4/"});
  EXPECT_EQ(folders("b/", "c"), std::vector<std::string>{});
  EXPECT_EQ(folders("none/"), std::vector<std::string>{});
  EXPECT_EQ(error_kind([&] { folders("b"); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { store->list_folders("", "", 0); }), ErrorKind::invalid_argument);
}

TEST_P(ObjectStoreContract, ListsFoldersInPages) {
  const std::vector<std::string> sorted{"A/", "a-b/", "a.b/", "a/", "a0/", "a=/", "b/"};
  for (const std::string& folder : sorted) {
    for (const std::string key : {"1", "2", "3/x"}) put("p/" + folder + key);
  }
  for (std::size_t limit = 1; limit <= sorted.size() + 1; ++limit) {
    std::vector<std::string> found = {};
    FolderPage page = store->list_folders("p/", "", limit);
    for (;;) {
      EXPECT_LE(page.folders.size(), limit);
      for (const std::string& folder : page.folders) found.push_back(folder.substr(2));
      if (!page.next) break;
      page = store->list_folders("p/", *page.next, limit);
    }
    EXPECT_EQ(found, sorted) << "pages of " << limit;
  }
  std::vector<std::string> names = {};
  for_each_folder(*store, "p/", [&](const std::string& name) { names.push_back(name + "/"); });
  EXPECT_EQ(names, sorted);
}

TEST_P(ObjectStoreContract, RefusesListingsThatAreNone) {
  EXPECT_EQ(error_kind([&] { store->list("a", "", 1); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { store->list("/", "", 1); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { store->list("../", "", 1); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { store->list("a//", "", 1); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { store->list("", "", 0); }), ErrorKind::invalid_argument);
}

TEST_P(ObjectStoreContract, T070_PrefixesAreWholeElements) {
  const std::vector<std::string> tenants{"A", "a", "a-b", "a=2Fb", "a.b"};
  for (const std::string& tenant : tenants) {
    put("segments/" + tenant + "/s/1", tenant);
    put("segments/" + tenant + "/t", tenant);
  }
  for (const std::string& tenant : tenants) {
    const std::string prefix = "segments/" + tenant + "/";
    EXPECT_EQ(keys(prefix), (std::vector<std::string>{prefix + "s/1", prefix + "t"}));
  }
  const std::vector<std::string> of_a = keys("segments/a/");
  ASSERT_FALSE(of_a.empty());
  for (const std::string& key : of_a) store->remove(key);
  EXPECT_TRUE(keys("segments/a/").empty());
  EXPECT_EQ(keys("segments/").size(), 2 * tenants.size() - 2);
  for (const std::string tenant : {"A", "a-b", "a=2Fb", "a.b"}) {
    EXPECT_EQ(get("segments/" + tenant + "/t"), tenant);
  }
}

TEST_P(ObjectStoreContract, T033_HostileKeysAreRefusedByEveryCall) {
  const std::vector<std::string> hostile{"",
                                         "/",
                                         "/a",
                                         "a/",
                                         "a//b",
                                         ".",
                                         "..",
                                         "a/..",
                                         "../a",
                                         "a/./b",
                                         ".hidden",
                                         "a/.tmp",
                                         "a b",
                                         "a%2fb",
                                         "a\\b",
                                         "a:b",
                                         "a\nb",
                                         "k\xc3\xa9",
                                         "a~1",
                                         "*",
                                         "CON?",
                                         "a+b",
                                         "\xff",
                                         std::string("a\0b", 3),
                                         "a/\x7f",
                                         ".lock",
                                         ".tmp/x",
                                         "https://x/y",
                                         "a/.k.retention",
                                         std::string(201, 'a'),
                                         std::string(100, 'a') + "/" + std::string(201, 'b')};
  for (const std::string& key : hostile) {
    const auto refused = ErrorKind::invalid_argument;
    EXPECT_EQ(error_kind([&] { check_key(key); }), refused) << key;
    EXPECT_EQ(error_kind([&] { store->create(key, {}); }), refused) << key;
    EXPECT_EQ(error_kind([&] { store->get(key); }), refused) << key;
    EXPECT_EQ(error_kind([&] { store->stat(key); }), refused) << key;
    EXPECT_EQ(removal(key), refused) << key;
    EXPECT_EQ(error_kind([&] { store->extend_retention(key, later); }), refused) << key;
    EXPECT_EQ(error_kind([&] { store->set_legal_hold(key, true); }), refused) << key;
  }
  EXPECT_TRUE(keys().empty());
}

TEST_P(ObjectStoreContract, T033_KeysAsLongAsTheyMayBeAreTakenAndLongerThanAnyPrefixAreNot) {
  const std::string key =
      std::string(200, 'a') + "/" + std::string(200, 'b') + "/" + std::string(kKeyLimit - 402, 'c');
  ASSERT_EQ(key.size(), kKeyLimit);
  put(key, "long");
  EXPECT_EQ(get(key), "long");
  EXPECT_EQ(keys(), std::vector<std::string>{key});
  std::string longer = key;
  while (longer.size() <= kStoredKeyLimit) longer += "/d";
  EXPECT_EQ(error_kind([&] { put(longer); }), ErrorKind::invalid_argument);
  EXPECT_EQ(keys(), std::vector<std::string>{key});
}

TEST_P(ObjectStoreContract, TheSubjectOfAnErrorAboutAnObjectIsItsKey) {
  put("a/taken", "text", {.retain_until = later});
  put("a/held", "text", {.legal_hold = true});
  const std::vector<std::pair<std::string, std::function<void()>>> failing{
      {"a/none", [&] { store->get("a/none"); }},
      {"a/none", [&] { store->remove("a/none"); }},
      {"a/none", [&] { store->extend_retention("a/none", later); }},
      {"a/none", [&] { store->set_legal_hold("a/none", true); }},
      {"a/taken", [&] { put("a/taken"); }},
      {"a/taken", [&] { store->remove("a/taken"); }},
      {"a/held", [&] { store->remove("a/held"); }},
      {"a/taken/b", [&] { put("a/taken/b"); }},
      {"a", [&] { put("a"); }},
      {"a b", [&] { store->stat("a b"); }},
      {"a/.b", [&] { store->create("a/.b", {}); }},
  };
  for (const auto& [key, act] : failing) EXPECT_EQ(error_subject(act), key);
}

TEST_P(ObjectStoreContract, TheSubjectOfAWritersErrorIsItsKey) {
  const auto other = store->create("a/k", {});
  const auto writer = store->create("a/k", {});
  EXPECT_EQ(error_subject([&] { other->commit(sha256(as_bytes("others"))); }), "a/k");
  EXPECT_EQ(error_subject([&] { other->write(as_bytes("x")); }), "a/k");
  EXPECT_EQ(error_subject([&] { other->commit(std::nullopt); }), "a/k");
  put("a/k");
  EXPECT_EQ(error_subject([&] { writer->commit(std::nullopt); }), "a/k");
}

TEST_P(ObjectStoreContract, T033_KeysThatDifferInCaseAreDifferentObjects) {
  put("tenant/K", "upper");
  put("tenant/k", "lower");
  EXPECT_EQ(get("tenant/K"), "upper");
  EXPECT_EQ(get("tenant/k"), "lower");
}

TEST_P(ObjectStoreContract, AnObjectIsNotAlsoAFolder) {
  put("a/b");
  EXPECT_EQ(error_kind([&] { put("a/b/c"); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { put("a"); }), ErrorKind::invalid_argument);
  EXPECT_EQ(keys(), std::vector<std::string>{"a/b"});
}

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

TEST_P(ObjectStoreContract, SourcesGoOnReadingAfterARemoval) {
  put("k", "still here");
  const auto source = store->get("k");
  store->remove("k");
  EXPECT_EQ(as_text(read_all(*source, 100)), "still here");
}

}  // namespace atp::test
