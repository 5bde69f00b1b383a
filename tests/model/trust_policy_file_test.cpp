// SPDX-License-Identifier: Apache-2.0
#include "atp/model/trust_policy_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "atp/crypto/sha256.hpp"
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

/// With two witnesses and three approvers.
TrustPolicy full_policy() {
  TrustPolicy policy = sample_policy();
  std::uint64_t seed = 10;
  const auto add = [&](KeyRole role, const std::string& name) {
    policy.keys.push_back({test::ed25519_signer(seed++)->public_key(), role, {}, {}, name});
  };
  add(KeyRole::witness, "w1");
  add(KeyRole::witness, "w2");
  for (const char* name : {"alice", "bob", "carol"}) {
    add(KeyRole::approver, name);
    policy.approvals.approvers.push_back({name, {"owner"}});
  }
  policy.approvals.approvers[0].roles = {"dpo", "owner"};
  policy.approvals.rules = {{"halt.resolve", 2, {"dpo", "owner"}}};
  policy.witnesses = {.threshold = 2, .addresses = {{"w1", "https://w1.example/"}}};
  return policy;
}

std::string refused_with(const std::function<void(TrustPolicy&)>& change) {
  TrustPolicy policy = full_policy();
  change(policy);
  return refusal(ErrorKind::invalid_argument,
                 [&] { parse_trust_policy(print_trust_policy(policy)); });
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
}

TEST(TrustPolicyFile, T047_AKeyHasOneRole) {
  for (const KeyRole role : {KeyRole::ledger, KeyRole::witness, KeyRole::approver}) {
    TrustPolicy policy = full_policy();
    policy.keys.push_back(policy.keys[0]);
    policy.keys.back().role = role;
    policy.keys.back().name = role == KeyRole::witness ? "w1" : "alice";
    EXPECT_THAT(refused(print_trust_policy(policy)), HasSubstr("twice"));
  }
}

TEST(TrustPolicyFile, RefusesLedgerKeysThatAreNotEd25519) {
  TrustPolicy policy = sample_policy();
  policy.keys[2].role = KeyRole::ledger;
  EXPECT_THAT(refused(print_trust_policy(policy)), HasSubstr("Ed25519"));
}

TEST(TrustPolicyFile, ReadsWitnessesAndApprovalsBack) {
  const TrustPolicy policy = full_policy();
  const std::string text = print_trust_policy(policy);
  const TrustPolicy read = parse_trust_policy(text);
  EXPECT_EQ(print_trust_policy(read), text);
  EXPECT_EQ(read.keys[3].name, "w1");
  EXPECT_EQ(read.witnesses->threshold, 2U);
  EXPECT_EQ(read.witnesses->addresses.at(0).url, "https://w1.example/");
  EXPECT_EQ(read.approvals.find_approver("alice")->roles,
            (std::vector<std::string>{"dpo", "owner"}));
  EXPECT_EQ(read.approvals.find_rule("halt.resolve")->threshold, 2U);
  EXPECT_EQ(read.approvals.find_rule("purge"), nullptr);
  EXPECT_EQ(read.approvals.find_approver("Alice"), nullptr);
}

TEST(TrustPolicyFile, T062_UnknownMembersAreRefusedAtEveryDepth) {
  const Json json = parse_json(print_trust_policy(full_policy()));
  const auto extended = [&](auto&& member_of) {
    Json copy = json;
    member_of(copy.as_object()).as_object().emplace("comment", "x");
    return refused(copy.str());
  };
  EXPECT_THAT(extended([](Json::Object& file) -> Json& { return file.at("witnesses"); }),
              HasSubstr("unknown"));
  EXPECT_THAT(extended([](Json::Object& file) -> Json& { return file.at("approvals"); }),
              HasSubstr("unknown"));
  for (const char* list : {"approvers", "rules"}) {
    EXPECT_THAT(extended([&](Json::Object& file) -> Json& {
                  return file.at("approvals").as_object().at(list).as_array().at(0);
                }),
                HasSubstr("unknown"));
  }
}

TEST(TrustPolicyFile, T068_ThresholdsThatNobodyOrOnePersonMeetsAreRefused) {
  for (const std::uint64_t threshold : {0, 3}) {
    EXPECT_THAT(refused_with([&](TrustPolicy& p) { p.witnesses->threshold = threshold; }),
                HasSubstr("threshold"));
  }
  for (const std::uint64_t threshold : {0, 1, 4}) {
    EXPECT_THAT(refused_with([&](TrustPolicy& p) { p.approvals.rules[0].threshold = threshold; }),
                HasSubstr("threshold"));
  }
  for (const char* number : {"-1", "1.5", "\"2\"", "true", "null"}) {
    std::string text = print_trust_policy(full_policy());
    text.replace(text.rfind("\"threshold\":2") + 12, 1, number);
    EXPECT_NE(refused(text), "") << number;
  }
  EXPECT_NE(refused_with([](TrustPolicy& p) { p.witnesses.reset(); }), "");
}

