// SPDX-License-Identifier: Apache-2.0
/// The tiles and entry bundles that a ledger puts into its store, and what is read out of them.
#include "ledger/stored_tiles.hpp"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "atp/merkle/proof.hpp"
#include "ledger/ledgers.hpp"
#include "support/counting_store.hpp"
#include "support/error_kind.hpp"

namespace atp::test {
namespace {

using testing::ElementsAre;
using testing::IsSubsetOf;

class StoredTiles : public LedgerTest {
 protected:
  std::set<std::string> tiles() {
    std::set<std::string> keys;
    for_each_key(*store_, "tiles/", [&](const std::string& key) { keys.insert(key); });
    return keys;
  }
  std::string tile(unsigned level, std::uint64_t number, std::uint64_t width) {
    return layout::ledger_tile(tenant_, 0, level, number, width);
  }
  std::string bundle(std::uint64_t number) { return layout::entry_bundle(tenant_, 0, number); }
  Bytes read(const std::string& key) { return get_object(*store_, key, 1 << 20); }
  void replace(const std::string& key, ByteView bytes) {
    store_->remove(key);
    put_object(*store_, key, bytes, {});
  }
  /// Each entry by a run of its own, which knows of the ledger what the catalog would.
  Ledger grown_by_runs(std::uint64_t size) {
    Ledger ledger = filled(1);
    while (ledger.size() < size) ledger = grown_by_a_run(ledger);
    return ledger;
  }
  Ledger grown_by_a_run(const Ledger& before) {
    const Digest last = Rfc9162Hasher::leaf(as_bytes(before.tail().back().stored));
    const KnownHead known{before.origin(), {before.size(), before.frontier()}, last};
    auto ledger = Ledger::resume(*counting_, trust_, tenant_, known);
    EXPECT_TRUE(ledger && ledger->try_append(statement("checked"), *signer_, {}));
    ledger->put_checkpoint(*ledger_signer_, {});
    return *std::move(ledger);
  }
  /// Roots and proofs of the ledger for some sizes are those of its entries.
  void expect_proofs(Ledger& ledger) {
    const std::vector<LedgerEntry> entries = load().tail();
    std::vector<Digest> leaves;
    for (const LedgerEntry& entry : entries) {
      leaves.push_back(Rfc9162Hasher::leaf(as_bytes(entry.stored)));
    }
    for (std::uint64_t size = 1; size <= ledger.size(); size += size < 10 ? 1 : 41) {
      const Digest root = merkle::root<Rfc9162Hasher>(std::span(leaves).first(size));
      EXPECT_EQ(ledger.root_at(size), root) << size;
      EXPECT_TRUE(merkle::verify_consistency<Rfc9162Hasher>(
          size, ledger.size(), ledger.consistency_proof(size), root, ledger.root()))
          << size;
    }
  }

