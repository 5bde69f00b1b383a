// SPDX-License-Identifier: Apache-2.0
/// A disk that fails and fills in the middle of every step of a vault's life: the step says so,
/// nothing acknowledged is lost, and the next run finishes, with or without a power loss between.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <functional>
#include <optional>

#include "crash/invariants.hpp"
#include "support/error_kind.hpp"
#include "support/temp_dir.hpp"

namespace atp::test {
namespace {

const std::vector<Stage>& life() {
  static const std::vector<Stage> made = stages();
  return made;
}

/// The step on `files`, with whatever fault waits there.
std::optional<ErrorKind> attempt(const Stage& stage, const DiskPtr& files, Acknowledged& done) {
  return error_kind([&] { run(stage.step, files, 10, done); });
}

/// What was acknowledged is there, now and after a power loss; the next run finishes.
void expect_mended(const Stage& stage, const DiskPtr& files, const Acknowledged& done) {
  try {
    for (const Variant& variant : {Variant::none(), Variant::all(), Variant::random(1)}) {
      const DiskPtr rebooted = files->reboot(variant);
      Acknowledged now = done;
      require_kept(stage.step, rebooted, now);
      finish(stage.step, rebooted, 30, now);
      require_finished(stage.step, rebooted->reboot(Variant::none()), now);
    }
    Acknowledged now = done;
    require_kept(stage.step, files, now);
    finish(stage.step, files, 30, now);
    require_finished(stage.step, files->reboot(Variant::none()), now);
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
}

std::uint64_t operations_of(const Stage& stage) {
  const DiskPtr files = stage.disk->reboot(Variant::none());
  Acknowledged done = stage.done;
  run(stage.step, files, 10, done);
  return files->operations();
}

/// Every `operation` of every step fails once, of the many without ATP_LONG=1 one in `stride`. How
/// many did.
std::uint64_t fail_each(Operation operation, ErrorKind kind, std::uint64_t stride) {
  stride = is_long() ? 1 : stride * kThinning;
  std::uint64_t failures = 0;
  for (const Stage& stage : life()) {
    const std::uint64_t operations = operations_of(stage);
    bool failed = true;
    for (std::uint64_t nth = 1; nth <= operations && failed; nth += stride) {
      SCOPED_TRACE(std::string(name_of(stage.step)) + ", failure " + std::to_string(nth));
      const DiskPtr files = stage.disk->reboot(Variant::none());
      files->fail_operation(nth, operation, kind);
      Acknowledged done = stage.done;
      const auto found = attempt(stage, files, done);
      failed = found.has_value() || (operation == Operation::any && files->operations() >= nth);
      if (!failed) break;
      if (found) {
        EXPECT_EQ(found, kind);
        ++failures;
      }
      expect_mended(stage, files, done);
      if (testing::Test::HasFailure()) return failures;
    }
  }
  return failures;
}

TEST(Faults, T002_EachFailedFsyncIsAnErrorAndTheNextRunIsWhole) {
  const std::uint64_t failures = fail_each(Operation::sync, ErrorKind::unavailable, 1);
  std::cout << failures << " failed fsyncs\n";
  EXPECT_GE(failures, 100U / kThinning);
}

TEST(Faults, T003_EachFailedSyncOfAFolderIsAnErrorAndTheNextRunIsWhole) {
  const std::uint64_t failures = fail_each(Operation::sync_directory, ErrorKind::unavailable, 1);
  std::cout << failures << " failed fsyncs of folders\n";
  EXPECT_GE(failures, 100U / kThinning);
}

TEST(Faults, T003_AnyOperationThatFailsLeavesWhatTheNextRunFinishes) {
  const std::uint64_t failures = fail_each(Operation::any, ErrorKind::unavailable, 3);
  std::cout << failures << " failed operations\n";
  EXPECT_GE(failures, 200U / kThinning);
}

TEST(Faults, T004_NoSpaceAtAnyOperationIsSaidAndGoesAway) {
  const std::uint64_t failures = fail_each(Operation::any, ErrorKind::no_space, 5);
  std::cout << failures << " operations without space\n";
  EXPECT_GE(failures, 120U / kThinning);
}

std::uint64_t used_bytes(FileSystem& files, const Path& folder) {
  std::uint64_t sum = 0;
  for (const DirectoryEntry& entry : files.list(folder)) {
    const Path path = folder / entry.name;
    sum += entry.type == FileType::directory ? used_bytes(files, path) : files.status(path)->size;
  }
  return sum;
}

TEST(Faults, T004_AFullDiskKeepsOlderPointsAndWorksWhenSpaceReturns) {
  const std::uint64_t stride = is_long() ? 397 : 1499 * kThinning;
  std::uint64_t failures = 0;
  for (const Stage& stage : life()) {
    const std::uint64_t used = used_bytes(*stage.disk, "/");
    bool failed = true;
    for (std::uint64_t more = 0; failed; more += stride) {
      SCOPED_TRACE(std::string(name_of(stage.step)) + ", bytes " + std::to_string(more));
      const DiskPtr files = stage.disk->reboot(Variant::none());
      files->space_limit(used + more);
      Acknowledged done = stage.done;
      const auto found = attempt(stage, files, done);
      failed = found.has_value();
      files->no_space_limit();
      if (failed) {
        EXPECT_EQ(found, ErrorKind::no_space);
        ++failures;
      }
      expect_mended(stage, files, done);
      ASSERT_FALSE(HasFailure());
    }
  }
  std::cout << failures << " full disks\n";
  EXPECT_GE(failures, 100U / kThinning);
}

/// A small disk of the kernel's for as long as the test runs.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& size) {
    mounted_ = mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  Path path() const { return folder_.path(); }

 private:
  TempDir folder_;
  bool mounted_;
};

TEST(Faults, T004_ARealFullDiskIsNoSpaceAndWorksWhenSpaceReturns) {
  const SmallDisk disk("1m");
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs is not permitted here";
  const auto files = posix_file_system();
  const Environment environment = environment_of(files, 1);
  const TempDir elsewhere;
  const auto created =
      create_vault(environment, disk.path() / "vault",
                   {.region = Region("west"), .configuration = elsewhere.path() / "config"});
  const auto vault = open_vault(environment, disk.path() / "vault",
                                load_keys(*files, created.keys.signing_key.parent_path()));
  const Path source = elsewhere.path() / "source";
  write_durably(*files, source / "000001.jsonl", "{\"n\":1}\n");
  const auto backup = [&] {
    const auto segments = segment_folder(files, source);
    return take_backup(*vault, *segments, backup_options(house_tenant()));
  };
  const std::string first = backup().recovery_point_id;
  write_durably(*files, source / "000002.jsonl", "{\"n\":2}\n");
  const std::uint64_t ballast = 64 << 10;
  std::uint64_t failures = 0;
  std::vector<Path> fill;
  for (int i = 0; i < 20; ++i) {  // The last pieces do not fit.
    fill.push_back(disk.path() / ("ballast" + std::to_string(i)));
    Bytes noise(ballast);
    SequenceRandom(static_cast<std::uint64_t>(i)).fill(noise);
    const auto kind =
        error_kind([&] { files->open(fill.back(), OpenMode::create_new)->write_at(0, noise); });
    if (!kind) continue;
    EXPECT_EQ(kind, ErrorKind::no_space);
    EXPECT_EQ(error_kind(backup), ErrorKind::no_space);
    EXPECT_TRUE(verify_in(*vault, first, VerifyDepth::content).passed());
    ++failures;
  }
  EXPECT_GT(failures, 0U) << "the disk did not fill";
  for (const Path& path : fill) files->remove(path);
  const std::string second = backup().recovery_point_id;
  EXPECT_NE(second, first);
  EXPECT_TRUE(verify_in(*vault, second, VerifyDepth::content).passed());
}

}  // namespace
}  // namespace atp::test
