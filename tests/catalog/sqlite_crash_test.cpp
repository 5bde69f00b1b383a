// SPDX-License-Identifier: Apache-2.0
/// The SQLite catalog on a disk that loses power, runs full and fails to sync.
#include <gtest/gtest.h>

#include <functional>

#include "atp/catalog/catalog.hpp"
#include "atp/core/error.hpp"
#include "catalog/sample_rows.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"

namespace atp::test {
namespace {

using Files = std::shared_ptr<SimulatedFileSystem>;

const Path kFolder = "/vault";
const Path kPath = "/vault/catalog.db";
const TenantId kAcme("acme");

std::vector<Variant> variants(std::uint64_t seeds) {
  std::vector<Variant> all{Variant::all(), Variant::none()};
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) all.push_back(Variant::random(seed));
  return all;
}

std::shared_ptr<Catalog> create(const Files& files) {
  return create_sqlite_catalog(files, std::make_shared<SequenceRandom>(), kPath, kVaultId);
}

std::shared_ptr<Catalog> open(const Files& files) {
  return open_sqlite_catalog(files, std::make_shared<SequenceRandom>(), kPath, kVaultId);
}

Files new_disk() {
  auto files = std::make_shared<SimulatedFileSystem>();
  files->create_directory(kFolder);
  files->sync_directory("/");
  return files;
}

/// All that a catalog holds of one tenant.
struct State {
  DerivedRows derived;
  std::vector<JobRow> running;
  std::optional<JobRow> job;
  std::vector<StatRow> stats;
  bool operator==(const State&) const = default;
};

State state_of(Catalog& catalog) {
  return {.derived = catalog.derived(),
          .running = catalog.running_jobs(),
          .job = catalog.job("job-1"),
          .stats = catalog.stats(kAcme)};
}

using Step = std::function<void(Catalog&)>;

std::vector<SegmentRow> some_segments(std::uint64_t from, std::uint64_t to) {
  std::vector<SegmentRow> rows;
  for (std::uint64_t i = from; i < to; ++i) rows.push_back(sample_segment(i));
  return rows;
}

/// The first `steps` of a catalog's life. Each may be done again after an error.
const std::vector<Step>& steps() {
  static const std::vector<Step> all{
      [](Catalog& c) { c.record_segments(some_segments(0, 5)); },
      [](Catalog& c) {
        if (!c.job("job-1")) c.begin_job(sample_job(1));
      },
      [](Catalog& c) {
        c.record_stats({sample_stat(1), sample_stat(2)});
      },
      [](Catalog& c) {
        c.record_ledger({sample_point(0), sample_point(1)}, sample_head(2));
      },
      [](Catalog& c) { c.record_segments(some_segments(3, 9)); },
      [](Catalog& c) { c.record_ledger({sample_point(2)}, sample_head(3)); },
      [](Catalog& c) { c.end_job("job-1", JobState::completed); },
      [](Catalog& c) {
        c.replace_derived({.segments = some_segments(2, 12),
                           .points = {sample_point(1)},
                           .heads = {sample_head(2)}});
      },
  };
  return all;
}

/// The state after each number of steps.
const std::vector<State>& expected_states() {
  static const std::vector<State> states = [] {
    const auto catalog = create(new_disk());
    std::vector<State> made{state_of(*catalog)};
    for (const Step& step : steps()) {
      step(*catalog);
      made.push_back(state_of(*catalog));
    }
    return made;
  }();
  return states;
}

/// A disk on which so many steps were done and synced.
Files disk_after(std::size_t count) {
  Files files = new_disk();
  const auto catalog = create(files);
  for (std::size_t i = 0; i < count; ++i) steps()[i](*catalog);
  return files;
}

/// What returned before the power went: nothing, the catalog's creation, or so many steps.
struct Acknowledged {
  bool created = false;
  std::size_t steps = 0;
};

Acknowledged run_until_crash(const Files& files) {
  Acknowledged done;
  try {
    const auto catalog = create(files);
    done.created = true;
    for (const Step& step : steps()) {
      step(*catalog);
      ++done.steps;
    }
  } catch (const SimulatedCrash&) {
  }
  return done;
}

/// The number of steps whose state this is: what was acknowledged, or one more.
std::size_t expect_kept(Catalog& catalog, const Acknowledged& done) {
  const State found = state_of(catalog);
  const auto& expected = expected_states();
  if (found == expected[done.steps]) return done.steps;
  const bool next = done.steps < steps().size() && found == expected[done.steps + 1];
  EXPECT_TRUE(next) << "neither the state after " << done.steps << " steps nor the next";
  return done.steps + 1;
}

void finish(Catalog& catalog, std::size_t from) {
  for (std::size_t i = from; i < steps().size(); ++i) steps()[i](catalog);
  EXPECT_EQ(state_of(catalog), expected_states().back());
}

/// Opens what was acknowledged; else what is there, or a new one.
std::shared_ptr<Catalog> open_or_create(const Files& files, bool created) {
  if (created || files->status(kPath)) return open(files);
  return create(files);
}

std::uint64_t operations_of_a_life() {
  const Files files = new_disk();
  const std::uint64_t before = files->operations();
  const Acknowledged done = run_until_crash(files);
  EXPECT_EQ(done.steps, steps().size());
  return files->operations() - before;
}

TEST(SqliteCatalogCrash, T005_PowerLossAtAnyOperationLosesNothingAcknowledged) {
  const std::uint64_t count = operations_of_a_life();
  ASSERT_GT(count, 60U);
  for (std::uint64_t nth = 1; nth <= count; ++nth) {
    const Files files = new_disk();
    files->crash_after(nth);
    const Acknowledged done = run_until_crash(files);
    ASSERT_TRUE(files->crashed());
    for (const Variant& variant : variants(8)) {
      SCOPED_TRACE("operation " + std::to_string(nth) + ", seed " + std::to_string(variant.seed));
      const Files rebooted = files->reboot(variant);
      const auto catalog = open_or_create(rebooted, done.created);
      finish(*catalog, expect_kept(*catalog, done));
      ASSERT_FALSE(testing::Test::HasFailure());
    }
  }
}

TEST(SqliteCatalogCrash, T005_PowerLossWhileRollingBackLosesNothingAcknowledged) {
  const std::uint64_t count = operations_of_a_life();
  std::uint64_t rollbacks = 0;
  for (std::uint64_t nth = 1; nth <= count; ++nth) {
    const Files files = new_disk();
    files->crash_after(nth);
    const Acknowledged done = run_until_crash(files);
    if (!done.created) continue;
    for (std::uint64_t again = 1;; ++again) {
      SCOPED_TRACE("operation " + std::to_string(nth) + ", then " + std::to_string(again));
      const Files recovering = files->reboot(Variant::all());
      recovering->crash_after(again);
      try {
        open(recovering);
      } catch (const SimulatedCrash&) {
      }
      if (!recovering->crashed()) break;
      ++rollbacks;
      for (const std::uint64_t seed : {1, 2, 3}) {
        expect_kept(*open(recovering->reboot(Variant::random(seed))), done);
      }
      ASSERT_FALSE(testing::Test::HasFailure());
    }
  }
  EXPECT_GT(rollbacks, 20U);
}

struct Outcome {
  bool failed = false;
  ErrorKind kind = ErrorKind::cancelled;
};

Outcome attempt(const Step& step, Catalog& catalog) {
  try {
    step(catalog);
    return {};
  } catch (const Error& error) {
    return {true, error.kind()};
  }
}

/// Every operation of every step fails once: an error with the old rows intact (where the new ones
/// are allowed, those), then a second attempt that is durable when it returns.
void expect_recovery(Operation operation, ErrorKind kind, bool new_rows_allowed) {
  const auto& expected = expected_states();
  std::size_t failures = 0;
  for (std::size_t i = 0; i < steps().size(); ++i) {
    const Files before_step = disk_after(i);
    for (std::uint64_t nth = 1;; ++nth) {
      SCOPED_TRACE("step " + std::to_string(i) + ", failure " + std::to_string(nth));
      const Files files = before_step->reboot(Variant::none());
      const auto catalog = open(files);
      const std::uint64_t before = files->operations();
      files->fail_operation(nth, operation, kind);
      const Outcome outcome = attempt(steps()[i], *catalog);
      if (!outcome.failed && files->operations() - before < nth) break;
      if (!outcome.failed) {
        // Of one kind there were fewer than `nth`: the fault still waits.
        if (operation != Operation::any) break;
        ADD_FAILURE() << "the failure was swallowed";
      }
      ++failures;
      EXPECT_EQ(outcome.kind, kind);
      const State durable = state_of(*open(files->reboot(Variant::none())));
      const State found = state_of(*catalog);
      EXPECT_TRUE(durable == expected[i] || (new_rows_allowed && durable == expected[i + 1]));
      EXPECT_TRUE(found == expected[i] || (new_rows_allowed && found == expected[i + 1]));
      steps()[i](*catalog);
      for (const Variant& variant : variants(2)) {
        EXPECT_EQ(state_of(*open(files->reboot(variant))), expected[i + 1]);
      }
      ASSERT_FALSE(testing::Test::HasFailure());
    }
  }
  EXPECT_GE(failures, 2 * steps().size());
}

TEST(SqliteCatalogCrash, T002_FailedFsyncOfDatabaseOrJournalKeepsTheOldRows) {
  expect_recovery(Operation::sync, ErrorKind::unavailable, false);
}

TEST(SqliteCatalogCrash, T003_FailedSyncOfTheFolderIsAnErrorAndTheNextSuccessIsDurable) {
  expect_recovery(Operation::sync_directory, ErrorKind::unavailable, true);
}

TEST(SqliteCatalogCrash, T003_AnyFailedOperationIsAnErrorAndTheNextSuccessIsDurable) {
  expect_recovery(Operation::any, ErrorKind::unavailable, true);
}

TEST(SqliteCatalogCrash, T004_NoSpaceAtAnyOperationIsSaidAndGoesAway) {
  expect_recovery(Operation::any, ErrorKind::no_space, true);
}

std::uint64_t used_bytes(SimulatedFileSystem& files) {
  std::uint64_t sum = 0;
  for (const auto& entry : files.list(kFolder)) sum += files.status(kFolder / entry.name)->size;
  return sum;
}

TEST(SqliteCatalogCrash, T004_FullDiskKeepsTheOldRowsAndWritesAgainWhenSpaceReturns) {
  const auto& expected = expected_states();
  std::size_t failures = 0;
  for (std::size_t i = 0; i < steps().size(); ++i) {
    const Files before_step = disk_after(i);
    for (std::uint64_t more = 0;; more += 700) {
      SCOPED_TRACE("step " + std::to_string(i) + ", bytes " + std::to_string(more));
      const Files files = before_step->reboot(Variant::none());
      const auto catalog = open(files);
      files->space_limit(used_bytes(*files) + more);
      const Outcome outcome = attempt(steps()[i], *catalog);
      if (!outcome.failed) break;
      ++failures;
      EXPECT_EQ(outcome.kind, ErrorKind::no_space);
      EXPECT_EQ(state_of(*catalog), expected[i]);
      EXPECT_EQ(state_of(*open(files)), expected[i]);
      files->no_space_limit();
      steps()[i](*catalog);
      EXPECT_EQ(state_of(*open(files->reboot(Variant::none()))), expected[i + 1]);
      ASSERT_FALSE(testing::Test::HasFailure());
    }
  }
  EXPECT_GT(failures, 2 * steps().size());
}

TEST(SqliteCatalogCrash, T004_NoSpaceForANewCatalogLeavesNoneAndItIsMadeLater) {
  const Files files = new_disk();
  for (std::uint64_t bytes = 0; bytes < 50'000; bytes += 5'000) {
    files->space_limit(bytes);
    try {
      create(files);
      FAIL() << "expected no_space";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::no_space);
    }
    EXPECT_TRUE(files->list(kFolder).empty());
  }
  files->no_space_limit();
  finish(*create(files), 0);
}

