// SPDX-License-Identifier: Apache-2.0
/// Everything in a vault removed, emptied, swapped and changed in turn.
#include "atp/crypto/sha256.hpp"
#include "atp/storage/layout.hpp"
#include "verify/verifying.hpp"

namespace atp {
namespace {

using test::failed_subjects;
using test::named;
using test::small_vault;
using test::SmallVault;
using test::text_of;
using test::verify;

/// All but the other tenant's.
std::vector<std::string> keys() {
  std::vector<std::string> result;
  for (const auto& [key, bytes] : small_vault().objects()) {
    if (key == layout::kVault || layout::element(key, 1) == "acme-corp") result.push_back(key);
  }
  return result;
}

std::string checkpoint_of(std::uint64_t size) {
  return layout::ledger_checkpoint(small_vault().tenant, 0, size);
}

TEST(Damage, T045_EachObjectRemovedInTurnIsMissed) {
  for (const std::string& key : keys()) {
    if (key == checkpoint_of(2)) continue;  // What it pins, the newer one does.
    const auto store = small_vault().store_with(key, std::nullopt);
    const Report report = verify(*store);
    if (key == checkpoint_of(3)) {
      EXPECT_EQ(report.verdict(), CheckState::not_checked) << text_of(report);
      continue;
    }
    EXPECT_EQ(report.verdict(), CheckState::failed) << key;
    EXPECT_EQ(report.exit_code(), 20) << key;
    EXPECT_FALSE(failed_subjects(report).empty());
    const bool cut_off = key == layout::ledger_entry(small_vault().tenant, 0, 2);
    const std::string named = cut_off ? checkpoint_of(3) : key;  // Only that tells of a tail.
    EXPECT_TRUE(failed_subjects(report).contains(named)) << text_of(report);
  }
}

TEST(Damage, T012_EachObjectEmptiedOrZeroedIsFound) {
  for (const std::string& key : keys()) {
    const Bytes zeros(small_vault().objects().at(key).size());
    for (const Bytes& bytes : {Bytes(), zeros}) {
      const auto store = small_vault().store_with(key, bytes);
      const Report report = verify(*store);
      EXPECT_EQ(report.verdict(), CheckState::failed) << key << "\n" << text_of(report);
    }
  }
}

TEST(Damage, T047_EachObjectReplacedByAnotherOfItsKindIsFound) {
  const auto& objects = small_vault().objects();
  for (const std::string& key : keys()) {
    for (const auto& [other, bytes] : objects) {
      const bool same_kind = layout::element(key, 0) == layout::element(other, 0);
      if (!same_kind || objects.at(key) == bytes || key == layout::kVault) continue;
      const auto store = small_vault().store_with(key, bytes);
      const Report report = verify(*store);
      EXPECT_EQ(report.verdict(), CheckState::failed) << key << " is " << other;
    }
  }
}

TEST(Damage, EachObjectCutOrGrownIsFound) {
  for (const std::string& key : keys()) {
    Bytes cut = small_vault().objects().at(key);
    cut.pop_back();
    Bytes grown = small_vault().objects().at(key);
    grown.push_back(std::byte{'\n'});
    for (const Bytes& bytes : {cut, grown}) {
      EXPECT_EQ(verify(*small_vault().store_with(key, bytes)).verdict(), CheckState::failed) << key;
    }
  }
}

TEST(Damage, ABitFlippedHereAndThereInEachObjectIsFound) {
  constexpr std::size_t kFlips = 24;
  for (const std::string& key : keys()) {
    const Bytes& sound = small_vault().objects().at(key);
    for (std::size_t i = 0; i < kFlips; ++i) {
      const std::size_t at = i * (sound.size() - 1) / (kFlips - 1);
      Bytes bytes = sound;
      bytes[at] ^= std::byte(1U << (i % 8));
      const auto store = small_vault().store_with(key, bytes);
      const Report report =
          verify(*store, small_vault().incremental, {.depth = VerifyDepth::stored});
      EXPECT_EQ(report.verdict(), CheckState::failed) << key << " byte " << at;
    }
  }
}

TEST(Damage, OfOnePackageIsLocatedAndHidesNoOther) {
  const SmallVault& vault = small_vault();
  const std::string key = vault.key_of("segments/acme-corp/default/");
  Bytes package = vault.objects().at(key);
  package[package.size() / 2] ^= std::byte{0x10};
  const Report report = verify(*vault.store_with(key, package));
  EXPECT_EQ(failed_subjects(report), std::set<std::string>{key});
  const auto frames = named(report, "package.frame");
  for (const Check& check : frames) {
    EXPECT_EQ(check.stream, "default");
    EXPECT_EQ(check.segment, "000001");
    EXPECT_EQ(check.records, (*check.frame == 0 ? RecordRange{0, 4095} : RecordRange{4096, 4099}));
  }
  EXPECT_EQ(named(report, "package.stored_sha256").size(), 1U);
  EXPECT_EQ(named(report, "package.stored").size(), 2U);
  EXPECT_EQ(named(report, "package.content").size(), 2U);
}

TEST(Damage, OfOneManifestLeavesItsPackageCheckedByWhatThePointLists) {
  const SmallVault& vault = small_vault();
  const std::string key = layout::manifest(vault.tenant, StreamId("api"), 0);
  const Report report = verify(*vault.store_with(key, std::nullopt));
  EXPECT_EQ(failed_subjects(report), std::set<std::string>{key}) << text_of(report);
  const auto stored = named(report, "package.stored");
  ASSERT_EQ(stored.size(), 3U);
  EXPECT_EQ(stored.at(0).state, CheckState::verified);
  const auto content = named(report, "package.content");
  ASSERT_EQ(content.size(), 3U);
  EXPECT_EQ(content.at(0).state, CheckState::not_checked);
  EXPECT_EQ(content.at(0).segment, "000001");
  EXPECT_EQ(content.at(1).state, CheckState::verified);
}

TEST(Damage, OfOneListPageLeavesItsPackagesCheckedByTheirManifests) {
  const SmallVault& vault = small_vault();
  Report report;
  for (const auto& [key, bytes] : vault.objects()) {
    if (!key.starts_with("lists/acme-corp/")) continue;
    report = verify(*vault.store_with(key, std::nullopt));
    EXPECT_EQ(failed_subjects(report), std::set<std::string>{key}) << text_of(report);
    EXPECT_EQ(named(report, "package.content").size(), 3U);
    EXPECT_EQ(verdict_of(named(report, "package.content")), CheckState::verified);
    EXPECT_EQ(verdict_of(named(report, "point.coverage")), CheckState::not_checked);
  }
}

TEST(Damage, OfThePointItselfEndsTheSearchWithAFinding) {
  const SmallVault& vault = small_vault();
  const std::string key = layout::recovery_point(vault.tenant, vault.incremental);
  const Report report = verify(*vault.store_with(key, std::nullopt));
  EXPECT_EQ(failed_subjects(report), std::set<std::string>{key});
  EXPECT_EQ(named(report, "point.manifest").at(0).found, "none");
  EXPECT_TRUE(named(report, "package.stored").empty());
}

TEST(Damage, T052_ACutOffLedgerIsFound) {
  const SmallVault& vault = small_vault();
  test::Objects objects = vault.objects();
  objects.erase(layout::ledger_entry(vault.tenant, 0, 2));
  const Report by_checkpoint = verify(*vault.store_of(objects));
  EXPECT_TRUE(failed_subjects(by_checkpoint).contains(checkpoint_of(3))) << text_of(by_checkpoint);
  EXPECT_FALSE(verify(*vault.store_of(objects), vault.full).passed());
  objects.erase(checkpoint_of(3));
  const Report by_statement = verify(*vault.store_of(objects));
  EXPECT_EQ(named(by_statement, "ledger.statement").at(0).state, CheckState::failed);
}

TEST(Damage, T016_ACatalogThatAgreesWithATamperedPackageIsNotAsked) {
  const SmallVault vault;
  const std::string key = vault.key_of("segments/acme-corp/api/000002");
  Bytes package = vault.objects().at(key);
  package[package.size() - 20] ^= std::byte{1};
  DerivedRows rows = vault.vault->catalog().derived();
  for (SegmentRow& row : rows.segments) {
    if (row.tenant != vault.tenant || row.segment != SegmentId("000002")) continue;
    const std::string manifest_key = layout::manifest(vault.tenant, row.stream, row.sequence);
    const Bytes manifest = vault.resigned(manifest_key, {{"storedSha256", sha256(package).hex()}});
    row.manifest = as_text(manifest);
    row.manifest_sha256 = sha256(manifest);
  }
  vault.vault->catalog().replace_derived(rows);
  const Path file = vault_paths(vault.vault->home()).store / key;
  vault.files->open(file, OpenMode::read_write)->write_at(0, package);
  VerifyOptions options{};
  const Report report =
      verify_point(vault.vault->store(), find_point(vault.vault->store(), vault.incremental),
                   &vault.trust(), vault.identities(), options);
  EXPECT_EQ(failed_subjects(report), std::set<std::string>{key}) << text_of(report);
}

}  // namespace
}  // namespace atp
