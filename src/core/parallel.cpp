// SPDX-License-Identifier: Apache-2.0
#include "atp/core/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "atp/core/progress.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// Beside one a core: so many may wait for the disk while the others compute.
constexpr unsigned kWaitingWorkers = 2;

/// What the threads of one `parallel_for` share.
class Queue {
 public:
  Queue(std::size_t count, const std::stop_token& stop,
        const std::function<void(std::size_t)>& work)
      : count_(count), stop_(stop), work_(work) {}

  void run() noexcept {
    try {
      while (!failed_) {
        throw_if_stopped(stop_);
        const std::optional<std::size_t> index = take();
        if (!index) return;
        work_(*index);
      }
    } catch (...) {
      fail(std::current_exception());
    }
  }

  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::optional<std::size_t> take() {
    const std::size_t index = next_.fetch_add(1);
    if (index >= count_) return std::nullopt;
    return index;
  }

  void fail(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    failed_ = true;
  }

  const std::size_t count_;
  const std::stop_token& stop_;
  const std::function<void(std::size_t)>& work_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

void parallel_for(std::size_t count, unsigned workers, const std::stop_token& stop,
                  const std::function<void(std::size_t)>& work) {
  if (workers == 0) workers = std::thread::hardware_concurrency() + kWaitingWorkers;
  Queue queue(count, stop, work);
  {
    std::vector<std::jthread> helpers;
    try {
      while (helpers.size() + 1 < std::min<std::size_t>(workers, count)) {
        helpers.emplace_back([&queue] { queue.run(); });
      }
    } catch (const std::system_error&) {
      // The system gives no more threads: those that came, and this one, do the work.
    }
    queue.run();
  }
  queue.rethrow();
}

}  // namespace v0
}  // namespace atp
