// SPDX-License-Identifier: Apache-2.0
#include "atp/core/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/core/progress.hpp"

namespace atp {
namespace {

TEST(ParallelFor, CallsEachIndexOnce) {
  for (const unsigned workers : {0U, 1U, 2U, 7U, 64U}) {
    std::vector<std::atomic<int>> calls(100);
    parallel_for(calls.size(), workers, {}, [&](std::size_t i) { ++calls[i]; });
    for (const auto& count : calls) EXPECT_EQ(count, 1) << workers;
  }
}

TEST(ParallelFor, DoesNothingForNothing) {
  parallel_for(0, 4, {}, [](std::size_t) { FAIL(); });
}

TEST(ParallelFor, UsesAtMostTheThreadsItMay) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  parallel_for(200, 3, {}, [&](std::size_t) {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  EXPECT_LE(threads.size(), 3U);
}

TEST(ParallelFor, WorksAtTheSameTime) {
  // Each of the two waits for the other: alone, neither would ever end.
  std::atomic<int> arrived = 0;
  parallel_for(2, 2, {}, [&](std::size_t) {
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
  });
  EXPECT_EQ(arrived, 2);
}

TEST(ParallelFor, StartsInOrder) {
  std::vector<std::size_t> started;
  parallel_for(50, 1, {}, [&](std::size_t i) { started.push_back(i); });
  std::vector<std::size_t> expected(50);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(started, expected);
}

TEST(ParallelFor, FirstExceptionStopsWhatHasNotBegun) {
  std::vector<std::size_t> started;
  const auto work = [&](std::size_t i) {
    started.push_back(i);
    if (i == 3) throw Error(ErrorKind::corrupt, "segment", "a failure of the test");
  };
  try {
    parallel_for(50, 1, {}, work);
    FAIL() << "expected the exception";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  }
  EXPECT_EQ(started.size(), 4U);
}

TEST(ParallelFor, ExceptionOfAnyThreadIsThrownAgainAfterAllEnded) {
  std::atomic<int> running = 0;
  std::atomic<int> begun = 0;
  const auto work = [&](std::size_t i) {
    ++begun;
    ++running;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --running;
    if (i == 5) throw std::out_of_range("a failure of the test");
  };
  EXPECT_THROW(parallel_for(10'000, 4, {}, work), std::out_of_range);
  EXPECT_EQ(running, 0);
  EXPECT_LT(begun, 10'000);
}

TEST(ParallelFor, StopRequestCancels) {
  std::stop_source stop;
  std::atomic<int> begun = 0;
  try {
    parallel_for(1000, 1, stop.get_token(), [&](std::size_t i) {
      ++begun;
      if (i == 9) stop.request_stop();
    });
    FAIL() << "expected cancelled";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  }
  EXPECT_EQ(begun, 10);
}

TEST(ThrowIfStopped, ThrowsOnlyAfterARequest) {
  std::stop_source stop;
  EXPECT_NO_THROW(throw_if_stopped({}));
  EXPECT_NO_THROW(throw_if_stopped(stop.get_token()));
  stop.request_stop();
  EXPECT_THROW(throw_if_stopped(stop.get_token()), Error);
}

}  // namespace
}  // namespace atp
