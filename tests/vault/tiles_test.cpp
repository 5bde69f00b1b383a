// SPDX-License-Identifier: Apache-2.0
/// Tiles and bundles of a ledger, as runs put them, the doctor mends them and an audit judges them.
#include <gmock/gmock.h>

#include "atp/model/acts.hpp"
#include "atp/storage/filesystem_store.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/act.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "atp/verify/record_proof.hpp"
#include "backup/backup_fixture.hpp"
#include "support/counting_store.hpp"
#include "verify/verifying.hpp"

namespace atp {
namespace {

using test::CountingStore;
using test::StoreCall;
using testing::IsEmpty;

class Tiles : public test::BackupFixture {
 protected:
  Tiles() {
    seal("a.jsonl", "one\n");
    point_ = backup().recovery_point_id;
    state(264);
  }

  /// Ledgers of this length take the stranger seconds.
  void TearDown() override {}
  void let_the_stranger_judge() { BackupFixture::TearDown(); }

  /// Makes the ledger as long as that.
  void state(std::uint64_t size) {
    OpenTenant tenant(*vault_, tenant_);
    while (tenant.ledger().size() < size) {
      append_statement(tenant,
                       {.header = vault_->new_header(tenant_),
                        .index = 0,
                        .action = std::string(acts::kChecked.action)},
                       tenant.document_retention(clock_->now()));
    }
    tenant.record_progress();
  }
  Finding tiles_finding(Mending mending) {
    for (const Finding& finding : examine(*vault_, {.mending = mending})) {
      if (finding.name == "tiles") return finding;
    }
    return {"tiles", FindingState::good, "", ""};
  }
  std::vector<std::string> failures() {
    return test::names(
        audit_ledger(vault_->store(), tenant_, vault_->trust(), {}).report.failures());
  }
  std::string prove() {
    return prove_record(vault_->store(), {tenant_, point_},
                        {{StreamId("default"), SegmentId("a")}, 0}, vault_->trust(),
                        vault_->keys().identities);
  }
  void replace(const std::string& key, ByteView bytes, const PutOptions& options = {}) {
    vault_->store().remove(key);
    put_object(vault_->store(), key, bytes, options);
  }

