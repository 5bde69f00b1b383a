// SPDX-License-Identifier: Apache-2.0
/// Progress and cancellation of long work.
#pragma once

#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string_view>

#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {

struct Progress {
  /// What is being done: `backup`, `verify`, `restore`, `rebuild`, `find`, `ledger`, `anchor`,
  /// `export`, `check`.
  std::string_view stage;
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;
  std::uint64_t items_done = 0;
  std::uint64_t items_total = 0;
};

/// Called from worker threads, one call at a time, some times a second; must return soon.
class ATP_EXPORT ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void update(const Progress& progress) = 0;
};

/// Adds up what several workers have done and passes it on. Thread-safe.
class ATP_EXPORT ProgressMeter {
 public:
  /// `sink` may be null. `total` has the stage and what there is to do.
  ProgressMeter(ProgressSink* sink, const Progress& total);
  void add(std::uint64_t bytes, std::uint64_t items);

 private:
  ProgressSink* sink_;
  std::mutex mutex_;
  Progress progress_;
};

/// Throws: cancelled where a stop was requested.
ATP_EXPORT void throw_if_stopped(const std::stop_token& stop);

}  // namespace v0
}  // namespace atp
