// SPDX-License-Identifier: Apache-2.0
/// Memory that runs out at one allocation after the other of a small run: a clean error, nothing
/// half done, and the next run is right.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <new>

#include "crash/invariants.hpp"
#include "support/temp_dir.hpp"

namespace {

/// Allocations of this thread until one fails; 0 where none is to.
thread_local std::uint64_t t_left = 0;
thread_local std::uint64_t t_failed = 0;

void* allocate(std::size_t size, std::size_t alignment) {
  if (t_left > 0 && --t_left == 0) {
    ++t_failed;
    throw std::bad_alloc();
  }
  void* found = nullptr;
  if (alignment <= alignof(std::max_align_t)) {
    found = std::malloc(size > 0 ? size : 1);
  } else if (posix_memalign(&found, alignment, size) != 0) {
    found = nullptr;
  }
  if (found == nullptr) throw std::bad_alloc();
  return found;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return allocate(size, 1);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace atp::test {
namespace {

/// A vault of one point on the machine's file system, and a segment that the next run takes.
struct SmallHouse {
  explicit SmallHouse(const Path& folder) : root(folder) {}

  void create() {
    const auto created = create_vault(environment(), root / "vault",
                                      {.region = Region("west"), .configuration = root / "config"});
    keys = std::make_shared<Keys>(load_keys(*files, created.keys.signing_key.parent_path()));
    write_durably(*files, root / "source/000001.jsonl", "{\"n\":1}\n");
    backup(0);
    write_durably(*files, root / "source/000002.jsonl", "{\"n\":2}\n");
  }

  /// With `nth` the run's nth allocation fails.
  void backup(std::uint64_t nth) {
    const auto vault = open();
    const auto source = segment_folder(files, root / "source");
    const BackupOptions options = backup_options(house_tenant());
    struct Disarm {
      ~Disarm() { t_left = 0; }
    };
    t_left = nth;
    const Disarm disarm;
    take_backup(*vault, *source, options);
  }

  std::shared_ptr<Vault> open() {
    return open_vault(environment(), root / "vault", copy_of(*keys));
  }
  Environment environment() {
    Environment made = environment_of(files, ++process);
    made.random = std::make_shared<SystemRandom>();
    return made;
  }

  Path root;
  std::shared_ptr<FileSystem> files = posix_file_system();
  std::shared_ptr<Keys> keys;
  std::uint64_t process = 1;
};

TEST(NoMemory, T011_AtAnyAllocationOfARunIsACleanErrorAndTheNextRunIsRight) {
  constexpr std::uint64_t kEach = 20;
  constexpr std::uint64_t kStride = 211 * kThinning;
  const TempDir folder;
  SmallHouse sound(folder.path() / "sound");
  std::filesystem::create_directory(sound.root);
  sound.create();
  std::uint64_t failures = 0;
  for (std::uint64_t nth = 1;; nth += nth < kEach ? 1 : kStride) {
    SCOPED_TRACE("allocation " + std::to_string(nth));
    SmallHouse house = sound;
    house.root = folder.path() / "tried";
    std::filesystem::remove_all(house.root);
    std::filesystem::copy(sound.root, house.root, std::filesystem::copy_options::recursive);
    const std::uint64_t before = t_failed;
    try {
      house.backup(nth);
    } catch (const std::bad_alloc&) {
    } catch (const Error&) {
    }
    if (t_failed == before) break;
    ++failures;
    house.backup(0);
    const auto vault = house.open();
    const auto points = completed_points(vault->store(), house_tenant());
    ASSERT_EQ(points.size(), 2U);
    ASSERT_TRUE(vault->catalog().running_jobs().empty());
    ASSERT_EQ(vault->catalog().derived(), derive_rows(*vault, {}, nullptr));
    for (const std::string& id : points) {
      const Report report = verify_in(*vault, id, VerifyDepth::content);
      ASSERT_TRUE(report.passed()) << findings_of(report);
    }
  }
  std::cout << failures << " allocations failed\n";
  EXPECT_GT(failures, kEach + 20U / kThinning);
}

}  // namespace
}  // namespace atp::test
