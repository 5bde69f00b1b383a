// SPDX-License-Identifier: Apache-2.0
/// What each verb asks of the store: it depends on what the verb touches, and not on what else the
/// vault holds.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "atp/backup/take_backup.hpp"
#include "atp/discovery/export_records.hpp"
#include "atp/model/acts.hpp"
#include "atp/restore/restore.hpp"
#include "atp/storage/filesystem_store.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/act.hpp"
#include "atp/vault/points.hpp"
#include "atp/vault/vault.hpp"
#include "atp/verify/open_segment.hpp"
#include "atp/verify/record_proof.hpp"
#include "atp/verify/resolved_point.hpp"
#include "atp/verify/verify.hpp"
#include "backup/backup_fixture.hpp"
#include "support/counting_store.hpp"

namespace atp {
namespace {

using test::CountingStore;
using test::StoreCall;

class Budget : public test::BackupFixture {
 protected:
  /// The vault, opened on a store that counts.
  void count() {
    store_ = std::make_shared<CountingStore>(
        filesystem_store(disk_, "/vault/store", clock_, environment_.random));
    counted_ = vault_on(store_);
  }
  BackupResult run() {
    const auto source = segment_folder(disk_, "/source");
    store_->reset();
    BackupOptions asked = options();
    asked.scrub.operations = 0;  // Counted apart.
    return take_backup(*counted_, *source, asked);
  }
  /// Some history: points, statements, segments.
  void grow(int points) {
    for (int i = 0; i < points; ++i) {
      seal("h" + std::to_string(grown_++) + ".jsonl", "one\n");
      backup();
      clock_->advance(std::chrono::hours(1));
    }
  }

