// SPDX-License-Identifier: Apache-2.0
/// What a crash, a lying memory or a damaged disk does to a history, and what the next run makes of
/// it: nothing is cut off, made anew or believed.
#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "atp/storage/layout.hpp"
#include "atp/vault/vault_folder.hpp"
#include "crash/invariants.hpp"
#include "support/error_kind.hpp"

namespace atp::test {
namespace {

const std::vector<Stage>& life() {
  static const std::vector<Stage> made = stages();
  return made;
}
const Stage& before(Step step) { return life()[static_cast<std::size_t>(step)]; }

/// The disk after three runs, and what they acknowledged.
const Stage& whole() { return before(Step::restore); }

const Path kStore = vault_paths(kVaultFolder).store;
const Path kCatalog = vault_paths(kVaultFolder).catalog;
const std::string kLedgers = "ledger/";

DiskPtr copy_of(const Stage& stage) { return stage.disk->reboot(Variant::none()); }

std::vector<std::string> keys_below(const DiskPtr& files, const std::string& prefix) {
  std::vector<std::string> keys;
  const auto store = open_store(environment_of(files, 300), kVaultFolder);
  for_each_key(*store, prefix, [&](const std::string& key) { keys.push_back(key); });
  return keys;
}

Bytes read_object(const DiskPtr& files, const std::string& key) {
  return read_file(*files, kStore / key, 1 << 20);
}

void overwrite(const DiskPtr& files, const std::string& key, ByteView bytes) {
  write_durably(*files, kStore / key, as_text(bytes));
}

void flip(const DiskPtr& files, const std::string& key, std::uint64_t at) {
  const auto file = files->open(kStore / key, OpenMode::read_write);
  Bytes byte(1);
  file->read_at(at, byte);
  byte[0] ^= std::byte(1U << (at % 8));
  file->write_at(at, byte);
}

BackupResult backup(const DiskPtr& files, const Environment& environment) {
  const auto vault = open_house(environment);
  const auto source = segment_folder(files, kSource);
  return take_backup(*vault, *source, backup_options(house_tenant()));
}

std::optional<ErrorKind> refusal(const DiskPtr& files) {
  return error_kind([&] { backup(files, environment_of(files, 40)); });
}

/// How the restore of the newest point ends: with an error, findings, or a whole folder.
enum class Ending { refused, found, whole };
Ending restore_ending(const DiskPtr& files, const Stage& stage) {
  const auto vault = open_house(environment_of(files, 41));
  try {
    const auto result = restore_house(*vault, stage.done.points.back(), kRestored);
    return result.report.passed() ? Ending::whole : Ending::found;
  } catch (const Error&) {
    return Ending::refused;
  }
}

// What of a run is durable, in the order of writes.
enum class Written { nothing, package, manifest, list, point, entry, checkpoint };

Written written_since(const Stage& stage, const DiskPtr& files) {
  const std::array<std::string, 6> prefixes{
      layout::packages(house_tenant()),          layout::manifests(house_tenant()),
      "lists/" + house_tenant().str() + "/",     layout::recovery_points(house_tenant()),
      layout::ledger_entries(house_tenant(), 0), layout::ledger_checkpoints(house_tenant(), 0)};
  std::size_t last = 0;
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    const bool more =
        keys_below(files, prefixes[i]).size() > keys_below(stage.disk, prefixes[i]).size();
    EXPECT_TRUE(!more || last == i) << prefixes[i] << " came before what it needs";
    if (more) last = i + 1;
  }
  return static_cast<Written>(last);
}

TEST(OrderOfWrites, T005_EachObjectIsDurableBeforeWhatNamesItAndTheCatalogFollows) {
  const Stage& stage = before(Step::incremental);
  std::set<Written> seen;
  for (std::uint64_t nth = 1;; ++nth) {
    const DiskPtr files = copy_of(stage);
    files->crash_after(nth);
    Acknowledged done = stage.done;
    const bool ended = run_until_crash(stage.step, files, 10, done);
    const DiskPtr image = files->reboot(Variant::none());
    const Written written = written_since(stage, image);
    seen.insert(written);
    EXPECT_TRUE(!ended || written == Written::checkpoint);
    const auto vault = open_house(environment_of(image, 42));
    const DerivedRows rows = derive_rows(*vault, {}, nullptr);
    EXPECT_EQ(rows.points.size(), written >= Written::entry ? 2U : 1U);
    EXPECT_EQ(rows.segments.size(), written >= Written::manifest ? 3U : 2U);
    EXPECT_LE(vault->catalog().derived().points.size(), rows.points.size());
    EXPECT_EQ(completed_points(vault->store(), house_tenant()).size(), rows.points.size());
    rebuild_catalog(*vault, {}, nullptr);
    EXPECT_EQ(vault->catalog().derived(), rows);
    ASSERT_FALSE(HasFailure()) << "operation " << nth;
    if (ended) break;
  }
  EXPECT_EQ(seen.size(), 7U);
}

/// What the doctor finds of the tenant's ledger: nobody else reads what is old.
std::optional<ErrorKind> found_by_doctor(const DiskPtr& files) {
  const auto vault = open_house(environment_of(files, 44));
  for (const Finding& finding : examine(*vault)) {
    if (finding.name == "ledger") return finding.error;
  }
  return std::nullopt;
}

TEST(DamagedHistory, T006_EveryFlippedByteOfTheLedgerIsFoundAndNothingIsCutOff) {
  const Acknowledged& done = whole().done;
  std::uint64_t flips = 0;
  for (const std::string& key : keys_below(whole().disk, kLedgers)) {
    const std::uint64_t size = read_object(whole().disk, key).size();
    for (std::uint64_t at = 0; at < size; at += kThinning, ++flips) {
      const DiskPtr files = copy_of(whole());
      flip(files, key, at);
      const auto before_backup = keys_below(files, kLedgers);
      ASSERT_TRUE(is_of_changed_bytes(found_by_doctor(files))) << key << " byte " << at;
      ASSERT_EQ(keys_below(files, kLedgers), before_backup);
      const auto vault = open_house(environment_of(files, 43));
      ASSERT_EQ(vault->catalog().points(house_tenant()).size(), done.points.size());
      ASSERT_EQ(rebuild_catalog(*vault, {}, nullptr).damaged.size(), 1U);
      const auto again =
          refusal(files);  // The tenant is halted, unless the bytes are a later version's.
      ASSERT_TRUE(again == ErrorKind::precondition_failed || is_of_changed_bytes(again));
      ASSERT_EQ(vault->catalog().points(house_tenant()).size(), done.points.size());
    }
  }
  EXPECT_GT(flips, 2000U / kThinning);
}

TEST(DamagedHistory, T006_ALedgerEntryThatIsGoneIsFoundWhereverItWas) {
  for (const std::string& key :
       keys_below(whole().disk, layout::ledger_entries(house_tenant(), 0))) {
    const DiskPtr files = copy_of(whole());
    files->remove(kStore / key);
    EXPECT_EQ(found_by_doctor(files), ErrorKind::corrupt) << key;
    EXPECT_EQ(refusal(files), ErrorKind::precondition_failed) << key;
    EXPECT_EQ(keys_below(files, layout::recovery_points(house_tenant())).size(),
              whole().done.points.size());
  }
}

TEST(DamagedHistory, T006_ATailCutOffWithItsCheckpointsIsSeenByTheCatalog) {
  const DiskPtr files = copy_of(whole());
  const auto entries = keys_below(files, layout::ledger_entries(house_tenant(), 0));
  files->remove(kStore / entries.back());
  files->remove(kStore / keys_below(files, layout::ledger_checkpoints(house_tenant(), 0)).back());
  EXPECT_EQ(refusal(files), ErrorKind::corrupt);
}

TEST(DamagedHistory, T006_EveryFlippedByteOfASegmentManifestIsFoundByARebuild) {
  for (const std::string& key : keys_below(whole().disk, layout::manifests(house_tenant()))) {
    const std::uint64_t size = read_object(whole().disk, key).size();
    for (std::uint64_t at = 0; at < size; at += 3) {
      const DiskPtr files = copy_of(whole());
      flip(files, key, at);
      const auto vault = open_house(environment_of(files, 44));
      const auto kind = error_kind([&] { derive_rows(*vault, {}, nullptr); });
      // A flipped digit of the version makes a document of a later one.
      ASSERT_TRUE(is_of_changed_bytes(kind)) << key << " byte " << at;
      ASSERT_EQ(verify_in(*vault, whole().done.points.back(), VerifyDepth::stored).verdict(),
                CheckState::failed)
          << key << " byte " << at;
    }
  }
}

TEST(DamagedHistory, T006_ASegmentManifestThatIsGoneIsFoundAndTheChainNeverForks) {
  for (const std::string& key : keys_below(whole().disk, layout::manifests(house_tenant()))) {
    const DiskPtr files = copy_of(whole());
    files->remove(kStore / key);
    const auto vault = open_house(environment_of(files, 45));
    EXPECT_EQ(verify_in(*vault, whole().done.points.back(), VerifyDepth::stored).verdict(),
              CheckState::failed);
    // A run that seals nothing new puts nothing in its place.
    refusal(files);
    EXPECT_FALSE(files->status(kStore / key)) << key;
  }
}

TEST(LyingMemory, T008_ABitFlippedAtAnyStageFailsTheRunBeforeItCompletes) {
  const Stage& stage = before(Step::incremental);
  for (const PackageStage where :
       {PackageStage::read, PackageStage::compressed, PackageStage::sealed}) {
    for (const std::uint64_t position : {0U, 1U, 5U, 11U, 17U, 1'000'000U}) {
      const DiskPtr files = copy_of(stage);
      const Environment environment = environment_of(files, 50);
      const auto vault = open_house(environment);
      const auto source = segment_folder(files, kSource);
      BackupOptions options = backup_options(house_tenant());
      bool flipped = false;
      options.probe = [&](PackageStage at, MutableByteView bytes) {
        if (flipped || at != where || bytes.empty()) return;
        bytes[std::min<std::uint64_t>(position, bytes.size() - 1)] ^= std::byte{4};
        flipped = true;
      };
      EXPECT_EQ(error_kind([&] { take_backup(*vault, *source, options); }), ErrorKind::corrupt);
      EXPECT_TRUE(flipped);
      EXPECT_EQ(completed_points(vault->store(), house_tenant()), stage.done.points);
      EXPECT_EQ(keys_below(files, layout::packages(house_tenant())),
                keys_below(stage.disk, layout::packages(house_tenant())));
      EXPECT_EQ(backup(files, environment_of(files, 51)).status, BackupStatus::completed);
    }
  }
}

/// The run until the power went after the first segment was sealed.
DiskPtr half_a_run() {
  const Stage& stage = before(Step::full);
  for (std::uint64_t nth = 1;; ++nth) {
    const DiskPtr files = copy_of(stage);
    files->crash_after(nth);
    Acknowledged done = stage.done;
    run_until_crash(stage.step, files, 10, done);
    const DiskPtr image = files->reboot(Variant::all());
    if (keys_below(image, layout::manifests(house_tenant())).size() == 1) return image;
  }
}

TEST(ResumedRun, T009_ReadsAgainWhatWasNotSealedAndKeepsWhatWas) {
  const DiskPtr files = half_a_run();
  const std::string sealed = keys_below(files, layout::manifests(house_tenant())).front();
  const bool api_first = sealed.find("/api/") != std::string::npos;
  const Path changed = kSource / (api_first ? "000001.jsonl" : "api/000001.jsonl");
  write_durably(*files, changed, "{\"changed\":1}\n");
  const auto result = backup(files, environment_of(files, 60));
  EXPECT_EQ(result.status, BackupStatus::completed);
  const auto vault = open_house(environment_of(files, 61));
  EXPECT_TRUE(restore_house(*vault, result.recovery_point_id, kRestored).report.passed());
  EXPECT_EQ(texts_below(*files, kRestored), texts_below(*files, kSource));
}

TEST(ResumedRun, T009_ASealedSegmentThatChangedSinceIsAnAlarmAndStaysAsItWas) {
  const DiskPtr files = half_a_run();
  const std::string sealed = keys_below(files, layout::manifests(house_tenant())).front();
  const bool api_first = sealed.find("/api/") != std::string::npos;
  const Texts sound = texts_below(*files, kSource);
  write_durably(*files, kSource / (api_first ? "api/000001.jsonl" : "000001.jsonl"), "other\n");
  const auto result = backup(files, environment_of(files, 60));
  EXPECT_EQ(result.status, BackupStatus::alarm);
  ASSERT_EQ(result.alarms.size(), 1U);
  const auto vault = open_house(environment_of(files, 61));
  EXPECT_TRUE(restore_house(*vault, result.recovery_point_id, kRestored).report.passed());
  EXPECT_EQ(texts_below(*files, kRestored), sound);
}

TEST(ZeroedObject, T012_OfAnyKindIsFoundAndNeverRestored) {
  for (const std::string& key : keys_below(whole().disk, "")) {
    if (key.starts_with("probes/")) continue;
    for (const Bytes& bytes : {Bytes(), Bytes(read_object(whole().disk, key).size())}) {
      const DiskPtr files = copy_of(whole());
      overwrite(files, key, bytes);
      if (key == "vault.json") {
        EXPECT_EQ(error_kind([&] { open_house(environment_of(files, 46)); }), ErrorKind::corrupt);
        continue;
      }
      // Of the ledger a restore reads the entry that completes its point; of the rest, see above.
      if (key.starts_with(kLedgers) && restore_ending(files, whole()) == Ending::whole) continue;
      EXPECT_NE(restore_ending(files, whole()), Ending::whole) << key;
      EXPECT_TRUE(texts_below(*files, kRestored).empty()) << key;
    }
  }
}

/// The catalog's file as it may be found.
struct Loss {
  std::string name;
  std::function<void(const DiskPtr&)> lose;
};

std::vector<Loss> losses() {
  return {{"missing", [](const DiskPtr& files) { files->remove(kCatalog); }},
          {"first page zeroed", [](const DiskPtr& files) { wreck_catalog(*files); }},
          {"empty",
           [](const DiskPtr& files) { files->open(kCatalog, OpenMode::read_write)->truncate(0); }},
          {"of another vault", [](const DiskPtr& files) {
             files->remove(kCatalog);
             create_sqlite_catalog(files, std::make_shared<SequenceRandom>(5), kCatalog,
                                   std::string(32, 'a'));
           }}};
}

TEST(LostCatalog, T015_IsNeverMadeAnewByARunAndIsMendedByARebuild) {
  for (const Loss& loss : losses()) {
    SCOPED_TRACE(loss.name);
    const DiskPtr files = copy_of(whole());
    loss.lose(files);
    const bool there = files->status(kCatalog).has_value();
    const Bytes found = there ? read_file(*files, kCatalog, 1 << 20) : Bytes();
    EXPECT_EQ(refusal(files), ErrorKind::unavailable);
    ASSERT_EQ(files->status(kCatalog).has_value(), there);
    EXPECT_EQ(there ? read_file(*files, kCatalog, 1 << 20) : Bytes(), found);
    const auto vault = open_house(environment_of(files, 47));
    EXPECT_FALSE(vault->catalog_problem().empty());
    EXPECT_TRUE(verify_in(*vault, whole().done.points.back(), VerifyDepth::content).passed());
    EXPECT_EQ(rebuild_catalog(*vault, {}, nullptr).kept.has_value(), there);
    EXPECT_EQ(vault->catalog().derived(), derive_rows(*vault, {}, nullptr));
    EXPECT_EQ(backup(files, environment_of(files, 48)).status, BackupStatus::unchanged);
  }
}

TEST(LostCatalog, T015_AnOlderOneTakesUpWhatWasSignedSince) {
  const DiskPtr files = copy_of(whole());
  const Bytes old = read_file(*before(Step::incremental).disk, kCatalog, 1 << 20);
  write_durably(*files, kCatalog, as_text(old));
  EXPECT_EQ(backup(files, environment_of(files, 48)).status, BackupStatus::unchanged);
  const auto vault = open_house(environment_of(files, 47));
  EXPECT_EQ(vault->catalog().derived(), derive_rows(*vault, {}, nullptr));
}

TEST(ForeignPackage, T037_UnderASegmentsKeyIsFoundAndNotRestored) {
  const auto packages = keys_below(whole().disk, layout::packages(house_tenant()));
  ASSERT_EQ(packages.size(), 3U);
  // Another vault's: the same segments, sealed by other keys.
  const DiskPtr other = std::make_shared<SimulatedFileSystem>();
  Acknowledged done;
  create_vault(environment_of(other, 900), kVaultFolder,
               {.region = Region("west"), .configuration = kConfiguration});
  prepare(Step::incremental, *other);
  run(Step::incremental, other, 901, done);
  for (const std::string& key : packages) {
    std::vector<Bytes> foreign;
    for (const std::string& from : packages) {
      if (from != key) foreign.push_back(read_object(whole().disk, from));
    }
    for (const std::string& from : keys_below(other, layout::packages(house_tenant()))) {
      foreign.push_back(read_object(other, from));
    }
    for (const Bytes& bytes : foreign) {
      const DiskPtr files = copy_of(whole());
      overwrite(files, key, bytes);
      const auto vault = open_house(environment_of(files, 49));
      const Report report = verify_in(*vault, whole().done.points.back(), VerifyDepth::content);
      EXPECT_EQ(report.verdict(), CheckState::failed) << key;
      EXPECT_EQ(restore_ending(files, whole()), Ending::found) << key;
      EXPECT_TRUE(texts_below(*files, kRestored).empty()) << key;
    }
  }
}

}  // namespace
}  // namespace atp::test
