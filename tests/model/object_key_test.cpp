// SPDX-License-Identifier: Apache-2.0
#include "atp/model/object_key.hpp"

#include <gtest/gtest.h>

#include <string>

namespace atp {
namespace {

TEST(ObjectKey, AcceptsTheKeysOfTheLayout) {
  for (const char* key :
       {"vault.json", "a", "segments/acme-corp/default/0001.0123456789abcdef.jsonl.zst.age",
        "keys/t=41/202611/00000000000000000000.json", "A_b-c=2E.d/e"}) {
    EXPECT_TRUE(is_key(key)) << key;
  }
}

TEST(ObjectKey, T031_AnythingThatCouldLeadElsewhereIsRefused) {
  for (const char* key : {"",
                          "/",
                          "/a",
                          "a/",
                          "a//b",
                          "//host/share",
                          ".",
                          "..",
                          "../a",
                          "a/../b",
                          "a/..",
                          "./a",
                          "a/.hidden",
                          "file:///etc/passwd",
                          "https://169.254.169.254/latest",
                          "a:b",
                          "C:\\a",
                          "a\\b",
                          "a b",
                          "a%2e",
                          "a?x=1",
                          "a#b",
                          "a\tb",
                          "a\nb",
                          "\x7f",
                          "gr\xc3\xb6\xc3\x9f"
                          "e",
                          "~a/$b"}) {
    EXPECT_FALSE(is_key(key)) << key;
  }
  EXPECT_FALSE(is_key(std::string_view("a\0b", 3)));
}

TEST(ObjectKey, LimitsElementsTo200BytesAndTheWholeTo512) {
  EXPECT_TRUE(is_key(std::string(200, 'a') + "/b"));
  EXPECT_FALSE(is_key(std::string(201, 'a') + "/b"));
  EXPECT_FALSE(is_key("b/" + std::string(201, 'a')));
  std::string key = std::string(199, 'a');
  key += "/" + key + "/" + std::string(112, 'a');
  EXPECT_EQ(key.size(), kKeyLimit);
  EXPECT_TRUE(is_key(key));
  EXPECT_FALSE(is_key(key + "b"));
}

TEST(ObjectKey, AStoredKeyMayHaveAPrefixAndEndsAt1000Bytes) {
  std::string key = std::string(199, 'a');
  for (int i = 0; i < 4; ++i) key += "/" + std::string(199, 'a');
  EXPECT_EQ(key.size(), 999U);
  EXPECT_FALSE(is_key(key));
  EXPECT_TRUE(is_stored_key(key));
  EXPECT_TRUE(is_stored_key(key + "b"));
  EXPECT_FALSE(is_stored_key(key + "bc"));
  EXPECT_FALSE(is_stored_key(std::string(300, 'a') + "//b"));
}

TEST(ObjectKey, AnElementHasNoSlash) {
  EXPECT_TRUE(is_key_element("RP-20261123T075629Z-westeurope-acme-corp.k3v9qd2m"));
  EXPECT_FALSE(is_key_element("a/b"));
}

}  // namespace
}  // namespace atp
