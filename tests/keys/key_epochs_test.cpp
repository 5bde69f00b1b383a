// SPDX-License-Identifier: Apache-2.0
#include "atp/keys/key_epochs.hpp"

#include <gtest/gtest.h>

#include "atp/crypto/sha256.hpp"
#include "atp/storage/layout.hpp"
#include "atp/storage/memory_store.hpp"
#include "support/error_kind.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"

namespace atp {
namespace {

using test::error_kind;

class KeyEpochsTest : public testing::Test {
 protected:
  KeyEpochsTest() {
    identities_.push_back(age::Identity::generate(random_));
    trust_ = {.vault_id = std::string(32, 'a'),
              .domain = "bank.example",
              .keys = {{signer_->public_key(), KeyRole::document, {}, {}}}};
  }

  static std::shared_ptr<const Signer> make_signer() {
    test::SequenceRandom random(1);
    return signer_from_pem(generate_ed25519_pem(random));
  }

  /// Puts a wrap of `identity` and its document.
  KeyEpoch put(const std::string& epoch, std::uint64_t index, const age::Identity& identity,
               const std::optional<age::Recipient>& recipient = {}) {
    const std::vector<age::Recipient> to{identities_.front().recipient()};
    const Bytes wrap = age::encrypt(identity.file().view(), to, random_);
    const std::string wrap_key = layout::key_wrap(tenant_, epoch, random_hex(random_, 8));
    put_object(*store_, wrap_key, wrap, {});
    const KeyEpoch document{.header = {.vault_id = trust_.vault_id,
                                       .tenant = tenant_,
                                       .nonce = random_hex(random_, 16),
                                       .created_at = clock_->now()},
                            .epoch = epoch,
                            .index = index,
                            .recipient = recipient.value_or(identity.recipient()).str(),
                            .wrap_key = wrap_key,
                            .wrap_sha256 = sha256(wrap)};
    put_object(*store_, layout::key_epoch_document(tenant_, epoch, index),
               as_bytes(sign_document(document, *signer_)), {});
    return document;
  }

  KeyEpochs read() { return read_key_epochs(*store_, &trust_, tenant_); }

  const TenantId tenant_{"acme"};
  const std::shared_ptr<test::ManualClock> clock_ = std::make_shared<test::ManualClock>();
  test::SequenceRandom random_{3};
  const std::shared_ptr<ObjectStore> store_ = memory_store(clock_);
  const std::shared_ptr<const Signer> signer_ = make_signer();
  std::vector<age::Identity> identities_;
  TrustPolicy trust_;
};

TEST_F(KeyEpochsTest, AnEpochIsAMonthOfTheClock) {
  EXPECT_EQ(epoch_name(*parse_time("2026-11-30T23:59:59.999999999Z")), "202611");
  EXPECT_EQ(epoch_name(*parse_time("2026-12-01T00:00:00Z")), "202612");
}

TEST_F(KeyEpochsTest, EveryEpochOpensWithTheVaultsIdentity) {
  const age::Identity november = age::Identity::generate(random_);
  const age::Identity december = age::Identity::generate(random_);
  put("202611", 0, november);
  put("202611", 1, november);
  put("202612", 0, december);
  const KeyEpochs epochs = read();
  EXPECT_TRUE(epochs.problems.empty());
  const auto opened = open_key_epochs(*store_, epochs, identities_);
  ASSERT_EQ(opened.size(), 2u);
  EXPECT_EQ(opened[0].recipient(), november.recipient());
  EXPECT_EQ(opened[1].recipient(), december.recipient());
}

TEST_F(KeyEpochsTest, AForeignIdentityOpensNothing) {
  put("202611", 0, age::Identity::generate(random_));
  std::vector<age::Identity> strangers;
  strangers.push_back(age::Identity::generate(random_));
  const KeyEpochs epochs = read();
  EXPECT_EQ(error_kind([&] { open_key_epochs(*store_, epochs, strangers); }),
            ErrorKind::unauthenticated);
}

TEST_F(KeyEpochsTest, T041_AWrapOfAnotherIdentityIsCorrupt) {
  put("202611", 0, age::Identity::generate(random_), age::Identity::generate(random_).recipient());
  const KeyEpochs epochs = read();
  EXPECT_EQ(error_kind([&] { open_key_epochs(*store_, epochs, identities_); }), ErrorKind::corrupt);
}

TEST_F(KeyEpochsTest, ADamagedOrMissingWrapIsAProblem) {
  const KeyEpoch epoch = put("202611", 0, age::Identity::generate(random_));
  Bytes wrap = get_object(*store_, epoch.wrap_key, 10000);
  store_->remove(epoch.wrap_key);
  EXPECT_EQ(read().problems.size(), 1u);
  wrap.back() ^= std::byte{1};
  put_object(*store_, epoch.wrap_key, wrap, {});
  ASSERT_EQ(read().problems.size(), 1u);
  EXPECT_EQ(read().problems.front().subject, epoch.wrap_key);
}

TEST_F(KeyEpochsTest, ARotationKeepsTheRecipient) {
  put("202611", 0, age::Identity::generate(random_));
  put("202611", 1, age::Identity::generate(random_));
  EXPECT_EQ(read().problems.size(), 1u);
}

TEST_F(KeyEpochsTest, AMissingFirstDocumentIsAProblem) {
  put("202611", 1, age::Identity::generate(random_));
  EXPECT_EQ(read().problems.size(), 1u);
}

}  // namespace
}  // namespace atp
