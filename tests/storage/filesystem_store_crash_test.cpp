// SPDX-License-Identifier: Apache-2.0
/// Every operation of the filesystem store, broken off by a power loss before each of its steps,
/// with many images of the disk for each: what was acknowledged is there, and nothing half done
/// shows.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "atp/core/error.hpp"
#include "atp/storage/filesystem_store.hpp"
#include "support/error_kind.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"

namespace atp::test {
namespace {

constexpr std::uint64_t kRandomVariants = 100;

using Disk = std::shared_ptr<SimulatedFileSystem>;

const std::shared_ptr<ManualClock> kClock = std::make_shared<ManualClock>();
const Time kDate = kClock->now() + std::chrono::hours(24 * 365);
const Time kLaterDate = kDate + std::chrono::hours(24);
const PutOptions kOptions{.retain_until = kDate, .legal_hold = true};
const std::string kKey = "segments/acme/s1";

std::shared_ptr<ObjectStore> store_on(const Disk& disk) {
  return filesystem_store(disk, "/store", kClock, std::make_shared<SequenceRandom>());
}

Disk empty_disk() {
  const auto disk = std::make_shared<SimulatedFileSystem>();
  create_directories(*disk, "/store");
  return disk;
}

const std::string& long_text() {
  static const std::string text = [] {
    std::string made;
    for (int i = 0; i < 400; ++i) made += "line " + std::to_string(i) + "\n";
    return made;
  }();
  return text;
}

/// In pieces, so that images may hold some of them only.
void put_pieces(ObjectStore& store, const std::string& key, const std::string& text,
                const PutOptions& options) {
  const auto writer = store.create(key, options);
  for (std::size_t from = 0; from < text.size(); from += 1000) {
    writer->write(as_bytes(text).subspan(from, std::min<std::size_t>(1000, text.size() - from)));
  }
  writer->commit(std::nullopt);
}

/// Absent, or whole with the immutability it was put with.
void expect_absent_or_whole(ObjectStore& store, const std::string& key, const std::string& text,
                            const Immutability& immutability) {
  const auto info = store.stat(key);
  std::set<std::string> keys;
  for_each_key(store, "", [&](const std::string& found) { keys.insert(found); });
  ASSERT_EQ(keys.count(key), info ? 1U : 0U);
  if (!info) return;
  ASSERT_EQ(info->size, text.size());
  ASSERT_EQ(as_text(get_object(store, key, 1 << 20)), text);
  ASSERT_EQ(info->immutability, immutability);
}

struct Crashes {
  Disk before;
  std::function<void(ObjectStore&)> act;
  /// Looks at the disk after a crash; `acknowledged` where `act` had returned.
  std::function<void(const Disk&, bool acknowledged)> check;
};

std::vector<Variant> all_variants() {
  std::vector<Variant> variants{Variant::all(), Variant::none()};
  for (std::uint64_t seed = 0; seed < kRandomVariants; ++seed) {
    variants.push_back(Variant::random(seed));
  }
  return variants;
}

bool acts_without_crash(const Crashes& crashes, const Disk& disk) {
  try {
    crashes.act(*store_on(disk));
    return true;
  } catch (const SimulatedCrash&) {
    return false;
  }
}

/// How many different disks were checked.
std::size_t run(const Crashes& crashes) {
  std::set<std::uint64_t> images;
  bool finished = false;
  for (std::uint64_t point = 1; !finished; ++point) {
    const Disk disk = crashes.before->reboot(Variant::all());
    disk->crash_after(point);
    const bool acknowledged = acts_without_crash(crashes, disk);
    finished = acknowledged && !disk->crashed();
    for (const Variant& variant : all_variants()) {
      SCOPED_TRACE("crash at operation " + std::to_string(point) + ", variant " +
                   std::to_string(static_cast<int>(variant.kind)) + " seed " +
                   std::to_string(variant.seed));
      const Disk image = disk->reboot(variant);
      images.insert(image->image_digest());
      crashes.check(image, acknowledged);
      if (::testing::Test::HasFatalFailure()) return images.size();
    }
  }
  ::testing::Test::RecordProperty("images", std::to_string(images.size()));
  return images.size();
}

Disk disk_with_object() {
  const Disk disk = empty_disk();
  put_pieces(*store_on(disk), kKey, "the object", kOptions);
  return disk->reboot(Variant::none());
}

TEST(FilesystemStoreCrash, T001_APutIsWholeOrAbsentAndAnAcknowledgedOneStays) {
  const auto check = [](const Disk& disk, bool acknowledged) {
    const auto store = store_on(disk);
    expect_absent_or_whole(*store, kKey, long_text(), {kDate, true});
    if (acknowledged) {
      ASSERT_TRUE(store->stat(kKey));
    }
    // The next process finishes the work and finds the rubbish.
    store->tidy();
    put_same_object(*store, kKey, as_bytes(long_text()), kOptions);
    ASSERT_EQ(as_text(get_object(*store, kKey, 1 << 20)), long_text());
    ASSERT_EQ(store->stat(kKey)->immutability, (Immutability{kDate, true}));
    const auto left =
        disk->status("/store/.tmp") ? disk->list("/store/.tmp") : std::vector<DirectoryEntry>{};
    ASSERT_TRUE(left.empty());
  };
  const auto act = [](ObjectStore& store) { put_pieces(store, kKey, long_text(), kOptions); };
  EXPECT_GT(run({empty_disk(), act, check}), 150U);
}

TEST(FilesystemStoreCrash, T001_ASecondPutLeavesTheFirstObjectAsItIs) {
  const auto check = [](const Disk& disk, bool) {
    const auto store = store_on(disk);
    ASSERT_TRUE(store->stat(kKey));
    expect_absent_or_whole(*store, kKey, "the object", {kDate, true});
  };
  const PutOptions stricter{.retain_until = kLaterDate, .legal_hold = true};
  const auto act = [&](ObjectStore& store) {
    EXPECT_EQ(error_kind([&] { put_pieces(store, kKey, long_text(), stricter); }),
              ErrorKind::already_exists);
  };
  EXPECT_GT(run({disk_with_object(), act, check}), 5U);
}

TEST(FilesystemStoreCrash, T001_ThePutAfterOneThatWasNeverSyncedMakesItDurable) {
  const auto put = [](const Disk& disk) { put_object(*store_on(disk), kKey, as_bytes("x"), {}); };
  const Disk trial = empty_disk();
  const auto before = trial->operations();
  put(trial);
  // The last operation of a put syncs the folder in which the object has its name.
  const Disk disk = empty_disk();
  disk->fail_operation(trial->operations() - before, Operation::any);
  EXPECT_EQ(error_kind([&] { put(disk); }), ErrorKind::unavailable);
  ASSERT_TRUE(disk->status(Path("/store") / kKey)) << "the object has its name";
  ASSERT_FALSE(store_on(disk->reboot(Variant::none()))->stat(kKey)) << "and may lose it";
  put_same_object(*store_on(disk), kKey, as_bytes("x"), {});
  const auto store = store_on(disk->reboot(Variant::none()));
  expect_absent_or_whole(*store, kKey, "x", {});
  EXPECT_TRUE(store->stat(kKey));
}

/// Somebody may act on what was seen: it must not be gone after a power loss.
TEST(FilesystemStoreCrash, T001_WhatWasSeenOfAPutThatFailedAtItsLastSyncIsDurable) {
  const auto put = [](const Disk& disk) { put_object(*store_on(disk), kKey, as_bytes("x"), {}); };
  const Disk trial = empty_disk();
  const auto before = trial->operations();
  put(trial);
  const std::vector<std::function<void(ObjectStore&)>> looks{
      [](ObjectStore& store) { EXPECT_TRUE(store.stat(kKey)); },
      [](ObjectStore& store) { EXPECT_EQ(store.list("").keys.size(), 1U); },
      [](ObjectStore& store) { get_object(store, kKey, 10); }};
  for (const auto& look : looks) {
    const Disk disk = empty_disk();
    disk->fail_operation(trial->operations() - before, Operation::any);
    EXPECT_EQ(error_kind([&] { put(disk); }), ErrorKind::unavailable);
    look(*store_on(disk));
    EXPECT_TRUE(store_on(disk->reboot(Variant::none()))->stat(kKey));
  }
}

/// Whoever only reads must be able to, most of all from a disk that fails.
TEST(FilesystemStoreCrash, WhoOnlyReadsSyncsNothingAndWritesNothing) {
  const Disk disk = empty_disk();
  put_object(*store_on(disk), kKey, as_bytes("x"), {});
  const auto operations = disk->operations();
  const auto reader = filesystem_store(disk, "/store", kClock, std::make_shared<SequenceRandom>(),
                                       StoreAccess::read_only);
  EXPECT_TRUE(reader->stat(kKey));
  EXPECT_EQ(reader->list("").keys.size(), 1U);
  EXPECT_EQ(get_object(*reader, kKey, 10), to_bytes("x"));
  const std::vector<std::function<void()>> writes{
      [&] { put_object(*reader, "other", as_bytes("y"), {}); }, [&] { reader->remove(kKey); },
      [&] { reader->extend_retention(kKey, Time::max()); },
      [&] { reader->set_legal_hold(kKey, true); }};
  for (const auto& write : writes) EXPECT_EQ(error_kind(write), ErrorKind::permission_denied);
  EXPECT_EQ(disk->operations(), operations);
}

TEST(FilesystemStoreCrash, T001_AFolderThatAnotherProcessMadeIsDurableBeforeSuccess) {
  const Disk disk = empty_disk();
  disk->create_directory("/store/segments");
  disk->create_directory("/store/segments/acme");
  put_object(*store_on(disk), kKey, as_bytes("x"), kOptions);
  EXPECT_TRUE(store_on(disk->reboot(Variant::none()))->stat(kKey));
}

TEST(FilesystemStoreCrash, T001_ARetentionIsTheOldOneOrTheNewOne) {
  const auto check = [](const Disk& disk, bool acknowledged) {
    const auto info = store_on(disk)->stat(kKey);
    ASSERT_TRUE(info);
    ASSERT_TRUE(info->immutability.legal_hold);
    if (acknowledged || info->immutability.retain_until != kDate) {
      ASSERT_EQ(info->immutability.retain_until, kLaterDate);
    }
    ASSERT_EQ(store_on(disk)->extend_retention(kKey, kLaterDate), kLaterDate);
  };
  const auto act = [](ObjectStore& store) { store.extend_retention(kKey, kLaterDate); };
  EXPECT_GT(run({disk_with_object(), act, check}), 5U);
}

TEST(FilesystemStoreCrash, T001_ADateThatWasNeverSyncedIsDurableOnceToldAgain) {
  const Disk disk = disk_with_object();
  disk->fail_operation(2, Operation::sync_directory);  // After `.tmp` itself.
  EXPECT_EQ(error_kind([&] { store_on(disk)->extend_retention(kKey, kLaterDate); }),
            ErrorKind::unavailable);
  ASSERT_EQ(store_on(disk->reboot(Variant::none()))->stat(kKey)->immutability.retain_until, kDate);
  EXPECT_EQ(store_on(disk)->extend_retention(kKey, kLaterDate), kLaterDate);
  EXPECT_EQ(store_on(disk->reboot(Variant::none()))->stat(kKey)->immutability.retain_until,
            kLaterDate);
}

TEST(FilesystemStoreCrash, T001_AHoldIsThereOnceAcknowledged) {
  const Disk before = empty_disk();
  put_object(*store_on(before), kKey, as_bytes("the object"),
             {.retain_until = kDate, .legal_hold = false});
  const auto check = [](const Disk& disk, bool acknowledged) {
    const auto info = store_on(disk)->stat(kKey);
    ASSERT_TRUE(info);
    ASSERT_EQ(info->immutability.retain_until, kDate);
    if (acknowledged) {
      ASSERT_TRUE(info->immutability.legal_hold);
    }
  };
  const auto act = [](ObjectStore& store) { store.set_legal_hold(kKey, true); };
  EXPECT_GT(run({before, act, check}), 5U);
}

TEST(FilesystemStoreCrash, T001_ARemovalIsWholeOrNotAtAll) {
  const Disk before = empty_disk();
  const Time past = kClock->now() - std::chrono::hours(1);
  put_object(*store_on(before), kKey, as_bytes("the object"),
             {.retain_until = past, .legal_hold = false});
  const auto check = [&](const Disk& disk, bool acknowledged) {
    const auto store = store_on(disk);
    expect_absent_or_whole(*store, kKey, "the object", {past, false});
    if (acknowledged) {
      ASSERT_FALSE(store->stat(kKey));
    }
    if (store->stat(kKey)) store->remove(kKey);
    put_object(*store, kKey, as_bytes("anew"), kOptions);
    ASSERT_EQ(store->stat(kKey)->immutability, (Immutability{kDate, true}));
  };
  const auto act = [](ObjectStore& store) { store.remove(kKey); };
  EXPECT_GT(run({before, act, check}), 1U);
}

/// How many changing operations a put on an empty disk takes.
std::uint64_t operations_of_a_put() {
  const Disk disk = empty_disk();
  const auto before = disk->operations();
  put_pieces(*store_on(disk), kKey, long_text(), kOptions);
  return disk->operations() - before;
}

TEST(FilesystemStoreCrash, T002_APutWhoseSyncFailsIsNotAcknowledgedAndARetryIsWhole) {
  std::uint64_t failures = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    const Disk disk = empty_disk();
    disk->fail_sync(nth);
    const auto store = store_on(disk);
    const auto put = [&] { put_pieces(*store, kKey, long_text(), kOptions); };
    const auto kind = error_kind(put);
    if (!kind) break;
    ++failures;
    EXPECT_EQ(kind, ErrorKind::unavailable);
    EXPECT_FALSE(store->stat(kKey));
    EXPECT_TRUE(disk->list("/store/.tmp").empty());
    put();
    const auto survivor = store_on(disk->reboot(Variant::none()));
    ASSERT_TRUE(survivor->stat(kKey)) << "sync " << nth;
    expect_absent_or_whole(*survivor, kKey, long_text(), {kDate, true});
  }
  EXPECT_EQ(failures, 2U) << "one of the object, one of its retention";
}

TEST(FilesystemStoreCrash, T002_ARetentionWhoseSyncFailsIsNotAcknowledged) {
  const Disk disk = disk_with_object();
  disk->fail_sync(1);
  const auto store = store_on(disk);
  const auto extend = [&] { store->extend_retention(kKey, kLaterDate); };
  EXPECT_EQ(error_kind(extend), ErrorKind::unavailable);
  EXPECT_EQ(store->stat(kKey)->immutability, (Immutability{kDate, true}));
  extend();
  EXPECT_EQ(store_on(disk->reboot(Variant::none()))->stat(kKey)->immutability.retain_until,
            kLaterDate);
}

/// Fails every changing operation of a put in turn. The object may show only where the failure came
/// after it had its name, in the last operation.
void fail_each_operation(ErrorKind failure) {
  const std::uint64_t count = operations_of_a_put();
  ASSERT_GT(count, 10U);
  for (std::uint64_t nth = 1; nth <= count; ++nth) {
    SCOPED_TRACE("operation " + std::to_string(nth));
    const Disk disk = empty_disk();
    disk->fail_operation(nth, Operation::any, failure);
    EXPECT_EQ(error_kind([&] { put_pieces(*store_on(disk), kKey, long_text(), kOptions); }),
              failure);
    EXPECT_EQ(store_on(disk)->stat(kKey).has_value(), nth == count);
    expect_absent_or_whole(*store_on(disk), kKey, long_text(), {kDate, true});
    if (disk->status("/store/.tmp")) {
      EXPECT_TRUE(disk->list("/store/.tmp").empty());
    }
    put_same_object(*store_on(disk), kKey, as_bytes(long_text()), kOptions);
    const auto survivor = store_on(disk->reboot(Variant::none()));
    ASSERT_TRUE(survivor->stat(kKey));
    expect_absent_or_whole(*survivor, kKey, long_text(), {kDate, true});
  }
}

TEST(FilesystemStoreCrash, T003_AFailureOfAnyOperationFailsThePutAndLeavesNothing) {
  fail_each_operation(ErrorKind::unavailable);
}

TEST(FilesystemStoreCrash, T004_NoSpaceAtAnyOperationFailsThePutAndTheNextSucceeds) {
  fail_each_operation(ErrorKind::no_space);
}

TEST(FilesystemStoreCrash, T004_AFullDiskFailsThePutUntilSpaceReturns) {
  std::size_t refused = 0;
  for (std::uint64_t space = 0;; space += 97) {
    const Disk disk = empty_disk();
    put_object(*store_on(disk), "old", as_bytes("old"), kOptions);
    disk->space_limit(space);
    const auto store = store_on(disk);
    const auto put = [&] { put_pieces(*store, kKey, long_text(), kOptions); };
    const auto kind = error_kind(put);
    if (!kind) break;
    ++refused;
    EXPECT_EQ(kind, ErrorKind::no_space);
    EXPECT_FALSE(store->stat(kKey));
    EXPECT_TRUE(disk->list("/store/.tmp").empty());
    EXPECT_EQ(as_text(get_object(*store, "old", 10)), "old");
    EXPECT_EQ(error_kind([&] { store->remove("old"); }), ErrorKind::on_hold);
    disk->no_space_limit();
    put();
    expect_absent_or_whole(*store, kKey, long_text(), {kDate, true});
    EXPECT_TRUE(store->stat(kKey));
  }
  EXPECT_GT(refused, long_text().size() / 97);
}

/// As careless programs write: no sync at all. To show that the images can tell.
void put_carelessly(SimulatedFileSystem& disk, const std::string& text) {
  const auto file = disk.open("/store/new", OpenMode::create_new);
  file->write_at(0, as_bytes(text));
  disk.rename("/store/new", "/store/k");
  disk.sync_directory("/store");
}

bool is_zeros(std::string_view text) { return text.find_first_not_of('\0') == text.npos; }

TEST(FilesystemStoreCrash, T012_PowerLossNeverShowsAShortOrZeroedObject) {
  std::size_t bad = 0;
  const auto count_bad = [&](const Disk& image) {
    const auto bytes = find_object(*store_on(image), "k", 1 << 20);
    if (bytes && (bytes->size() != long_text().size() || is_zeros(as_text(*bytes)))) ++bad;
  };
  const Disk careless = empty_disk();
  put_carelessly(*careless, long_text());
  for (const Variant& variant : all_variants()) count_bad(careless->reboot(variant));
  EXPECT_GT(bad, 10U) << "the images are too kind to show anything";

  bad = 0;
  const auto act = [](ObjectStore& store) { put_pieces(store, "k", long_text(), kOptions); };
  run({empty_disk(), act, [&](const Disk& image, bool) { count_bad(image); }});
  EXPECT_EQ(bad, 0U);
}

}  // namespace
}  // namespace atp::test
