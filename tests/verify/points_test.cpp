// SPDX-License-Identifier: Apache-2.0
/// Finding points in a store that nobody vouches for.
#include "atp/storage/filesystem_store.hpp"
#include "atp/storage/layout.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"
#include "verify/verifying.hpp"

namespace atp {
namespace {

using test::small_vault;
using test::SmallVault;
using Points = std::vector<PointName>;

TEST(ListPoints, GivesThemByTenantAndInOrderOfTheLedger) {
  const SmallVault& vault = small_vault();
  const auto store = vault.store_of(vault.objects());
  EXPECT_EQ(list_points(*store, std::nullopt), (Points{{vault.other_tenant, vault.other_point},
                                                       {vault.tenant, vault.full},
                                                       {vault.tenant, vault.incremental}}));
}

TEST(ListPoints, T070_OfOneTenantAreNotThoseOfItsNamesake) {
  const SmallVault& vault = small_vault();
  const auto store = vault.store_of(vault.objects());
  EXPECT_EQ(list_points(*store, vault.other_tenant),
            (Points{{vault.other_tenant, vault.other_point}}));
  EXPECT_EQ(list_points(*store, TenantId("acme-")), Points{});
}

TEST(ListPoints, T012_PassesOverEntriesThatAreDamaged) {
  const SmallVault& vault = small_vault();
  const std::string key = layout::ledger_entry(vault.tenant, 0, 1);
  for (const auto& bytes : {std::optional<Bytes>(), std::optional(Bytes()),
                            std::optional(Bytes(100)), std::optional(Bytes(100'000))}) {
    const auto store = vault.store_with(key, bytes);
    EXPECT_EQ(list_points(*store, vault.tenant), (Points{{vault.tenant, vault.incremental}}));
  }
}

TEST(ListPoints, OfAStoreWithStrangeNamesPassesOverThem) {
  const SmallVault& vault = small_vault();
  test::Objects objects = vault.objects();
  objects.emplace("ledger/=ZZ/0/entries/00000000000000000000", Bytes());
  objects.emplace("ledger/Upper/x", Bytes());
  objects.emplace("recovery-points/=ZZ/x.json", Bytes());
  const auto store = vault.store_of(objects);
  EXPECT_EQ(list_points(*store, std::nullopt).size(), 3U);
  EXPECT_EQ(find_point(*store, vault.full).tenant, vault.tenant);
}

TEST(ListPoints, OfAFolderWithStrangeFilesPassesOverThem) {
  const SmallVault& vault = small_vault();
  const auto disk = std::make_shared<test::SimulatedFileSystem>();
  const auto store = filesystem_store(disk, "/", std::make_shared<test::ManualClock>(),
                                      std::make_shared<test::SequenceRandom>());
  for (const auto& [key, bytes] : vault.objects()) put_object(*store, key, bytes, {});
  create_directories(*disk, "/timestamps/zzz/@eaDir");
  for (const std::string name : {"/timestamps/zzz/a b", "/ledger/k~", "/documents/other~"}) {
    create_directories(*disk, Path(name).parent_path());
    disk->open(name, OpenMode::create_new);
  }
  EXPECT_EQ(list_points(*store, std::nullopt).size(), 3U);
  EXPECT_EQ(find_point(*store, vault.full).tenant, vault.tenant);
}

TEST(FindPoint, KnowsEachPoint) {
  const SmallVault& vault = small_vault();
  const auto store = vault.store_of(vault.objects());
  EXPECT_EQ(find_point(*store, vault.full).tenant, vault.tenant);
  EXPECT_EQ(find_point(*store, vault.other_point).tenant, vault.other_tenant);
  EXPECT_EQ(test::error_kind([&] { find_point(*store, "RP-x"); }), ErrorKind::not_found);
}

TEST(FindPoint, KnowsAPointWhoseManifestIsLost) {
  const SmallVault& vault = small_vault();
  const auto store =
      vault.store_with(layout::recovery_point(vault.tenant, vault.full), std::nullopt);
  EXPECT_EQ(find_point(*store, vault.full).tenant, vault.tenant);
}

TEST(FindPoint, KnowsAPointWhoseLedgerIsLost) {
  const SmallVault& vault = small_vault();
  test::Objects objects = vault.objects();
  std::erase_if(objects, [](const auto& each) { return each.first.starts_with("ledger/"); });
  const auto store = vault.store_of(objects);
  EXPECT_EQ(find_point(*store, vault.full).tenant, vault.tenant);
}

TEST(FindPoint, T069_ACopyUnderAnotherTenantDoesNotMakeItItsPoint) {
  const SmallVault& vault = small_vault();
  const Bytes& point = vault.objects().at(layout::recovery_point(vault.tenant, vault.full));
  const auto store =
      vault.store_with(layout::recovery_point(vault.other_tenant, vault.full), point);
  EXPECT_EQ(find_point(*store, vault.full).tenant, vault.tenant);
  EXPECT_TRUE(test::verify(*store, vault.full).passed());
}

}  // namespace
}  // namespace atp
