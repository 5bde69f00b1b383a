// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <utility>

#include "atp/crypto/sha256.hpp"
#include "conformance/object_store_contract.hpp"
#include "support/error_kind.hpp"

namespace atp::test {
namespace {

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
  // Others may have put what stands in its way since the writer was made.
  const auto over = store->create("c", {});
  const auto below = store->create("d/e", {});
  put("c/x");
  put("d");
  for (const auto& writer : {over.get(), below.get()}) {
    EXPECT_EQ(error_kind([&] { writer->commit(std::nullopt); }), ErrorKind::invalid_argument);
  }
  EXPECT_EQ(keys(), (std::vector<std::string>{"a/b", "c/x", "d"}));
}

}  // namespace
}  // namespace atp::test