  const TenantId tenant_{"acme"};
  const std::string tile_ = layout::ledger_tile(tenant_, 0, 0, 0, 256);
  const std::string last_ = layout::ledger_tile(tenant_, 0, 0, 1, 8);
  const std::string above_ = layout::ledger_tile(tenant_, 0, 1, 0, 1);
  const std::string bundle_ = layout::entry_bundle(tenant_, 0, 0);
  std::string point_;
};

TEST_F(Tiles, OfAVaultWithoutThemArePutByTheDoctor) {
  const std::string proof = prove();
  EXPECT_THAT(failures(), IsEmpty());
  EXPECT_EQ(tiles_finding(Mending::report_only).state, FindingState::good);
  EXPECT_EQ(vault_->store().stat(tile_)->immutability.retain_until, std::nullopt);
  for (const std::string& key : keys("tiles/")) vault_->store().remove(key);
  EXPECT_EQ(prove(), proof);
  EXPECT_THAT(failures(), IsEmpty());
  EXPECT_EQ(tiles_finding(Mending::report_only).state, FindingState::doubtful);
  EXPECT_THAT(keys("tiles/"), IsEmpty());
  EXPECT_EQ(tiles_finding(Mending::mend).state, FindingState::mended);
  EXPECT_THAT(keys("tiles/"), testing::UnorderedElementsAre(tile_, last_, above_, bundle_));
  EXPECT_EQ(tiles_finding(Mending::mend).state, FindingState::good);
  EXPECT_EQ(prove(), proof);
  let_the_stranger_judge();
}

/// One that holds other bytes: told by the audit and the doctor, believed by nobody, put anew.
TEST_F(Tiles, ThatAreWrongAreToldAndPutAnew) {
  const std::string proof = prove();
  for (const std::string& key : {tile_, last_, above_, bundle_}) {
    SCOPED_TRACE(key);
    const Bytes kept = get_object(vault_->store(), key, 1 << 20);
    for (Bytes bytes : {kept, Bytes(1 << 20), Bytes()}) {
      if (bytes == kept) bytes[bytes.size() / 2] ^= std::byte{1};
      replace(key, bytes);
      EXPECT_EQ(prove(), proof);
      EXPECT_THAT(failures(), testing::ElementsAre(kTilesCheck));
      if (key == bundle_ && bytes.size() == kept.size()) let_the_stranger_judge();
      EXPECT_EQ(backup().status, BackupStatus::unchanged);
      const Finding doubtful = tiles_finding(Mending::report_only);
      EXPECT_EQ(doubtful.state, FindingState::doubtful);
      EXPECT_EQ(doubtful.subject, key);
      EXPECT_EQ(tiles_finding(Mending::mend).state, FindingState::mended);
      EXPECT_EQ(get_object(vault_->store(), key, 1 << 20), kept);
    }
  }
  EXPECT_THAT(failures(), IsEmpty());
}

/// Somebody may have put it there to stay: it is told, and stops nothing.
TEST_F(Tiles, ThatAreWrongAndRetainedStopNothing) {
  const std::string proof = prove();
  replace(tile_, as_bytes("another"), {.retain_until = clock_->now() + std::chrono::days(9000)});
  EXPECT_EQ(tiles_finding(Mending::mend).state, FindingState::doubtful);
  EXPECT_EQ(prove(), proof);
  state(520);
  seal("b.jsonl", "two\n");
  EXPECT_EQ(backup().status, BackupStatus::completed);
  EXPECT_TRUE(verify(point_).passed());
  halt_for(*vault_, tenant_,
           Error(ErrorKind::corrupt, layout::ledger_entry(tenant_, 0, 1), "was looked at"));
  EXPECT_EQ(test::error_kind([&] { resolve_halt(*vault_, tenant_, {}, {}, {}); }), std::nullopt);
}

/// Something else is where a tile goes: a folder, a file where a folder goes.
TEST_F(Tiles, ThatCannotBeReachedStopNothing) {
  const std::string proof = prove();
  const Path store = "/vault/store";
  for (const std::string& key : {tile_, last_, above_, bundle_}) {
    SCOPED_TRACE(key);
    const Bytes kept = get_object(vault_->store(), key, 1 << 20);
    vault_->store().remove(key);
    create_directories(*disk_, store / key / "x");
    EXPECT_EQ(prove(), proof);
    EXPECT_EQ(tiles_finding(Mending::mend).state, FindingState::doubtful);
    EXPECT_EQ(rebuild_catalog(*vault_, {}, nullptr).damaged.size(), 0U);
    EXPECT_EQ(backup().status, BackupStatus::unchanged);
    halt_for(*vault_, tenant_,
             Error(ErrorKind::corrupt, layout::ledger_entry(tenant_, 0, 1), "was looked at"));
    EXPECT_EQ(test::error_kind([&] { resolve_halt(*vault_, tenant_, {}, {}, {}); }), std::nullopt);
    for (const std::string& check : failures()) EXPECT_EQ(check, kTilesCheck);
    disk_->remove(store / key / "x");
    disk_->remove(store / key);
    put_object(vault_->store(), key, kept, {});
  }
}

/// A rebuild reads bundles, and finds that an entry is gone all the same.
TEST_F(Tiles, ARebuildReadsBundles) {
  const auto counting = std::make_shared<CountingStore>(
      filesystem_store(disk_, "/vault/store", clock_, environment_.random));
  const auto counted = vault_on(counting);
  const DerivedRows before = counted->catalog().derived();
  counting->reset();
  EXPECT_EQ(derive_rows(*counted, {}, nullptr), before);
  EXPECT_LE(counting->count(StoreCall::get, "ledger/acme/0/entries/"), 60U) << counting->print();
  disk_->remove(Path("/vault/store") / layout::ledger_entry(tenant_, 0, 100));
  EXPECT_EQ(test::error_kind([&] { derive_rows(*counted, {}, nullptr); }), ErrorKind::corrupt);
}

/// A proof: the point, its statement and checkpoint, a list page, a manifest, the package, what
/// opens it, and of the ledger's tree as many tiles as it has levels, and up to three entries.
TEST_F(Tiles, AProofCostsTheSameHoweverLongTheLedgerIs) {
  const auto cost = [&] {
    CountingStore counting(filesystem_store(disk_, "/vault/store", clock_, environment_.random));
    prove_record(counting, {tenant_, point_}, {{StreamId("default"), SegmentId("a")}, 0},
                 vault_->trust(), vault_->keys().identities);
    EXPECT_LE(counting.total(), 20U) << counting.print();
    return counting.total();
  };
  const std::uint64_t at_first = cost();
  seal("b.jsonl", "two\n");
  point_ = backup().recovery_point_id;
  cost();
  state(516);
  EXPECT_LE(cost(), at_first + 4);
}

}  // namespace
}  // namespace atp
