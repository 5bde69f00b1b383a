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
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace atp::test {
namespace {

/// A vault of one point on the machine's file system, and what the next run would take.
class SmallHouse {
 public:
  SmallHouse() {
    const auto created = create_vault(environment(1), folder_.path() / "vault",
                                      {.region = Region("west"),
                                       .domain = {},
                                       .keys = {},
                                       .configuration = folder_.path() / "config"});
    keys_ = load_keys(*files_, created.keys.signing_key.parent_path());
    add("000001.jsonl");
    point_ = backup(0);
  }

  void add(const std::string& name) {
    write_durably(*files_, folder_.path() / "source" / name, "{\"name\":\"" + name + "\"}\n");
  }

  /// The run's point; with `nth` its nth allocation fails.
  std::string backup(std::uint64_t nth) {
    const auto vault = open();
    const auto source = segment_folder(files_, folder_.path() / "source");
    const BackupOptions options = backup_options(house_tenant());
    t_left = nth;
    const Disarm disarm;
    return take_backup(*vault, *source, options).recovery_point_id;
  }

  std::shared_ptr<Vault> open() {
    return open_vault(environment(++process_), folder_.path() / "vault", copy_of(keys_));
  }
  const std::string& first_point() const { return point_; }

 private:
  struct Disarm {
    ~Disarm() { t_left = 0; }
  };
  Environment environment(std::uint64_t process) const {
    Environment made = environment_of(files_, process);
    made.random = std::make_shared<SystemRandom>();
    return made;
  }

  TempDir folder_;
  std::shared_ptr<FileSystem> files_ = posix_file_system();
  Keys keys_;
  std::uint64_t process_ = 1;
  std::string point_;
};

TEST(NoMemory, T011_AtAnyAllocationOfARunIsACleanErrorAndTheNextRunIsRight) {
  constexpr std::uint64_t kFirst = 60;
  std::uint64_t failures = 0;
  SmallHouse house;
  std::size_t points = 1;
  for (std::uint64_t nth = 1;; nth += nth < kFirst ? 1 : 61) {
    SCOPED_TRACE("allocation " + std::to_string(nth));
    house.add(std::to_string(1000 + nth) + ".jsonl");
    const std::uint64_t before = t_failed;
    try {
      house.backup(nth);
    } catch (const std::bad_alloc&) {
    } catch (const Error&) {
    }
    if (t_failed == before) break;
    ++failures;
    const std::string next = house.backup(0);
    const auto vault = house.open();
    const auto found = completed_points(vault->store(), house_tenant());
    ASSERT_EQ(found.size(), ++points);
    ASSERT_EQ(found.back(), next);
    ASSERT_TRUE(vault->catalog().running_jobs().empty());
    const Report report = verify_in(*vault, next, VerifyDepth::stored);
    ASSERT_TRUE(report.passed()) << findings_of(report);
  }
  std::cout << failures << " allocations failed\n";
  EXPECT_GT(failures, 60U);
  const auto vault = house.open();
  EXPECT_EQ(vault->catalog().derived(), derive_rows(*vault, {}, nullptr));
  EXPECT_TRUE(verify_in(*vault, house.first_point(), VerifyDepth::content).passed());
}

}  // namespace
}  // namespace atp::test
