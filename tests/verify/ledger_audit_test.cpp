// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/ledger_audit.hpp"

#include "atp/merkle/proof.hpp"
#include "atp/storage/layout.hpp"
#include "verify/verifying.hpp"

namespace atp::test {
namespace {

class LedgerAuditTest : public testing::Test {
 protected:
  LedgerAudit audit(ObjectStore& store) const {
    return audit_ledger(store, vault_.tenant, vault_.trust(), {});
  }
  Consistency compare(ObjectStore& store, const std::string& note) const {
    return check_consistency(store, vault_.tenant, vault_.trust(), note, {});
  }
  std::string note(std::uint64_t size) const {
    return std::string(
        as_text(vault_.objects().at(layout::ledger_checkpoint(vault_.tenant, 0, size))));
  }
  /// The store with only the first `size` entries, and nothing that says there were more.
  std::shared_ptr<ObjectStore> cut_to(std::uint64_t size) const {
    Objects objects = vault_.objects();
    for (std::uint64_t i = size; i < 3; ++i) {
      objects.erase(layout::ledger_entry(vault_.tenant, 0, i));
      objects.erase(layout::ledger_checkpoint(vault_.tenant, 0, i + 1));
    }
    std::erase_if(objects, [](const auto& each) {
      return each.first.starts_with("recovery-points/acme-corp/");
    });
    return vault_.store_of(objects);
  }

