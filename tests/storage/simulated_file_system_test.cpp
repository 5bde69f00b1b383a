// SPDX-License-Identifier: Apache-2.0
/// The simulator loses what a disk may lose, and nothing else.
#include "support/simulated_file_system.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/error_kind.hpp"

namespace atp::test {
namespace {

std::string text_of(FileSystem& files, const Path& path) {
  return std::string(as_text(read_file(files, path, 1 << 20)));
}

class Simulation : public ::testing::Test {
 protected:
  std::unique_ptr<File> create(const Path& path, std::string_view text) {
    auto file = files.open(path, OpenMode::create_new);
    file->write_at(0, as_bytes(text));
    return file;
  }
  void create_durable(const Path& path, std::string_view text) {
    create(path, text)->sync();
    files.sync_directory(path.parent_path());
  }
  bool survives(const Path& path, const Variant& variant = Variant::none()) {
    return files.reboot(variant)->status(path).has_value();
  }

  SimulatedFileSystem files;
};

TEST_F(Simulation, BehavesAsAFileSystem) {
  files.create_directory("/d");
  create("/d/f", "0123")->write_at(6, as_bytes("67"));
  const std::string hole(
      "0123\0\0"
      "67",
      8);
  EXPECT_EQ(text_of(files, "/d/f"), hole);
  files.open("/d/f", OpenMode::read_write)->truncate(2);
  EXPECT_EQ(text_of(files, "/d/f"), "01");
  EXPECT_EQ(files.status("/d/f")->size, 2U);
  EXPECT_EQ(files.status("/d")->type, FileType::directory);
  EXPECT_FALSE(files.status("/d/f/g"));
  files.rename("/d/f", "/g");
  EXPECT_FALSE(files.status("/d/f"));
  EXPECT_EQ(files.list("/").size(), 2U);
  files.remove("/d");
  EXPECT_EQ(files.list("/").front().name, "g");
}

TEST_F(Simulation, RefusesAsAFileSystem) {
  files.create_directory("/d");
  create("/d/f", "");
  const auto kind = [&](auto call) { return error_kind(call); };
  EXPECT_EQ(kind([&] { files.open("/x", OpenMode::read); }), ErrorKind::not_found);
  EXPECT_EQ(kind([&] { files.open("/x/y", OpenMode::create_new); }), ErrorKind::not_found);
  EXPECT_EQ(kind([&] { files.open("/d/f", OpenMode::create_new); }), ErrorKind::already_exists);
  EXPECT_EQ(kind([&] { files.open("/d", OpenMode::read); }), ErrorKind::invalid_argument);
  EXPECT_EQ(kind([&] { files.open("d", OpenMode::read); }), ErrorKind::invalid_argument);
  EXPECT_EQ(kind([&] { files.create_directory("/d"); }), ErrorKind::already_exists);
  EXPECT_EQ(kind([&] { files.create_directory("/x/y"); }), ErrorKind::not_found);
  EXPECT_EQ(kind([&] { files.rename_new("/d/f", "/d"); }), ErrorKind::already_exists);
  EXPECT_EQ(kind([&] { files.rename("/x", "/y"); }), ErrorKind::not_found);
  EXPECT_EQ(kind([&] { files.remove("/d"); }), ErrorKind::unavailable);
  EXPECT_EQ(kind([&] { files.remove("/x"); }), ErrorKind::not_found);
  EXPECT_EQ(kind([&] { files.list("/d/f"); }), ErrorKind::not_found);
  EXPECT_EQ(kind([&] { files.open("/d/f", OpenMode::read)->write_at(0, as_bytes("x")); }),
            ErrorKind::unavailable);
}

TEST_F(Simulation, AFileWithoutItsNameSyncedIsGone) {
  create("/f", "text")->sync();
  EXPECT_FALSE(survives("/f"));
  EXPECT_TRUE(survives("/f", Variant::all()));
  files.sync_directory("/");
  EXPECT_TRUE(survives("/f"));
}

TEST_F(Simulation, ANameWithoutContentsSyncedIsAnEmptyFile) {
  const auto file = create("/f", "text");
  files.sync_directory("/");
  EXPECT_EQ(text_of(*files.reboot(Variant::none()), "/f"), "");
  EXPECT_EQ(text_of(*files.reboot(Variant::all()), "/f"), "text");
  file->sync();
  EXPECT_EQ(text_of(*files.reboot(Variant::none()), "/f"), "text");
}

TEST_F(Simulation, ARenameIsNotDurableBeforeItsFolderIs) {
  create_durable("/old", "new contents");
  create_durable("/name", "old contents");
  files.rename("/old", "/name");
  EXPECT_EQ(text_of(files, "/name"), "new contents");
  const auto before = files.reboot(Variant::none());
  EXPECT_EQ(text_of(*before, "/name"), "old contents");
  EXPECT_EQ(text_of(*before, "/old"), "new contents");
  files.sync_directory("/");
  const auto after = files.reboot(Variant::none());
  EXPECT_EQ(text_of(*after, "/name"), "new contents");
  EXPECT_FALSE(after->status("/old"));
}

TEST_F(Simulation, ARenameAcrossFoldersIsInBothOrInNeither) {
  files.create_directory("/a");
  files.create_directory("/b");
  files.sync_directory("/");
  create_durable("/a/f", "text");
  files.rename_new("/a/f", "/b/f");
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto image = files.reboot(Variant::random(seed));
    EXPECT_NE(image->status("/a/f").has_value(), image->status("/b/f").has_value());
  }
  files.sync_directory("/a");
  EXPECT_TRUE(survives("/a/f"));
  files.sync_directory("/b");
  EXPECT_FALSE(survives("/a/f"));
  EXPECT_TRUE(survives("/b/f"));
}

TEST_F(Simulation, ACommittedRenameDoesNotLeaveItsOldNameBehind) {
  files.create_directory("/tmp");
  files.sync_directory("/");
  create("/tmp/f", "text")->sync();
  files.rename_new("/tmp/f", "/f");
  files.sync_directory("/");
  const auto image = files.reboot(Variant::all());
  EXPECT_TRUE(image->status("/f"));
  EXPECT_TRUE(image->list("/tmp").empty());
}

TEST_F(Simulation, EntriesOfOneFolderPersistIndependently) {
  create("/a", "");
  create("/b", "");
  std::set<std::pair<bool, bool>> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto image = files.reboot(Variant::random(seed));
    seen.emplace(image->status("/a").has_value(), image->status("/b").has_value());
  }
  EXPECT_EQ(seen.size(), 4U);
}

