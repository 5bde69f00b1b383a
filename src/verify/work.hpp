// SPDX-License-Identifier: Apache-2.0
/// Workers and progress of work on many packages, in verify/ and restore/.
#pragma once

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

#include "atp/core/progress.hpp"
#include "atp/verify/resolved_point.hpp"

namespace atp::verify {

/// `asked`, or one a core.
inline unsigned worker_count(unsigned asked) {
  return asked > 0 ? asked : std::max(1u, std::thread::hardware_concurrency());
}

/// Progress in stored bytes of packages. Thread-safe.
class PackageProgress {
 public:
  PackageProgress(ProgressSink* sink, std::string_view stage,
                  const std::vector<const ResolvedSegment*>& segments)
      : sink_(sink) {
    progress_.stage = stage;
    progress_.items_total = segments.size();
    for (const ResolvedSegment* segment : segments)
      progress_.bytes_total += segment->stored_bytes();
    add(0, 0);
  }

  void add(std::uint64_t bytes, std::uint64_t items) {
    const std::lock_guard lock(mutex_);
    progress_.bytes_done += bytes;
    progress_.items_done += items;
    if (sink_ != nullptr) sink_->update(progress_);
  }

  /// Options that count what a scan reads.
  ScanOptions scan_options(const std::stop_token& stop) {
    return {.stop = stop, .on_bytes = [this](std::uint64_t bytes) { add(bytes, 0); }};
  }

 private:
  ProgressSink* sink_;
  std::mutex mutex_;
  Progress progress_;
};

}  // namespace atp::verify