  const SmallVault& vault_ = small_vault();
  const std::shared_ptr<ObjectStore> store_ = vault_.store_of(vault_.objects());
};

TEST_F(LedgerAuditTest, OfASoundLedgerCountsWhatItLookedAt) {
  const LedgerAudit found = audit(*store_);
  EXPECT_TRUE(found.report.passed()) << text_of(found.report);
  EXPECT_EQ(found.entries, 3U);
  EXPECT_EQ(found.checkpoints, 2U);
  EXPECT_EQ(found.documents, 2U);
}

TEST_F(LedgerAuditTest, T045_SeesEveryDocumentThatIsGoneOrChanged) {
  for (const auto& [key, bytes] : vault_.objects()) {
    if (!key.starts_with("ledger/acme-corp/") && !key.starts_with("recovery-points/acme-corp/")) {
      continue;
    }
    const bool only_checkpoint = key.find("/checkpoints/") != std::string::npos;
    if (!only_checkpoint) {
      EXPECT_EQ(audit(*vault_.store_with(key, std::nullopt)).report.verdict(), CheckState::failed)
          << key;
    }
    Bytes changed = bytes;
    changed[changed.size() / 2] ^= std::byte{1};
    EXPECT_EQ(audit(*vault_.store_with(key, changed)).report.verdict(), CheckState::failed) << key;
  }
}

TEST_F(LedgerAuditTest, T045_OfNoLedgerIsNotVerified) {
  const auto empty = vault_.store_of({});
  EXPECT_EQ(audit(*empty).report.verdict(), CheckState::not_checked);
}

TEST_F(LedgerAuditTest, T052_SeesThatAPointSawMoreEntriesThanThereAre) {
  Objects objects = vault_.objects();
  for (std::uint64_t i = 1; i < 3; ++i) {
    objects.erase(layout::ledger_entry(vault_.tenant, 0, i));
    objects.erase(layout::ledger_checkpoint(vault_.tenant, 0, i + 1));
  }
  const Report report = audit(*vault_.store_of(objects)).report;
  EXPECT_EQ(names(report.failures()), std::vector<std::string>{"ledger.tail"});
}

TEST_F(LedgerAuditTest, T045_WhatNoCheckpointCoversIsNotVerified) {
  const auto store =
      vault_.store_with(layout::ledger_checkpoint(vault_.tenant, 0, 3), std::nullopt);
  EXPECT_EQ(audit(*store).report.verdict(), CheckState::not_checked);
  EXPECT_EQ(compare(*store, note(3)).report.verdict(), CheckState::not_checked);
}

TEST_F(LedgerAuditTest, T052_APointThatNoEntryCompletesIsNotVerified) {
  Objects objects = vault_.objects();
  objects.erase(layout::ledger_entry(vault_.tenant, 0, 2));
  objects.erase(layout::ledger_checkpoint(vault_.tenant, 0, 3));
  const LedgerAudit found = audit(*vault_.store_of(objects));
  EXPECT_EQ(found.report.verdict(), CheckState::not_checked) << text_of(found.report);
}

TEST_F(LedgerAuditTest, AKeptCheckpointIsConsistentWithTheLedger) {
  const Consistency found = compare(*store_, note(2));
  EXPECT_TRUE(found.report.passed()) << text_of(found.report);
  EXPECT_TRUE(merkle::verify_consistency<Rfc9162Hasher>(
      2, 3, found.proof, found.old_checkpoint->root, found.new_checkpoint->root));
  EXPECT_TRUE(compare(*store_, note(3)).report.passed());
}

TEST_F(LedgerAuditTest, T052_ACutOffTailIsSeenByWhoKeptACheckpoint) {
  const Consistency found = compare(*cut_to(2), note(3));
  EXPECT_EQ(names(found.report.failures()), std::vector<std::string>{"ledger.consistency"});
  EXPECT_TRUE(compare(*cut_to(2), note(2)).report.passed());
}

/// The keys are the vault's own: only who remembers the root can tell.
TEST_F(LedgerAuditTest, T046_ARewrittenEntryIsSeenByWhoKeptACheckpoint) {
  Objects objects = vault_.objects();
  const std::string key = layout::ledger_entry(vault_.tenant, 0, 1);
  objects[key] = vault_.resigned(key, {{"nonce", std::string(32, '7')}});
  for (std::uint64_t size = 2; size <= 3; ++size) {
    merkle::Frontier<Rfc9162Hasher> tree;
    for (std::uint64_t i = 0; i < size; ++i) {
      tree.push(Rfc9162Hasher::leaf(objects.at(layout::ledger_entry(vault_.tenant, 0, i))));
    }
    const Checkpoint forged{
        .origin = parse_checkpoint(note(2))->origin, .size = size, .root = tree.root()};
    objects[layout::ledger_checkpoint(vault_.tenant, 0, size)] =
        to_bytes(sign_checkpoint(forged, *vault_.vault->keys().ledger_signer));
  }
  const auto store = vault_.store_of(objects);
  EXPECT_TRUE(audit(*store).report.passed());
  const Consistency found = compare(*store, note(2));
  EXPECT_EQ(names(found.report.failures()), std::vector<std::string>{"ledger.consistency"});
}

TEST_F(LedgerAuditTest, T046_AnotherLedgersCheckpointIsNotConsistent) {
  const std::string other = std::string(
      as_text(vault_.objects().at(layout::ledger_checkpoint(vault_.other_tenant, 0, 2))));
  EXPECT_EQ(names(compare(*store_, other).report.failures()),
            std::vector<std::string>{"ledger.consistency"});
}

TEST_F(LedgerAuditTest, T047_ANoteOfNobodyTrustedProvesNothing) {
  std::string changed = note(2);
  changed.replace(changed.find("\n2\n"), 3, "\n3\n");
  EXPECT_EQ(compare(*store_, changed).report.exit_code(), 21);
  EXPECT_EQ(compare(*store_, "").report.exit_code(), 21);
}

TEST_F(LedgerAuditTest, TheNewestCheckpointIsTheStoredNote) {
  const SignedCheckpoint found = newest_checkpoint(*store_, vault_.tenant, vault_.trust(), {});
  EXPECT_EQ(found.note, note(3));
  EXPECT_EQ(found.checkpoint.size, 3U);
  const std::string first = layout::ledger_entry(vault_.tenant, 0, 0);
  EXPECT_EQ(error_kind([&] {
              newest_checkpoint(*vault_.store_with(first, std::nullopt), vault_.tenant,
                                vault_.trust(), {});
            }),
            ErrorKind::corrupt);
}

}  // namespace
}  // namespace atp::test
