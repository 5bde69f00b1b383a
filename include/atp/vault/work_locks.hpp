// SPDX-License-Identifier: Apache-2.0
/// Who is at work in a vault, so that nobody takes a job that runs for one whose process has died.
/// Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"

namespace atp {
inline namespace v0 {

/// Held while work runs; released when it goes, and by itself when the process dies.
class WorkLock {
 public:
  explicit WorkLock(std::shared_ptr<void> held) : held_(std::move(held)) {}

 private:
  std::shared_ptr<void> held_;
};

class ATP_EXPORT WorkLocks {
 public:
  virtual ~WorkLocks() = default;

  /// For people.
  virtual std::string describe() const = 0;
  /// A job's own lock, which many jobs hold beside one another and a rebuild excludes. Nothing
  /// where the process that runs the job is alive. Throws: precondition_failed (temporary) while a
  /// rebuild runs; corrupt for an id that is none.
  virtual std::optional<WorkLock> try_lock_job(const std::string& job_id) = 0;
  /// Excludes all jobs. Throws: precondition_failed (temporary) while one runs.
  virtual WorkLock lock_rebuild() = 0;

  /// As `try_lock_job`. Throws: precondition_failed (temporary) where that gives nothing.
  WorkLock lock_job(const std::string& job_id);
};

/// Byte ranges of the file at `path`, which is made where it is missing (ADR 5).
ATP_EXPORT std::shared_ptr<WorkLocks> file_work_locks(std::shared_ptr<FileSystem> files, Path path);

}  // namespace v0
}  // namespace atp
