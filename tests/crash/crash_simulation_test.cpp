// SPDX-License-Identifier: Apache-2.0
/// Power loss at every operation of every step of a vault's life, and again while the work is
/// finished. Every distinct disk image is opened and what was acknowledged verified there; on all
/// of them, with ATP_LONG=1 on every eighth beyond the first variants, the work is finished, too.
/// ATP_CRASH_CASE="<step>:<n>:<variant>[:<m>:<variant>]" tries one case alone, with variants `all`,
/// `none` or a seed: operation n of the step, then operation m of finishing it.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <sstream>
#include <unordered_set>

#include "atp/core/parallel.hpp"
#include "crash/invariants.hpp"

namespace atp::test {
namespace {

constexpr unsigned kThreads = 2;

struct Effort {
  std::uint64_t stride;         ///< Of a step's operations, every so many crash.
  std::uint64_t seeds;          ///< Random variants of a crash point, at most.
  std::uint64_t second_stride;  ///< Of the operations of finishing, every so many crash again.
  std::uint64_t second_seeds;
  std::uint64_t distinct_images;  ///< To be reached.
};

Effort effort() {
  if (is_long()) return {1, 2000, 5, 100, 200'000};
  // What sanitizers find, they find in a part of it; each operation crashes without them.
  if (kSanitized) return {3, 6, 64, 0, 500};
  return {1, 60, 48, 1, 10'000};
}

/// The first variants of a crash point are always finished, others now and then.
constexpr std::uint64_t kAlwaysFinished = 62;
constexpr std::uint64_t kFinishedStride = 8;

std::string text_of(const Variant& variant) {
  if (variant.kind == Variant::Kind::all) return "all";
  if (variant.kind == Variant::Kind::none) return "none";
  return std::to_string(variant.seed);
}

Variant variant_of(const std::string& name) {
  if (name == "all") return Variant::all();
  if (name == "none") return Variant::none();
  return Variant::random(std::stoull(name));
}

struct Counts {
  std::atomic<std::uint64_t> crash_points = 0;
  std::atomic<std::uint64_t> images = 0;
  std::atomic<std::uint64_t> second_crashes = 0;
  std::atomic<std::uint64_t> distinct = 0;
  std::atomic<std::uint64_t> finished = 0;
};

/// Which images were seen, and what went wrong. Thread-safe.
class Record {
 public:
  /// False where this image was checked with the same expectations before.
  bool is_new(Step step, std::uint64_t digest, bool acknowledged) {
    const std::lock_guard lock(mutex_);
    images_.insert(digest);
    const auto salt = 2 * static_cast<std::uint64_t>(step) + (acknowledged ? 1 : 0);
    return cases_.insert(splitmix64(digest ^ splitmix64(salt))).second;
  }
  void fail(const std::string& name, const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (++failures_ <= 10) ADD_FAILURE() << "ATP_CRASH_CASE=\"" << name << "\": " << what;
  }
  std::uint64_t failures() const { return failures_; }
  std::size_t distinct() const { return images_.size(); }

 private:
  std::mutex mutex_;
  std::unordered_set<std::uint64_t> images_;
  std::unordered_set<std::uint64_t> cases_;
  std::atomic<std::uint64_t> failures_ = 0;
};

class Simulation {
 public:
  Simulation(const Stage& stage, const Effort& effort, Record& record, Counts& counts)
      : stage_(stage), effort_(effort), record_(record), counts_(counts) {}

  /// How many operations the step has when nothing fails.
  std::uint64_t operations() const {
    const DiskPtr files = stage_.disk->reboot(Variant::none());
    Acknowledged done = stage_.done;
    run(stage_.step, files, 10, done);
    return files->operations();
  }

  /// The power goes at operation `nth`; one more than there are: after the step's end.
  void crash_at(std::uint64_t nth) {
    ++counts_.crash_points;
    const DiskPtr files = stage_.disk->reboot(Variant::none());
    files->crash_after(nth);
    Acknowledged done = stage_.done;
    const bool ended = run_until_crash(stage_.step, files, 10, done);
    const std::string name = std::string(test::name_of(stage_.step)) + ":" + std::to_string(nth);
    std::uint64_t number = 0;
    for_each_image(files, effort_.seeds, [&](const DiskPtr& image, const Variant& variant) {
      const bool finishes = number < kAlwaysFinished || number % kFinishedStride == 0;
      check_image(image, done, {name + ":" + text_of(variant), ended, finishes, number < 3});
      ++number;
    });
  }

  /// One case by its name's parts.
  void replay(const std::vector<std::string>& parts) {
    const DiskPtr files = stage_.disk->reboot(Variant::none());
    files->crash_after(std::stoull(parts.at(1)));
    Acknowledged done = stage_.done;
    run_until_crash(stage_.step, files, 10, done);
    DiskPtr image = files->reboot(variant_of(parts.at(2)));
    if (parts.size() > 4) {
      image->crash_after(std::stoull(parts.at(3)));
      finish(stage_.step, image, 20, done);
      image = image->reboot(variant_of(parts.at(4)));
    }
    require_kept(stage_.step, image, done);
    finish(stage_.step, image, 30, done);
    require_finished(stage_.step, image->reboot(Variant::none()), done);
  }

 private:
  static constexpr std::uint64_t kRepeats = 6;

  /// The disk without what was unsynced, with all of it, and in random variants until these
  /// repeat themselves.
  template <class Each>
  static void for_each_image(const DiskPtr& files, std::uint64_t seeds, const Each& each) {
    std::unordered_set<std::uint64_t> seen;
    std::uint64_t repeated = 0;
    const auto take = [&](const Variant& variant) {
      const DiskPtr image = files->reboot(variant);
      repeated = seen.insert(image->image_digest()).second ? 0 : repeated + 1;
      each(image, variant);
    };
    take(Variant::none());
    take(Variant::all());
    for (std::uint64_t seed = 1; seed <= seeds && repeated < kRepeats; ++seed) {
      take(Variant::random(seed));
    }
  }

  struct Case {
    std::string name;
    bool ended;  ///< The step was acknowledged.
    bool finishes;
    bool crashes_again;
  };

  void check_image(const DiskPtr& image, const Acknowledged& done, const Case& how) {
    ++counts_.images;
    if (!record_.is_new(stage_.step, image->image_digest(), how.ended)) return;
    ++counts_.distinct;
    guarded(how.name, [&] {
      if (how.crashes_again) crash_while_finishing(image, done, how);
      Acknowledged now = done;
      require_kept(stage_.step, image, now);
      if (!how.finishes) return;
      finish(stage_.step, image, 30, now);
      require_finished(stage_.step, image->reboot(Variant::none()), now);
      ++counts_.finished;
    });
  }

  void crash_while_finishing(const DiskPtr& image, const Acknowledged& before, const Case& how) {
    const std::uint64_t first = 1 + std::hash<std::string>()(how.name) % effort_.second_stride;
    for (std::uint64_t mth = first;; mth += effort_.second_stride) {
      const DiskPtr files = image->reboot(Variant::none());
      files->crash_after(mth);
      Acknowledged done = before;
      if (finish(stage_.step, files, 20, done)) return;
      std::uint64_t number = 0;
      for_each_image(files, effort_.second_seeds,
                     [&](const DiskPtr& again, const Variant& variant) {
                       ++counts_.second_crashes;
                       check_image(again, before,
                                   {how.name + ":" + std::to_string(mth) + ":" + text_of(variant),
                                    how.ended, number++ % kFinishedStride == 0, false});
                     });
    }
  }

  void guarded(const std::string& name, const std::function<void()>& check) {
    try {
      check();
    } catch (const std::exception& error) {
      record_.fail(name, error.what());
    }
  }

  const Stage& stage_;
  const Effort& effort_;
  Record& record_;
  Counts& counts_;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ':');) parts.push_back(part);
  return parts;
}

void print(std::string_view name, std::uint64_t operations, const Counts& counts) {
  std::cout << name << ": " << operations << " operations, " << counts.crash_points
            << " crash points, " << counts.images << " images, " << counts.second_crashes
            << " of them of a second crash; " << counts.distinct
            << " distinct, opened and verified; " << counts.finished
            << " of these finished, restored and compared\n";
}

TEST(CrashSimulation, T005_PowerLossAtAnyOperationLosesNothing) {
  const std::vector<Stage> life = stages();
  Record record;
  const char* wanted = std::getenv("ATP_CRASH_CASE");
  const Effort how = effort();
  std::uint64_t images = 0;
  for (const Stage& stage : life) {
    Counts counts;
    Simulation simulation(stage, how, record, counts);
    if (wanted != nullptr) {
      const auto parts = split(wanted);
      if (parts.at(0) == name_of(stage.step)) simulation.replay(parts);
      continue;
    }
    const std::uint64_t operations = simulation.operations();
    parallel_for(operations / how.stride + 1, kThreads, {},
                 [&](std::size_t i) { simulation.crash_at(i * how.stride + 1); });
    print(name_of(stage.step), operations, counts);
    images += counts.images;
    if (record.failures() > 0) break;
  }
  if (wanted != nullptr) return;
  std::cout << "in all: " << images << " images, " << record.distinct() << " distinct\n";
  EXPECT_GE(record.distinct(), how.distinct_images);
}

}  // namespace
}  // namespace atp::test