  std::shared_ptr<CountingStore> store_;
  std::shared_ptr<Vault> counted_;
  int grown_ = 0;
};

/// The last tile of the ledger is put when it has grown by four entries: the tile before it, the
/// entries since, the new tile.
constexpr std::uint64_t kTileCost = 5;

TEST_F(Budget, AnUnchangedRunCostsTheSameWhateverTheHistory) {
  std::vector<std::uint64_t> totals;
  for (const int points : {1, 20, 40}) {
    grow(points);
    count();
    EXPECT_EQ(run().status, BackupStatus::unchanged);  // Says so in the ledger.
    totals.push_back(store_->total());
    EXPECT_LE(store_->total(), 30U) << store_->print();
    EXPECT_EQ(run().status, BackupStatus::unchanged);  // Need not say it again.
    EXPECT_EQ(store_->count(StoreCall::put), 0U) << store_->print();
  }
  const auto [least, most] = std::ranges::minmax(totals);
  EXPECT_LE(most, least + kTileCost);
}

TEST_F(Budget, ANewSegmentCostsTheSameWhateverTheHistory) {
  std::vector<std::uint64_t> totals;
  for (const int points : {3, 15}) {
    grow(points);
    count();
    seal("new" + std::to_string(points) + ".jsonl", "new\n");
    EXPECT_EQ(run().segments_new, 1U);
    totals.push_back(store_->total());
    EXPECT_LE(store_->total(), 60U) << store_->print();
  }
  const auto [least, most] = std::ranges::minmax(totals);
  EXPECT_LE(most, least + kTileCost);
}

TEST_F(Budget, WhatIsReadAgainOfWhatIsOldCostsTwentyOperations) {
  grow(30);
  count();
  OpenTenant tenant(*counted_, TenantId("acme"));
  tenant.chains();
  tenant.policies();
  for (int i = 0; i < 50; ++i) {
    store_->reset();
    scrub_old(tenant, {}, {});
    EXPECT_LE(store_->total(), 20U) << store_->print();
    EXPECT_EQ(store_->count(StoreCall::put), 0U) << store_->print();
  }
}

TEST_F(Budget, NoOtherTenantIsLookedAt) {
  grow(2);
  const std::string id = backup(options("other")).recovery_point_id;
  count();
  run();
  EXPECT_EQ(store_->total("recovery-points/other/"), 0U) << store_->print();
  EXPECT_EQ(store_->total("ledger/other/"), 0U) << store_->print();
  store_->reset();
  const PointName point = find_point(*counted_, id);
  EXPECT_EQ(point.tenant, TenantId("other"));
  EXPECT_LE(store_->total(), 1U) << store_->print();
  store_->reset();
  open_segment(*store_, point, {StreamId("default"), SegmentId("h0")}, vault_->trust(),
               vault_->keys().identities);
  EXPECT_EQ(store_->count(StoreCall::list, "recovery-points/"), 0U) << store_->print();
  EXPECT_EQ(store_->total("ledger/acme/"), 0U) << store_->print();
}

/// Of a point that is told by its tenant and id, whatever else the vault holds.
TEST_F(Budget, EveryVerbOfAPointCostsTheSameAmongManyTenants) {
  grow(3);
  const PointName point{TenantId("acme"), backup().recovery_point_id};
  count();
  const TrustPolicy& trust = vault_->trust();
  const auto& identities = vault_->keys().identities;
  using Verb = std::function<void()>;
  int restored = 0;
  const std::vector<std::pair<const char*, Verb>> verbs{
      {"show", [&] { resolve_point(*store_, point, &trust, LedgerDepth::statement, 1, {}); }},
      {"list", [&] { list_points(*counted_, point.tenant); }},
      {"verify", [&] { verify_point(*store_, point, &trust, identities, {}); }},
      {"prove",
       [&] {
         prove_record(*store_, point, {{StreamId("default"), SegmentId("h0")}, 0}, trust,
                      identities);
       }},
      {"restore",
       [&] {
         restore_point(*store_, *disk_, *environment_.random, point,
                       "/restored" + std::to_string(restored++), trust, identities, {});
       }},
      {"backup", [&] { run(); }}};
  run();  // Says in the ledger that nothing is new; those that follow need not.
  const auto costs = [&] {
    std::vector<std::uint64_t> totals;
    for (const auto& [name, verb] : verbs) {
      store_->reset();
      verb();
      totals.push_back(store_->total());
    }
    return totals;
  };
  const auto alone = costs();
  for (int i = 0; i < 100; ++i) {
    const TenantId other("tenant" + std::to_string(i));
    put_object(vault_->store(), layout::recovery_point(other, "RP-" + std::to_string(i)),
               as_bytes("{}"), {});
  }
  const auto among = costs();
  for (std::size_t i = 0; i < verbs.size(); ++i) EXPECT_EQ(among[i], alone[i]) << verbs[i].first;
}

/// `verify --all`: what points have in common is read at the first of them, and each package once.
TEST_F(Budget, VerifyingEveryPointReadsEachPackageAndEntryOnce) {
  grow(12);
  count();
  PointVerifier verifier(*store_, TenantId("acme"), &vault_->trust(), vault_->keys().identities,
                         {});
  const auto points = list_points(*counted_, TenantId("acme"));
  ASSERT_EQ(points.size(), 12U);
  store_->reset();
  for (const auto& point : points) EXPECT_TRUE(verifier.verify(point.recovery_point_id).passed());
  EXPECT_EQ(store_->count(StoreCall::get, "ledger/acme/0/entries/"),
            keys("ledger/acme/0/entries/").size());
  EXPECT_EQ(store_->count(StoreCall::get, "manifests/"), 12U);
  EXPECT_EQ(store_->count(StoreCall::get, "segments/"), 24U)
      << store_->print();  // Tail and frames.
  seal("later.jsonl", "later");
  EXPECT_TRUE(verifier.verify(backup().recovery_point_id).passed());
}

TEST_F(Budget, AStatementCostsTwelveOperations) {
  grow(20);
  count();
  OpenTenant tenant(*counted_, TenantId("acme"));
  tenant.policies();
  for (int i = 0; i < 3; ++i) {
    store_->reset();
    append_statement(tenant,
                     {.header = counted_->new_header(TenantId("acme")),
                      .index = 0,
                      .action = std::string(acts::kChecked.action)},
                     tenant.document_retention(clock_->now()));
    EXPECT_LE(store_->total(), 12U) << store_->print();
  }
}

/// A proof's reading, the two statements, and the manifest that is kept.
TEST_F(Budget, AnExportCostsTheSameWhateverTheHistory) {
  grow(1);
  const TenantId tenant("acme");
  const auto first = vault_->catalog().newest_points(tenant, 1).front().recovery_point_id;
  std::vector<std::uint64_t> totals;
  for (const int points : {3, 40}) {
    grow(points);
    count();
    export_records(*counted_,
                   {.point = {tenant, first},
                    .selection = {{{StreamId("default"), SegmentId("h0")}, RecordRange{0, 0}}},
                    .folder = "/exported" + std::to_string(points)});
    totals.push_back(store_->total());
    EXPECT_LE(store_->total(), 90U) << store_->print();
  }
  const auto [least, most] = std::ranges::minmax(totals);
  EXPECT_LE(most, least + 4 * kTileCost);
}

TEST_F(Budget, ASegmentIsFoundPastAllOthers) {
  std::vector<std::uint64_t> totals;
  for (const int points : {4, 12}) {
    grow(points);
    BackupOptions full = options();
    full.type = BackupType::full;
    const std::string id = backup(full).recovery_point_id;
    clock_->advance(std::chrono::hours(1));
    count();
    store_->reset();
    open_segment(*store_, {TenantId("acme"), id}, {StreamId("default"), SegmentId("h1")},
                 vault_->trust(), vault_->keys().identities);
    totals.push_back(store_->total());
    EXPECT_LE(store_->total(), 40U) << store_->print();
  }
  EXPECT_EQ(totals[0], totals[1]);
}

}  // namespace
}  // namespace atp
