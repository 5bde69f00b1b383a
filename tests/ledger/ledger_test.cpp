// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/ledger.hpp"

#include <thread>

#include "ledger/ledgers.hpp"
#include "support/error_kind.hpp"

namespace atp {
namespace {

using test::error_kind;
using test::is_of_changed_bytes;
using test::LedgerTest;

TEST_F(LedgerTest, ANewTenantHasAnEmptyOne) {
  Ledger ledger = load();
  EXPECT_EQ(ledger.size(), 0u);
  EXPECT_EQ(ledger.origin(), "");
}

TEST_F(LedgerTest, WhatWasAppendedIsReadBack) {
  Ledger written = filled(5);
  Ledger read = load();
  EXPECT_EQ(read.size(), 5u);
  EXPECT_EQ(read.root(), written.root());
  EXPECT_EQ(read.root_at(3), filled(5).root_at(3));
  EXPECT_TRUE(read.has_checkpoint());
}

TEST_F(LedgerTest, TheLoserOfAnIndexReadsOnAndTriesAgain) {
  Ledger first = filled(1);
  Ledger second = load();
  EXPECT_TRUE(first.try_append(statement("checked"), *signer_, {}));
  EXPECT_FALSE(second.try_append(statement("checked"), *signer_, {}));
  second.refresh();
  EXPECT_TRUE(second.try_append(statement("checked"), *signer_, {}));
  EXPECT_EQ(second.size(), 3u);
}

TEST_F(LedgerTest, ManyWritersLoseNothing) {
  filled(1);
  constexpr int kEach = 20;
  std::vector<std::jthread> writers;
  std::vector<Statement> statements;
  for (int i = 0; i < 4; ++i) statements.push_back(statement("checked"));
  for (const Statement& own : statements) {
    writers.emplace_back([&] {
      Ledger ledger = load();
      for (int n = 0; n < kEach; ++n) {
        while (!ledger.try_append(own, *signer_, {})) ledger.refresh();
      }
    });
  }
  writers.clear();
  EXPECT_EQ(load().size(), 1u + 4 * kEach);
}

TEST_F(LedgerTest, T006_AMissingEntryInTheMiddleIsCorrupt) {
  for (std::uint64_t missing = 0; missing < 4; ++missing) {
    SCOPED_TRACE(missing);
    filled(5);
    const Bytes entry_bytes = take(entry(missing));
    EXPECT_EQ(error_kind([&] { load(); }), ErrorKind::corrupt);
    put_object(*store_, entry(missing), entry_bytes, {});
  }
}

TEST_F(LedgerTest, T006_ADamagedEntryIsCorruptWhereverItIs) {
  filled(3);
  for (std::uint64_t index = 0; index < 3; ++index) {
    const Bytes good = take(entry(index));
    for (std::size_t i = 0; i < good.size(); ++i) {
      Bytes bad = good;
      bad[i] ^= std::byte{1};
      put_object(*store_, entry(index), bad, {});
      EXPECT_TRUE(is_of_changed_bytes(error_kind([&] { load(); }))) << index << " byte " << i;
      store_->remove(entry(index));
    }
    put_object(*store_, entry(index), good, {});
  }
  EXPECT_EQ(load().size(), 3u);
}

TEST_F(LedgerTest, T052_ACutOffTailIsSeenByItsCheckpoint) {
  filled(4);
  store_->remove(entry(3));
  EXPECT_EQ(error_kind([&] { load(); }), ErrorKind::corrupt);
}

TEST_F(LedgerTest, T046_TwoNotesOfOneSizeAreAFork) {
  Ledger ledger = filled(2);
  const Checkpoint forked{
      .origin = ledger.origin(), .size = 3, .root = sha256(as_bytes("another history"))};
  put_object(*store_, checkpoint(3), as_bytes(sign_checkpoint(forked, *ledger_signer_)), {});
  EXPECT_TRUE(ledger.try_append(statement("checked"), *signer_, {}));
  EXPECT_EQ(error_kind([&] { ledger.put_checkpoint(*ledger_signer_, {}); }), ErrorKind::corrupt);
  EXPECT_EQ(error_kind([&] { load(); }), ErrorKind::corrupt);
}

TEST_F(LedgerTest, T046_ReorderedEntriesAreCorrupt) {
  filled(4);
  const Bytes first = take(entry(1));
  const Bytes second = take(entry(2));
  put_object(*store_, entry(1), second, {});
  put_object(*store_, entry(2), first, {});
  EXPECT_EQ(error_kind([&] { load(); }), ErrorKind::corrupt);
}

TEST_F(LedgerTest, T047_EntriesOfAnotherKeyTenantOrRoleAreRefused) {
  filled(2);
  const auto stranger = make_signer(3);
  const TrustPolicy strangers = trust_of(*stranger, *ledger_signer_);
  EXPECT_EQ(error_kind([&] { Ledger::load(*store_, strangers, tenant_); }), ErrorKind::untrusted);
  const TrustPolicy swapped = trust_of(*ledger_signer_, *signer_);
  EXPECT_EQ(error_kind([&] { Ledger::load(*store_, swapped, tenant_); }), ErrorKind::untrusted);
  const TenantId other("other");
  put_object(*store_, layout::ledger_entry(other, 0, 0), take(entry(0)), {});
  EXPECT_EQ(error_kind([&] { Ledger::load(*store_, trust_, other); }), ErrorKind::corrupt);
}

/// Another domain's ledger is none of this vault's, whoever signed it.
TEST_F(LedgerTest, T047_AnOriginOfAnotherDomainIsRefused) {
  filled(2);
  TrustPolicy other = trust_;
  other.domain = "bank.exampl";
  EXPECT_EQ(error_kind([&] { Ledger::load(*store_, other, tenant_); }), ErrorKind::untrusted);
}

TEST_F(LedgerTest, EntriesAreReadInOneOrderByManyThreads) {
  filled(700);
  std::vector<std::uint64_t> indices;
  const LedgerHead head =
      scan_ledger(*store_, &trust_, tenant_, {.workers = 4},
                  [&](LedgerEntry&& entry) { indices.push_back(entry.statement.index); });
  EXPECT_TRUE(head.problems.empty());
  EXPECT_EQ(head.tree.size(), 700U);
  EXPECT_EQ(head.checkpoints, 700U);
  ASSERT_EQ(indices.size(), 700U);
  EXPECT_TRUE(std::ranges::is_sorted(indices));
}

TEST_F(LedgerTest, TheFirstEntryAndOnlyThatOpensTheLedger) {
  Ledger ledger = load();
  EXPECT_TRUE(ledger.try_append(statement("checked"), *signer_, {}));
  EXPECT_EQ(error_kind([&] { load(); }), ErrorKind::corrupt);
}

TEST_F(LedgerTest, ACheckpointIsPutOnceAndAgainWithTheSameBytes) {
  Ledger ledger = filled(2);
  ledger.put_checkpoint(*ledger_signer_, {});
  EXPECT_TRUE(load().has_checkpoint());
}

TEST_F(LedgerTest, WithoutTrustTheStructureIsStillRead) {
  filled(3);
  const LedgerReading reading = read_ledger(*store_, nullptr, tenant_);
  EXPECT_TRUE(reading.problems.empty());
  EXPECT_EQ(reading.entries.size(), 3u);
}

}  // namespace
}  // namespace atp
