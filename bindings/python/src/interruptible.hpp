// SPDX-License-Identifier: Apache-2.0
/// Runs work of C++ without the GIL on a thread of its own, while the calling thread stays
/// Python's: it sees Ctrl-C and calls back with progress.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <future>
#include <list>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "atp/core/error.hpp"
#include "atp/core/progress.hpp"

namespace atp::python {

/// What a piece of work is given.
struct Work {
  std::stop_token stop = {};
  ProgressSink* progress;
};

/// The latest progress, for whoever asks. Thread-safe.
class LatestProgress final : public ProgressSink {
 public:
  void update(const Progress& progress) override {
    const std::lock_guard lock(mutex_);
    latest_ = progress;
  }

  /// Nothing where it is as it was.
  std::optional<Progress> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(latest_, std::nullopt);
  }

 private:
  std::mutex mutex_;
  std::optional<Progress> latest_;
};

/// Work that runs now, on whichever thread. The interpreter must not go while there is any: its
/// threads could not come back to it.
class RunningWork {
 public:
  /// Throws: cancelled after `stop_all`.
  void enter(std::stop_source& work) {
    const std::lock_guard lock(mutex_);
    if (closed_) throw Error(ErrorKind::cancelled, "", "Python is about to end");
    running_.push_back(&work);
  }
  void leave(std::stop_source& work) {
    const std::lock_guard lock(mutex_);
    running_.remove(&work);
    none_.notify_all();
  }
  /// Stops all there is and waits for it; lets nothing more begin.
  void stop_all() {
    const pybind11::gil_scoped_release release;
    std::unique_lock lock(mutex_);
    closed_ = true;
    for (std::stop_source* work : running_) work->request_stop();
    none_.wait(lock, [&] { return running_.empty(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  std::list<std::stop_source*> running_;
  bool closed_ = false;
};

/// This process's. After a fork the child has none of its parent's threads, and maybe a mutex that
/// one of them held.
inline RunningWork*& running_work() {
  static RunningWork* work = new RunningWork;
  return work;
}
inline void forget_running_work() { running_work() = new RunningWork; }

/// Python's turn while work runs. Throws: what a signal handler or the callback raised.
inline void attend(const pybind11::object& on_progress, LatestProgress& progress) {
  if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
  if (on_progress.is_none()) return;
  if (const auto now = progress.take()) {
    on_progress(std::string(now->stage), now->bytes_done, now->bytes_total, now->items_done,
                now->items_total);
  }
}

/// Throws: unavailable where the system gives no thread.
template <class Function>
auto begin_async(Function&& function) {
  try {
    return std::async(std::launch::async, std::forward<Function>(function));
  } catch (const std::system_error& error) {
    throw Error(ErrorKind::unavailable, "thread", error.what(), Error::Retry::temporary);
  }
}

/// The result of `work(const Work&)`, which must not touch Python. `on_progress` is None or takes
/// (stage, bytes_done, bytes_total, items_done, items_total). Where Python raises meanwhile, the
/// work is told to stop and waited for, and that exception is the result.
template <class Function>
auto interruptible(const pybind11::object& on_progress, const Function& work) {
  constexpr std::chrono::milliseconds kTurn{50};
  std::stop_source stop;
  struct Entry {
    explicit Entry(std::stop_source& of) : work(of) { running_work()->enter(work); }
    ~Entry() { running_work()->leave(work); }
    std::stop_source& work;
  };
  const Entry entry(stop);
  LatestProgress progress;
  auto result = begin_async([&] { return work(Work{stop.get_token(), &progress}); });
  std::exception_ptr raised;
  for (bool running = true; running;) {
    {
      const pybind11::gil_scoped_release release;
      running = result.wait_for(kTurn) != std::future_status::ready;
    }
    if (raised || !running) continue;  // What is done is not to be lost to the callback.
    try {
      attend(on_progress, progress);
    } catch (...) {
      raised = std::current_exception();
      stop.request_stop();
    }
  }
  if (raised) std::rethrow_exception(raised);
  return result.get();
}

}  // namespace atp::python
