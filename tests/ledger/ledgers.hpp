// SPDX-License-Identifier: Apache-2.0
/// Ledgers in memory, of any size.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "atp/ledger/ledger.hpp"
#include "atp/storage/layout.hpp"
#include "atp/storage/memory_store.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"

namespace atp::test {

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() { trust_ = trust_of(*signer_, *ledger_signer_); }

  static std::shared_ptr<const Signer> make_signer(std::uint64_t seed) {
    SequenceRandom random(seed);
    return signer_from_pem(generate_ed25519_pem(random));
  }

  TrustPolicy trust_of(const Signer& documents, const Signer& ledger) const {
    return {.vault_id = vault_id_,
            .domain = "bank.example",
            .keys = {{documents.public_key(), KeyRole::document, {}, {}},
                     {ledger.public_key(), KeyRole::ledger, {}, {}}}};
  }

  Statement statement(const std::string& action) {
    return {.header = {.vault_id = vault_id_,
                       .tenant = tenant_,
                       .nonce = random_hex(random_, 16),
                       .created_at = clock_->now()},
            .origin = "bank.example/0123456789abcdef/0",
            .index = 0,
            .action = action,
            .job_id = random_hex(random_, 16)};
  }

  Ledger load() { return Ledger::load(*store_, trust_, tenant_); }

  /// A ledger of `size` entries, each with its checkpoint.
  Ledger filled(std::uint64_t size) {
    Ledger ledger = load();
    while (ledger.size() < size) {
      const std::string action = ledger.size() == 0 ? "ledger.opened" : "checked";
      EXPECT_TRUE(ledger.try_append(statement(action), *signer_, {}));
      ledger.put_checkpoint(*ledger_signer_, {});
    }
    return ledger;
  }

  std::string entry(std::uint64_t index) { return layout::ledger_entry(tenant_, 0, index); }
  std::string checkpoint(std::uint64_t size) { return layout::ledger_checkpoint(tenant_, 0, size); }
  Bytes take(const std::string& key) {
    Bytes bytes = get_object(*store_, key, kStatementLimit);
    store_->remove(key);
    return bytes;
  }

  const std::string vault_id_ = std::string(32, 'a');
  const TenantId tenant_{"acme"};
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  SequenceRandom random_{9};
  const std::shared_ptr<ObjectStore> store_ = memory_store(clock_);
  const std::shared_ptr<const Signer> signer_ = make_signer(1);
  const std::shared_ptr<const Signer> ledger_signer_ = make_signer(2);
  TrustPolicy trust_;
};

}  // namespace atp::test