TEST_F(Simulation, UnsyncedWritesAreTornLostOrLeaveZeros) {
  create_durable("/f", "");
  const auto file = files.open("/f", OpenMode::read_write);
  file->write_at(0, as_bytes("abcd"));
  file->write_at(4, as_bytes("efgh"));
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    seen.insert(text_of(*files.reboot(Variant::random(seed)), "/f"));
  }
  EXPECT_TRUE(seen.count("")) << "all lost";
  EXPECT_TRUE(seen.count("abcdefgh")) << "all kept";
  EXPECT_TRUE(seen.count(std::string(8, '\0'))) << "only the size kept";
  EXPECT_TRUE(seen.count(std::string("\0\0\0\0efgh", 8))) << "the second without the first";
  EXPECT_TRUE(seen.count("abcdef")) << "the second torn";
  EXPECT_GT(seen.size(), 12U);
}

TEST_F(Simulation, OneSeedGivesOneImage) {
  create("/a", "aaaaaaaa");
  create("/b", "bbbbbbbb");
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto digest = files.reboot(Variant::random(seed))->image_digest();
    EXPECT_EQ(files.reboot(Variant::random(seed))->image_digest(), digest);
    seen.insert(digest);
  }
  EXPECT_GT(seen.size(), 5U);
}

TEST_F(Simulation, T002_AFailedSyncSucceedsTheNextTimeAndTheDataIsLost) {
  create_durable("/f", "first");
  const auto file = files.open("/f", OpenMode::read_write);
  file->write_at(5, as_bytes(" second"));
  files.fail_sync(1);
  EXPECT_EQ(error_kind([&] { file->sync(); }), ErrorKind::unavailable);
  EXPECT_EQ(error_kind([&] { file->sync(); }), std::nullopt);
  EXPECT_EQ(text_of(files, "/f"), "first second");
  EXPECT_EQ(text_of(*files.reboot(Variant::none()), "/f"), "first");
  EXPECT_EQ(text_of(*files.reboot(Variant::all()), "/f"), "first");
  file->write_at(12, as_bytes(" third"));
  file->sync();
  const std::string hole = "first" + std::string(7, '\0') + " third";
  EXPECT_EQ(text_of(*files.reboot(Variant::none()), "/f"), hole);
}

TEST_F(Simulation, AfterTheCrashEveryCallThrowsUntilTheReboot) {
  create_durable("/f", "text");
  const auto file = files.open("/f", OpenMode::read_write);
  files.crash_after(2);
  file->write_at(0, as_bytes("T"));
  EXPECT_THROW(file->write_at(1, as_bytes("E")), SimulatedCrash);
  EXPECT_TRUE(files.crashed());
  Bytes buffer(4);
  EXPECT_THROW(file->read_at(0, buffer), SimulatedCrash);
  EXPECT_THROW(files.status("/f"), SimulatedCrash);
  EXPECT_THROW(files.open("/f", OpenMode::read), SimulatedCrash);
  EXPECT_EQ(text_of(*files.reboot(Variant::all()), "/f"), "Text");
  EXPECT_EQ(text_of(*files.reboot(Variant::none()), "/f"), "text");
}

