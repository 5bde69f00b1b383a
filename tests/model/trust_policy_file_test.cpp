// SPDX-License-Identifier: Apache-2.0
#include "atp/model/trust_policy_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/signing.hpp"

namespace atp {
namespace {

using test::refusal;
using test::time_of;
using testing::HasSubstr;

/// A P-256 SubjectPublicKeyInfo, made for this test.
PublicKey es256_key() {
  return PublicKey::from_spki(
      *from_base64("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEpGffB4rSDUB5iGOWSFIFGsBugsN5cvTvy3fOTZ4u3qM"
                   "6RvpAI5pGsN7y1GCloADUTi93TOmUoWTocIXc5c1PXg=="));
}

TrustPolicy sample_policy() {
  TrustPolicy policy = test::trust_in(
      {test::ed25519_signer(1)->public_key(), test::ed25519_signer(2)->public_key(), es256_key()});
  policy.keys[0].not_before = time_of("2026-01-01T00:00:00Z");
  policy.keys[0].not_after = time_of("2027-01-01T00:00:00Z");
  policy.keys[1].role = KeyRole::ledger;
  return policy;
}

std::string refused(const std::string& text) {
  return refusal(ErrorKind::invalid_argument, [&] { parse_trust_policy(text); });
}

std::string changed(const std::function<void(Json::Object&)>& change) {
  Json json = parse_json(print_trust_policy(sample_policy()));
  change(json.as_object());
  return json.str();
}

std::string changed_key(std::size_t index, const std::function<void(Json::Object&)>& change) {
  return changed(
      [&](Json::Object& file) { change(file.at("keys").as_array().at(index).as_object()); });
}

TEST(TrustPolicyFile, ReadsBackWhatItPrints) {
  const TrustPolicy policy = sample_policy();
  const std::string text = print_trust_policy(policy);
  EXPECT_EQ(text.back(), '\n');
  const TrustPolicy read = parse_trust_policy(text);
  EXPECT_EQ(print_trust_policy(read), text);
  EXPECT_EQ(read.vault_id, policy.vault_id);
  EXPECT_EQ(read.domain, policy.domain);
  ASSERT_EQ(read.keys.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(read.keys[i].key, policy.keys[i].key);
    EXPECT_EQ(read.keys[i].role, policy.keys[i].role);
    EXPECT_EQ(read.keys[i].not_before, policy.keys[i].not_before);
    EXPECT_EQ(read.keys[i].not_after, policy.keys[i].not_after);
  }
  EXPECT_EQ(read.keys[2].key.algorithm(), KeyAlgorithm::es256);
}

TEST(TrustPolicyFile, AcceptsAnyLayout) {
  std::string text = print_trust_policy(sample_policy());
  text.insert(1, "\n  ");
  text.insert(0, "\n");
  EXPECT_EQ(parse_trust_policy(text).keys.size(), 3U);
}

TEST(TrustPolicyFile, T062_AnUnknownOrMistypedMemberIsRefused) {
  EXPECT_THAT(refused(changed([](Json::Object& file) { file.emplace("Keys", Json::Array()); })),
              HasSubstr("`Keys`: unknown"));
  for (const char* name : {"notafter", "not_after", "expires", "roles", "comment"}) {
    EXPECT_THAT(refused(changed_key(1, [&](Json::Object& key) { key.emplace(name, "x"); })),
                HasSubstr("unknown"))
        << name;
  }
}

TEST(TrustPolicyFile, T062_EveryMemberIsNeeded) {
  const Json json = parse_json(print_trust_policy(sample_policy()));
  for (const auto& [name, value] : json.as_object()) {
    EXPECT_NE(refused(changed([&, &name = name](Json::Object& file) { file.erase(name); })), "")
        << name;
    EXPECT_NE(refused(changed([&, &name = name](Json::Object& file) { file.at(name) = nullptr; })),
              "")
        << name;
  }
  for (const char* name : {"algorithm", "keyId", "publicKey", "role"}) {
    EXPECT_NE(refused(changed_key(1, [&](Json::Object& key) { key.erase(name); })), "") << name;
  }
  for (const char* name : {"algorithm", "keyId", "publicKey", "role", "notBefore", "notAfter"}) {
    EXPECT_NE(refused(changed_key(0, [&](Json::Object& key) { key.at(name) = nullptr; })), "")
        << name;
  }
}

TEST(TrustPolicyFile, T054_WhatIsNotAStrictPolicyIsRefused) {
  for (const char* text : {"", "[]", "{}", "null", "{\"keys\":[],\"keys\":[]}"}) {
    EXPECT_NE(refused(text), "") << text;
  }
  std::string twice = print_trust_policy(sample_policy());
  twice.insert(1, R"("type":"trustPolicy",)");
  EXPECT_THAT(refused(twice), HasSubstr("each key once"));
}

TEST(TrustPolicyFile, RefusesAnotherKindOfFile) {
  EXPECT_NE(refused(changed([](Json::Object& file) { file.at("type") = "policy"; })), "");
  EXPECT_NE(refused(changed([](Json::Object& file) { file.at("formatVersion") = 0; })), "");
  EXPECT_NE(refused(changed([](Json::Object& file) { file.at("vaultId") = "00"; })), "");
  EXPECT_NE(refused(changed([](Json::Object& file) { file.at("domain") = "a b"; })), "");
  EXPECT_NE(refused(changed([](Json::Object& file) { file.at("domain") = ""; })), "");
  const std::string later = changed([](Json::Object& file) {
    file.at("formatVersion") = 2;
    file.emplace("thresholds", 1);
  });
  EXPECT_THAT(refusal(ErrorKind::unsupported, [&] { parse_trust_policy(later); }),
              HasSubstr("found 2"));
}

TEST(TrustPolicyFile, RefusesKeysThatAreNotWhatTheySay) {
  const std::string other_id = es256_key().id();
  EXPECT_THAT(refused(changed_key(0, [&](Json::Object& key) { key.at("keyId") = other_id; })),
              HasSubstr("keyId"));
  EXPECT_THAT(refused(changed_key(0, [](Json::Object& key) { key.at("algorithm") = "ES256"; })),
              HasSubstr("algorithm"));
  EXPECT_THAT(refused(changed_key(0, [](Json::Object& key) { key.at("role") = "signer"; })),
              HasSubstr("role"));
  EXPECT_NE(refused(changed_key(0, [](Json::Object& key) { key.at("publicKey") = "AAAA"; })), "");
  EXPECT_NE(refused(changed_key(0, [](Json::Object& key) { key.at("publicKey") = "?"; })), "");
  EXPECT_NE(refused(changed_key(0, [](Json::Object& key) { key.at("notAfter") = "2027-01-01"; })),
            "");
}

TEST(TrustPolicyFile, RefusesNoKeysAndKeysTwiceInARole) {
  EXPECT_THAT(refused(changed([](Json::Object& file) { file.at("keys") = Json::Array(); })),
              HasSubstr("found none"));
  TrustPolicy policy = sample_policy();
  policy.keys.push_back(policy.keys[0]);
  policy.keys.back().not_before.reset();
  EXPECT_THAT(refused(print_trust_policy(policy)), HasSubstr("twice"));
  policy.keys.back().role = KeyRole::ledger;
  EXPECT_EQ(parse_trust_policy(print_trust_policy(policy)).keys.size(), 4U);
}

TEST(TrustPolicyFile, RefusesLedgerKeysThatAreNotEd25519) {
  TrustPolicy policy = sample_policy();
  policy.keys[2].role = KeyRole::ledger;
  EXPECT_THAT(refused(print_trust_policy(policy)), HasSubstr("Ed25519"));
}

TEST(TrustPolicyFile, RefusesKeysThatAreNeverValid) {
  TrustPolicy policy = sample_policy();
  policy.keys[0].not_after = policy.keys[0].not_before;
  EXPECT_THAT(refused(print_trust_policy(policy)), HasSubstr("notBefore"));
}

}  // namespace
}  // namespace atp