  const std::shared_ptr<CountingStore> counting_ = std::make_shared<CountingStore>(store_);
};

TEST_F(StoredTiles, ArePutAsTheyFill) {
  filled(3);
  EXPECT_EQ(tiles(), std::set<std::string>{});
  filled(600);
  std::set<std::string> expected{tile(1, 0, 1), tile(1, 0, 2), bundle(0), bundle(1)};
  for (std::uint64_t width = 4; width <= 256; width += 4) {
    expected.insert(tile(0, 0, width));
    expected.insert(tile(0, 1, width));
    if (width <= 600 % 256) expected.insert(tile(0, 2, width));
  }
  EXPECT_EQ(tiles(), expected);
  EXPECT_EQ(read(tile(0, 1, 256)).size(), 256U * 32);
  EXPECT_EQ(store_->stat(tile(0, 1, 256))->immutability, Immutability());
  const Bytes first = read(entry(256));
  EXPECT_EQ(std::to_integer<std::size_t>(read(bundle(1))[1]), first.size() % 256);
  EXPECT_EQ(as_text(ByteView(read(bundle(1))).subspan(2, first.size())), as_text(first));
}

TEST_F(StoredTiles, AreTheSameWhoeverPutsThem) {
  grown_by_runs(520);
  const std::set<std::string> by_runs = tiles();
  std::map<std::string, Bytes> bytes;
  for (const std::string& key : by_runs) {
    bytes[key] = read(key);
    store_->remove(key);
  }
  Ledger whole = load();
  ledger::put_tiles(*store_, tenant_, {}, whole.size(),
                    [&](std::uint64_t index) { return whole.tail()[index].stored; });
  EXPECT_THAT(tiles(), IsSubsetOf(by_runs));
  for (const std::string& key : tiles()) EXPECT_EQ(read(key), bytes.at(key)) << key;
}

/// A statement: an entry and its checkpoint; to be taken up: the last entry and checkpoint, three
/// listings. Each fourth time the tile before, the entries since and the new tile. When a tile is
/// full its entries are read once more: one request an entry, all in all.
TEST_F(StoredTiles, CostARunAFewRequests) {
  Ledger ledger = grown_by_runs(240);
  for (std::uint64_t size = 241; size <= 280; ++size) {
    counting_->reset();
    ledger = grown_by_a_run(ledger);
    EXPECT_LE(counting_->total(), size == 256 ? 270U : 12U) << size << "\n" << counting_->print();
  }
}

TEST_F(StoredTiles, GiveProofsForAFewRequests) {
  Ledger ledger = grown_by_runs(600);
  expect_proofs(ledger);
  ledger = grown_by_a_run(ledger);
  for (const std::uint64_t size : {1U, 255U, 256U, 300U, 599U}) {
    counting_->reset();
    ledger.consistency_proof(size);
    EXPECT_LE(counting_->total(), 7U) << size << "\n" << counting_->print();
  }
  EXPECT_EQ(error_kind([&] { ledger.root_at(602); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { ledger.consistency_proof(0); }), ErrorKind::invalid_argument);
}

TEST_F(StoredTiles, AreDoneWithoutWhereTheyAreWrongOrMissing) {
  Ledger ledger = filled(600);
  for (const std::string& key : {tile(0, 0, 256), tile(0, 2, 88), tile(1, 0, 2)}) {
    SCOPED_TRACE(key);
    const Bytes kept = read(key);
    Bytes changed = kept;
    changed[40] ^= std::byte{1};
    replace(key, changed);
    expect_proofs(ledger);
    replace(key, ByteView(kept).first(kept.size() - 1));
    expect_proofs(ledger);
    replace(key, Bytes(1 << 20));
    expect_proofs(ledger);
    store_->remove(key);
    expect_proofs(ledger);
    put_object(*store_, key, kept, {});
  }
  for (const std::string& key : tiles()) store_->remove(key);
  expect_proofs(ledger);
}

/// Whoever can write puts rubbish where one tile is and where another may come to be.
TEST_F(StoredTiles, ThatAreWrongCostWhatIsBelowThem) {
  Ledger ledger = grown_by_a_run(filled(600));
  replace(tile(1, 0, 2), Bytes(64));
  put_object(*store_, tile(1, 0, 256), Bytes(256 * 32), {});
  counting_->reset();
  ledger.consistency_proof(100);
  EXPECT_LE(counting_->count(StoreCall::get, "ledger/"), 601U % 256 + 1) << counting_->print();
  EXPECT_LE(counting_->count(StoreCall::get, "tiles/"), 8U) << counting_->print();
}

/// What kept one run from putting its tiles, or took the last of them away, is over with the next.
TEST_F(StoredTiles, ThatOneRunDidNotPutAreByTheNext) {
  Ledger ledger = grown_by_runs(511);
  const std::set<std::string> before = tiles();
  ledger = grown_by_a_run(ledger);
  std::map<std::string, Bytes> put;
  for (const std::string& key : tiles()) {
    if (!before.contains(key)) put[key] = read(key);
  }
  EXPECT_EQ(put.size(), 3U);
  for (const auto& [key, bytes] : put) store_->remove(key);
  for (int i = 0; i < 4; ++i) ledger = grown_by_a_run(ledger);
  for (const auto& [key, bytes] : put) EXPECT_EQ(read(key), bytes) << key;
}

TEST_F(StoredTiles, LeadToNoRootThatTheEntriesDoNotLeadTo) {
  Ledger ledger = filled(300);
  for (const std::string& key : tiles()) store_->remove(key);
  Bytes changed = take(entry(100));
  changed[20] ^= std::byte{1};
  put_object(*store_, entry(100), changed, {});
  EXPECT_EQ(error_kind([&] { ledger.root_at(200); }), ErrorKind::corrupt);
}

/// Whatever stands where a tile goes: nobody's append is kept by it.
TEST_F(StoredTiles, NeverStopAnAppend) {
  put_object(*store_, tile(0, 0, 8), as_bytes("another tile"), {});
  put_object(*store_, bundle(0), as_bytes("another bundle"), {});
  put_object(*store_, tile(0, 0, 256), Bytes(256 * 32), {});
  put_object(*store_, tile(1, 0, 1), Bytes(32), {});
  Ledger ledger = grown_by_runs(520);
  EXPECT_EQ(read(tile(1, 0, 2)).size(), 2U * 32);
  EXPECT_EQ(as_text(read(tile(0, 0, 8))), "another tile");
  EXPECT_EQ(read(tile(0, 0, 12)).size(), 12U * 32);
  EXPECT_EQ(read(tile(0, 1, 44)).size(), 44U * 32);
  expect_proofs(ledger);
}

/// What is read in one pass: 600 entries, two bundles and 88 entries beyond.
TEST_F(StoredTiles, AScanReadsBundles) {
  const Ledger written = filled(600);
  const ScanLedgerOptions options{.workers = 2, .entries = EntriesFrom::bundles};
  std::vector<std::string> stored;
  const auto scan = [&] {
    counting_->reset();
    stored.clear();
    return scan_ledger(*counting_, &trust_, tenant_, options,
                       [&](LedgerEntry&& entry) { stored.push_back(std::move(entry.stored)); });
  };
  const auto expect_sound = [&](std::uint64_t from_bundles, std::uint64_t read_twice = 3) {
    const LedgerHead head = scan();
    EXPECT_TRUE(head.problems.empty());
    EXPECT_EQ(head.tree.root(), written.root());
    EXPECT_EQ(head.from_bundles, from_bundles);
    EXPECT_LE(counting_->count(StoreCall::get, "ledger/acme/0/entries/"),
              600 - from_bundles + read_twice);
    for (std::size_t i = 0; i < stored.size(); ++i) {
      ASSERT_EQ(stored[i], written.tail()[i].stored) << i;
    }
  };
  expect_sound(512);
  const Bytes kept = read(bundle(1));
  Bytes changed = kept;
  changed[40] ^= std::byte{1};
  replace(bundle(1), changed);
  expect_sound(256);
  replace(bundle(1), ByteView(kept).first(kept.size() - 1));
  expect_sound(256);
  replace(bundle(1), read(bundle(0)));
  expect_sound(256);
  replace(bundle(1), kept);
  const Bytes above = read(tile(1, 0, 2));
  replace(tile(1, 0, 2), Bytes(64));  // What is below it is looked at instead.
  expect_sound(512, 600 % 256);
  replace(tile(1, 0, 2), above);
  store_->remove(bundle(1));
  expect_sound(256);
  put_object(*store_, bundle(1), kept, {});
  store_->remove(tile(1, 0, 2));  // What a bundle is compared with follows from full tiles, too.
  expect_sound(512);
  store_->remove(tile(0, 1, 256));
  expect_sound(0);
}

/// Bundles do not hide that the objects they were made of are gone, or of another size.
TEST_F(StoredTiles, T006_AScanOfBundlesSeesThatEachEntryIsThere) {
  filled(300);
  const ScanLedgerOptions options{.entries = EntriesFrom::bundles};
  const auto problems = [&] {
    return scan_ledger(*store_, &trust_, tenant_, options, [](LedgerEntry&&) {}).problems;
  };
  const Bytes kept = take(entry(100));
  EXPECT_FALSE(problems().empty());
  put_object(*store_, entry(100), ByteView(kept).first(kept.size() - 1), {});
  ASSERT_FALSE(problems().empty());
  EXPECT_EQ(problems().front().subject, entry(100));
  replace(entry(100), kept);
  EXPECT_TRUE(problems().empty());
}

/// A checkpoint by a stranger, or of a fork, is no reason to believe a bundle.
TEST_F(StoredTiles, T046_BundlesOfAForkAreNotRead) {
  filled(300);
  const Checkpoint forked{.origin = load().origin(), .size = 300, .root = sha256(as_bytes("fork"))};
  replace(checkpoint(300), as_bytes(sign_checkpoint(forked, *ledger_signer_)));
  const LedgerHead head = scan_ledger(*store_, &trust_, tenant_, {.entries = EntriesFrom::bundles},
                                      [](LedgerEntry&&) {});
  EXPECT_EQ(head.from_bundles, 0U);
  ASSERT_EQ(head.problems.size(), 1U);
  EXPECT_EQ(head.problems.front().subject, checkpoint(300));
}

/// A vault from before tiles: what comes is put, what was is the doctor's.
TEST_F(StoredTiles, OfTheLowestLevelNeedNoneBefore) {
  filled(766);
  for (const std::string& key : tiles()) store_->remove(key);
  Ledger ledger = load();
  for (int i = 0; i < 8; ++i) ledger = grown_by_a_run(ledger);
  EXPECT_THAT(tiles(), ElementsAre(tile(0, 2, 256), tile(0, 3, 4), bundle(2)));
  expect_proofs(ledger);
}

}  // namespace
}  // namespace atp::test
