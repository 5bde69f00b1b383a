// SPDX-License-Identifier: Apache-2.0
#include "atp/core/progress.hpp"

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {

ProgressMeter::ProgressMeter(ProgressSink* sink, const Progress& total)
    : sink_(sink), progress_(total) {
  add(0, 0);
}

void ProgressMeter::add(std::uint64_t bytes, std::uint64_t items) {
  const std::lock_guard lock(mutex_);
  progress_.bytes_done += bytes;
  progress_.items_done += items;
  if (sink_ != nullptr) sink_->update(progress_);
}

void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::cancelled, "", "a stop was requested");
}

}  // namespace v0
}  // namespace atp