TEST(SqliteCatalogCrash, T003_RowsOfAWriterThatDiedBeforeTheyWereDurableAreAcknowledgedDurably) {
  const Files files = disk_after(0);
  const auto survivor = open(files);
  {
    const auto writer = open(files);
    files->fail_operation(2, Operation::sync_directory);
    EXPECT_THROW(steps()[0](*writer), Error);
  }
  ASSERT_EQ(state_of(*survivor), expected_states()[1]);
  steps()[0](*survivor);
  EXPECT_EQ(state_of(*open(files->reboot(Variant::none()))), expected_states()[1]);
}

/// Whether the call failed, and then as trouble of the machine.
bool meets(ErrorKind kind, const std::function<void()>& call) {
  try {
    call();
    return false;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return true;
  }
}

TEST(SqliteCatalogCrash, AFailedReadIsNeverDamage) {
  for (const ErrorKind kind : {ErrorKind::unavailable, ErrorKind::no_space}) {
    std::uint64_t met = 0;
    for (std::uint64_t nth = 1; nth < 100; ++nth) {
      SCOPED_TRACE(nth);
      const Files files = disk_after(steps().size());
      const std::uint64_t image = files->image_digest();
      files->fail_operation(nth, Operation::read, kind);
      met += meets(kind, [&] {
        const auto catalog = open(files);
        catalog->check();
        state_of(*catalog);
      });
      files->no_faults();
      EXPECT_EQ(files->image_digest(), image);
      EXPECT_EQ(state_of(*open(files)), expected_states().back());
    }
    EXPECT_GT(met, 5U);
  }
}

TEST(SqliteCatalogCrash, ReadsAllOfItAfterAWriterWhoDied) {
  const Files files = disk_after(steps().size());
  const auto catalog = open(files);
  files->fail_operation(1, Operation::remove);  // Of the journal, which then is applied.
  EXPECT_THROW(catalog->end_job("job-1", JobState::failed), Error);
  const Bytes whole = read_file(*files, kPath, 1 << 30);
  const Bytes zeros(4096);
  files->open(kPath, OpenMode::read_write)->write_at(whole.size() - zeros.size(), zeros);
  EXPECT_TRUE(meets(ErrorKind::corrupt, [&] { open(files); }));
}

}  // namespace
}  // namespace atp::test
