// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/published_ledger.hpp"

#include "atp/merkle/proof.hpp"
#include "ledger/ledgers.hpp"
#include "support/error_kind.hpp"
#include "support/simulated_file_system.hpp"

namespace atp::test {
namespace {

class PublishedLedgerTest : public LedgerTest {
 protected:
  PublishedFiles publish() { return publish(tenant_); }
  PublishedFiles publish(const TenantId& tenant) {
    return publish_ledger(*store_, trust_, tenant, *files_, random_, folder_, {});
  }
  PublishedLedger open() { return {*files_, folder_, trust_}; }
  Bytes read(const std::string& name) { return read_file(*files_, folder_ / name, 1 << 20); }
  void write(const std::string& name, ByteView bytes) {
    files_->remove(folder_ / name);
    write_file_durably(*files_, random_, folder_ / name, bytes);
  }
  /// Appends without the checkpoints that `filled` puts.
  Ledger grown(std::uint64_t size) {
    Ledger ledger = filled(1);
    while (ledger.size() < size) ledger.try_append(statement("checked"), *signer_, {});
    ledger.put_checkpoint(*ledger_signer_, {});
    return ledger;
  }

  const std::shared_ptr<SimulatedFileSystem> files_ = std::make_shared<SimulatedFileSystem>();
  const Path folder_ = "/published";
};

/// C2SP tlog-tiles.md: partial tiles for what is not full, none that are empty.
TEST_F(PublishedLedgerTest, HasTheFilesOfTheSpecification) {
  grown(70);
  EXPECT_EQ(publish().files_written, 2U);
  EXPECT_EQ(read("tile/0/000.p/70").size(), 70U * 32);
  grown(600);
  EXPECT_EQ(publish().files_written, 7U);
  EXPECT_EQ(read("tile/0/000").size(), 256U * 32);
  EXPECT_EQ(read("tile/0/001").size(), 256U * 32);
  EXPECT_EQ(read("tile/0/002.p/88").size(), 88U * 32);
  EXPECT_EQ(read("tile/1/000.p/2").size(), 2U * 32);
  const Bytes bundle = read("tile/entries/002.p/88");
  const std::string first = std::string(as_text(get_object(*store_, entry(512), 1 << 16)));
  EXPECT_EQ(std::to_integer<std::size_t>(bundle[0]) * 256 + std::to_integer<std::size_t>(bundle[1]),
            first.size());
  EXPECT_EQ(as_text(ByteView(bundle).subspan(2, first.size())), first);
  EXPECT_EQ(read("checkpoint"), get_object(*store_, checkpoint(600), 1 << 16));
  EXPECT_EQ(publish().files_written, 0U);
}

TEST_F(PublishedLedgerTest, TilesOfAThousandAreInAFolder) {
  EXPECT_EQ(sizeof(Digest), 32U);
  grown(257);
  publish();
  EXPECT_EQ(read("tile/1/000.p/1").size(), 32U);
  EXPECT_EQ(files_->list(folder_ / "tile/0").size(), 2U);
}

TEST_F(PublishedLedgerTest, GivesProofsThatHoldForEverySize) {
  Ledger ledger = grown(600);
  publish();
  PublishedLedger published = open();
  EXPECT_EQ(published.checkpoint().root, ledger.root());
  for (std::uint64_t size = 1; size <= 600; size += size < 20 ? 1 : 29) {
    const auto prefix = published.prefix(size);
    EXPECT_EQ(prefix.root, ledger.root_at(size));
    EXPECT_TRUE(merkle::verify_consistency<Rfc9162Hasher>(size, 600, prefix.proof, prefix.root,
                                                          ledger.root()));
    const Digest leaf = Rfc9162Hasher::leaf(as_bytes(ledger.entries()[size - 1].stored));
    EXPECT_TRUE(merkle::verify_inclusion<Rfc9162Hasher>(
        size - 1, 600, leaf, published.inclusion_proof(size - 1, leaf), ledger.root()));
  }
  EXPECT_EQ(error_kind([&] { published.prefix(0); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { published.prefix(601); }), ErrorKind::invalid_argument);
}

TEST_F(PublishedLedgerTest, GivesNothingOutOfChangedTiles) {
  Ledger ledger = grown(600);
  publish();
  for (const std::string name : {"tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2"}) {
    const Bytes kept = read(name);
    Bytes changed = kept;
    changed[40] ^= std::byte{1};
    write(name, changed);
    EXPECT_EQ(error_kind([&] { open().prefix(1); }), ErrorKind::corrupt) << name;
    write(name, ByteView(kept).first(kept.size() - 1));
    EXPECT_EQ(error_kind([&] { open().prefix(1); }), ErrorKind::corrupt) << name;
    files_->remove(folder_ / name);
    EXPECT_EQ(error_kind([&] { open().prefix(1); }), ErrorKind::not_found) << name;
    write_file_durably(*files_, random_, folder_ / name, kept);
  }
  EXPECT_EQ(open().prefix(599).root, ledger.root_at(599));
}

TEST_F(PublishedLedgerTest, ATileThatCouldNotBeReadIsReadAgain) {
  grown(300);
  publish();
  PublishedLedger ledger = open();
  files_->fail_operation(1, Operation::read);
  EXPECT_EQ(error_kind([&] { ledger.prefix(5); }), ErrorKind::unavailable);
  EXPECT_EQ(error_kind([&] { ledger.prefix(5); }), std::nullopt);
}

TEST_F(PublishedLedgerTest, APartialTileMayGoOnceTheFullOneIsThere) {
  grown(200);
  publish();
  grown(300);
  publish();
  files_->remove(folder_ / "tile/0/000.p/200");
  EXPECT_EQ(open().checkpoint().size, 300U);
  open().prefix(200);
}

TEST_F(PublishedLedgerTest, T046_AnotherHistoryIsNotPublishedOverOne) {
  grown(300);
  publish();
  const Bytes before = read("checkpoint");
  for (std::uint64_t i = 250; i < 300; ++i) store_->remove(entry(i));
  store_->remove(checkpoint(300));
  EXPECT_EQ(error_kind([&] { publish(); }), ErrorKind::corrupt);  // An older copy of the store.
  clock_->advance(std::chrono::hours(1));
  grown(310);  // A fork: other entries from 250 on.
  EXPECT_EQ(error_kind([&] { publish(); }), ErrorKind::corrupt);
  EXPECT_EQ(read("checkpoint"), before);
}

TEST_F(PublishedLedgerTest, NothingOfADamagedLedgerIsPublished) {
  grown(600);
  const Bytes last = get_object(*store_, entry(599), 1 << 16);
  store_->remove(entry(599));
  EXPECT_EQ(error_kind([&] { publish(); }), ErrorKind::corrupt);
  EXPECT_FALSE(files_->status(folder_ / "tile"));
  EXPECT_FALSE(files_->status(folder_ / "checkpoint"));
  put_object(*store_, entry(599), last, {});
  EXPECT_EQ(publish().checkpoint.size, 600U);
  EXPECT_EQ(error_kind([&] { publish(TenantId("nobody")); }), ErrorKind::not_found);
}

TEST_F(PublishedLedgerTest, FilesOfAnotherLedgerLeaveTheCheckpointAsItWas) {
  for (const std::string name : {"tile/0/000", "tile/entries/000", "tile/0/000.p/3"}) {
    create_directories(*files_, (folder_ / name).parent_path());
    write_file_durably(*files_, random_, folder_ / name, Bytes(8192));
    grown(3);
    EXPECT_EQ(error_kind([&] { publish(); }), ErrorKind::corrupt) << name;
    EXPECT_FALSE(files_->status(folder_ / "checkpoint"));
    files_->remove(folder_ / name);
  }
  EXPECT_EQ(publish().checkpoint.size, 3U);
}

/// Else the slower of two would put an older checkpoint over a newer one.
TEST_F(PublishedLedgerTest, OneProcessPublishesAtATime) {
  grown(3);
  publish();
  const auto held = files_->open(folder_ / ".lock", OpenMode::create_or_open);
  ASSERT_TRUE(held->try_lock(0, 1, LockKind::exclusive));
  EXPECT_EQ(error_kind([&] { publish(); }), ErrorKind::precondition_failed);
}

TEST_F(PublishedLedgerTest, T047_ACheckpointOfNobodyTrustedIsNotOpened) {
  grown(3);
  publish();
  const TrustPolicy strangers = trust_of(*signer_, *make_signer(5));
  EXPECT_EQ(error_kind([&] { PublishedLedger(*files_, folder_, strangers); }),
            ErrorKind::untrusted);
}

}  // namespace
}  // namespace atp::test
