// SPDX-License-Identifier: Apache-2.0
#include "atp/crypto/trust_policy.hpp"

#include "crypto/vectors.hpp"

namespace atp {
namespace {

using std::chrono::seconds;

PublicKey fresh_key() {
  SystemRandom random;
  return signer_from_pem(generate_ed25519_pem(random))->public_key();
}

Time at(int second) { return Time(seconds(second)); }

TrustPolicy policy_of(std::vector<TrustedKey> keys) {
  return {.vault_id = std::string(32, '0'), .domain = "vault.invalid", .keys = std::move(keys)};
}

TrustedKey trusted(PublicKey key, KeyRole role, std::optional<Time> from = {},
                   std::optional<Time> to = {}) {
  return {.key = std::move(key), .role = role, .not_before = from, .not_after = to};
}

TEST(TrustPolicy, FindsAKeyInItsRoleOnly) {
  const PublicKey key = fresh_key();
  const TrustPolicy policy = policy_of({trusted(key, KeyRole::document)});
  ASSERT_NE(policy.find(key.id(), KeyRole::document, at(0)), nullptr);
  EXPECT_EQ(policy.find(key.id(), KeyRole::document, at(0))->key, key);
  EXPECT_EQ(policy.find(key.id(), KeyRole::ledger, at(0)), nullptr);
  EXPECT_EQ(policy.find(fresh_key().id(), KeyRole::document, at(0)), nullptr);
}

TEST(TrustPolicy, FindsAKeyFromItsFirstInstantToBeforeItsLast) {
  const PublicKey key = fresh_key();
  const TrustPolicy policy = policy_of({trusted(key, KeyRole::document, at(10), at(20))});
  const auto found = [&](Time time) {
    return policy.find(key.id(), KeyRole::document, time) != nullptr;
  };
  EXPECT_FALSE(found(at(10) - std::chrono::nanoseconds(1)));
  EXPECT_TRUE(found(at(10)));
  EXPECT_TRUE(found(at(20) - std::chrono::nanoseconds(1)));
  EXPECT_FALSE(found(at(20)));
}

TEST(TrustPolicy, FindsAKeyThatIsListedForTwoPeriods) {
  const PublicKey key = fresh_key();
  const TrustPolicy policy = policy_of(
      {trusted(key, KeyRole::document, {}, at(10)), trusted(key, KeyRole::document, at(20))});
  EXPECT_NE(policy.find(key.id(), KeyRole::document, at(5)), nullptr);
  EXPECT_EQ(policy.find(key.id(), KeyRole::document, at(15)), nullptr);
  EXPECT_NE(policy.find(key.id(), KeyRole::document, at(25)), nullptr);
}

TEST(TrustPolicy, ListsTheKeysOfARole) {
  const PublicKey document = fresh_key();
  const PublicKey ledger = fresh_key();
  const TrustPolicy policy =
      policy_of({trusted(document, KeyRole::document), trusted(ledger, KeyRole::ledger)});
  EXPECT_EQ(policy.keys_of(KeyRole::document), std::vector<PublicKey>{document});
  EXPECT_EQ(policy.keys_of(KeyRole::ledger), std::vector<PublicKey>{ledger});
}

TEST(TrustPolicy, ListsTheKeysThatCanHaveSignedAfterAnInstant) {
  const PublicKey ended = fresh_key();
  const PublicKey lasting = fresh_key();
  const TrustPolicy policy = policy_of(
      {trusted(ended, KeyRole::ledger, {}, at(10)), trusted(lasting, KeyRole::ledger, at(5))});
  EXPECT_EQ(policy.keys_of(KeyRole::ledger, at(9)), (std::vector<PublicKey>{ended, lasting}));
  EXPECT_EQ(policy.keys_of(KeyRole::ledger, at(10)), std::vector<PublicKey>{lasting});
}

}  // namespace
}  // namespace atp