TEST_F(Simulation, DestructorsThatCleanUpMeetAnErrorTheyCanStop) {
  struct CleansUp {
    SimulatedFileSystem& files;
    std::optional<ErrorKind>& met;
    ~CleansUp() {
      met = error_kind([&] { files.remove("/f"); });
    }
  };
  create_durable("/f", "text");
  std::optional<ErrorKind> met;
  files.crash_after(1);
  const auto work = [&] {
    const CleansUp cleans_up{files, met};
    files.create_directory("/d");
  };
  EXPECT_THROW(work(), SimulatedCrash);
  EXPECT_EQ(met, ErrorKind::unavailable);
  EXPECT_TRUE(survives("/f", Variant::all()));
}

TEST_F(Simulation, CountsOnlyWhatChangesSomething) {
  create_durable("/f", "text");
  const auto before = files.operations();
  text_of(files, "/f");
  files.status("/f");
  files.list("/");
  EXPECT_EQ(files.operations(), before);
  files.rename("/f", "/g");
  files.remove("/g");
  EXPECT_EQ(files.operations(), before + 2);
}

TEST_F(Simulation, AFullDiskTakesWhatFits) {
  files.space_limit(6);
  const auto file = create("/f", "1234");
  EXPECT_EQ(error_kind([&] { file->write_at(4, as_bytes("5678")); }), ErrorKind::no_space);
  EXPECT_EQ(text_of(files, "/f"), "123456");
  file->write_at(0, as_bytes("abcdef"));
  files.no_space_limit();
  file->write_at(6, as_bytes("gh"));
  EXPECT_EQ(text_of(files, "/f"), "abcdefgh");
}

TEST_F(Simulation, TheNthOperationOfAKindFailsOnce) {
  files.fail_operation(2, Operation::create_directory, ErrorKind::no_space);
  files.create_directory("/a");
  EXPECT_EQ(error_kind([&] { files.create_directory("/b"); }), ErrorKind::no_space);
  EXPECT_FALSE(files.status("/b"));
  files.create_directory("/b");
  files.fail_operation(1, Operation::open);
  EXPECT_EQ(error_kind([&] { files.open("/f", OpenMode::read); }), ErrorKind::unavailable);
}

TEST_F(Simulation, ShortReadsAreShort) {
  create("/f", "0123456789");
  files.short_reads(3);
  Bytes buffer(10);
  EXPECT_EQ(files.open("/f", OpenMode::read)->read_at(5, buffer), 3U);
}

TEST_F(Simulation, LocksExcludeOtherFilesAndGoWithTheirOwn) {
  create_durable("/f", "");
  auto a = files.open("/f", OpenMode::read_write);
  const auto b = files.open("/f", OpenMode::read_write);
  EXPECT_TRUE(a->try_lock(10, 10, LockKind::exclusive));
  EXPECT_TRUE(a->try_lock(10, 10, LockKind::exclusive));
  EXPECT_FALSE(b->try_lock(19, 1, LockKind::shared));
  EXPECT_TRUE(b->try_lock(20, 1, LockKind::exclusive));
  EXPECT_TRUE(a->try_lock(12, 2, LockKind::unlocked));
  EXPECT_TRUE(b->try_lock(12, 2, LockKind::shared));
  EXPECT_FALSE(b->try_lock(11, 2, LockKind::shared));
  EXPECT_TRUE(a->try_lock(12, 2, LockKind::shared));
  const auto rebooted = files.reboot(Variant::none())->open("/f", OpenMode::read_write);
  EXPECT_TRUE(rebooted->try_lock(0, 0, LockKind::exclusive));
  EXPECT_FALSE(b->try_lock(0, 0, LockKind::exclusive));
  a.reset();
  EXPECT_TRUE(b->try_lock(0, 0, LockKind::exclusive));
}

TEST_F(Simulation, ImagesDoNotTouchOneAnother) {
  create_durable("/f", "text");
  const auto one = files.reboot(Variant::all());
  const auto two = one->reboot(Variant::all());
  one->open("/f", OpenMode::read_write)->write_at(0, as_bytes("XXXX"));
  EXPECT_EQ(text_of(files, "/f"), "text");
  EXPECT_EQ(text_of(*one, "/f"), "XXXX");
  EXPECT_EQ(text_of(*two, "/f"), "text");
  EXPECT_EQ(two->status("/f")->inode, files.status("/f")->inode);
}

}  // namespace
}  // namespace atp::test