TEST(TrustPolicyFile, T066_OnePersonHasOneSpelling) {
  for (const char* name :
       {"Alice", "ALICE", "alice ", " alice", "alice@bank.example", "alice+1", "\xEF\xBD\x81lice",
        "al\xC3\xAD"
        "ce",
        ""}) {
    const auto renamed = [&](TrustPolicy& policy) {
      policy.keys[5].name = name;
      policy.approvals.approvers[0].name = name;
    };
    EXPECT_NE(refused_with(renamed), "") << name;
  }
}

TEST(TrustPolicyFile, T066_OneKeyIsOnePersonAndAPersonStandsOnce) {
  EXPECT_THAT(refused_with([](TrustPolicy& p) { p.keys[6].key = p.keys[5].key; }),
              HasSubstr("twice"));
  EXPECT_THAT(refused_with([](TrustPolicy& p) { p.approvals.approvers[1].name = "alice"; }),
              HasSubstr("twice"));
  EXPECT_THAT(refused_with([](TrustPolicy& p) { p.approvals.approvers.pop_back(); }),
              HasSubstr("carol"));
  EXPECT_THAT(refused_with([](TrustPolicy& p) { p.keys.pop_back(); }), HasSubstr("carol"));
}

TEST(TrustPolicyFile, RefusesRulesThatNobodyCanMeet) {
  EXPECT_THAT(refused_with([](TrustPolicy& p) {
                p.approvals.rules[0].roles = {"ciso", "dpo"};
              }),
              HasSubstr("ciso"));
  EXPECT_NE(refused_with([](TrustPolicy& p) { p.approvals.rules[0].roles = {}; }), "");
  EXPECT_NE(refused_with([](TrustPolicy& p) { p.approvals.approvers[1].roles = {}; }), "");
  EXPECT_THAT(refused_with([](TrustPolicy& p) {
                p.approvals.approvers[1].roles = {"dpo", "owner", "legal"};
                p.approvals.rules[0].roles = {"dpo", "owner", "legal"};
              }),
              HasSubstr("no more roles than persons"));
  EXPECT_THAT(
      refused_with([](TrustPolicy& p) { p.approvals.rules.push_back(p.approvals.rules[0]); }),
      HasSubstr("twice"));
}

TEST(TrustPolicyFile, RefusesWitnessesThatCannotBeAsked) {
  for (const char* url : {"", "ftp://w1", "file:///etc/passwd", "https://a b", "w1.example"}) {
    EXPECT_NE(refused_with([&](TrustPolicy& p) { p.witnesses->addresses[0].url = url; }), "")
        << url;
  }
  EXPECT_THAT(refused_with([](TrustPolicy& p) { p.witnesses->addresses[0].name = "w9"; }),
              HasSubstr("w9"));
  EXPECT_NE(refused_with([](TrustPolicy& p) { p.keys[3].name = "w 1"; }), "");
  EXPECT_THAT(refused_with([](TrustPolicy& p) {
                p.keys[3].key = es256_key();
                p.keys.erase(p.keys.begin() + 2);
              }),
              HasSubstr("Ed25519"));
}

TEST(TrustPolicyFile, T048_KeysOfLowOrderAreRefusedInEveryRole) {
  for (const std::size_t index : {0, 1, 3, 5}) {
    Json json = parse_json(print_trust_policy(full_policy()));
    Json::Object& key = json.as_object().at("keys").as_array().at(index).as_object();
    Bytes spki = *from_base64(key.at("publicKey").as_string());
    std::fill(spki.end() - 32, spki.end(), std::byte{0});
    key.at("publicKey") = to_base64(spki);
    key.at("keyId") = sha256(spki).hex();
    EXPECT_THAT(refused(json.str()), HasSubstr("prime order")) << index;
  }
}

TEST(TrustPolicyFile, RefusesKeysThatAreNeverValid) {
  TrustPolicy policy = sample_policy();
  policy.keys[0].not_after = policy.keys[0].not_before;
  EXPECT_THAT(refused(print_trust_policy(policy)), HasSubstr("notBefore"));
}

}  // namespace
}  // namespace atp
