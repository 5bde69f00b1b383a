// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "conformance/object_store_contract.hpp"
#include "support/error_kind.hpp"

namespace atp::test {
namespace {

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

}  // namespace
}  // namespace atp::test
