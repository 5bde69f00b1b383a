// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/work_locks.hpp"

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace {

// Byte 0 is shared by jobs and taken whole by a rebuild, each job has a byte of its own.
constexpr std::uint64_t kRebuildByte = 0;

std::uint64_t job_byte(const std::string& job_id) {
  if (job_id.size() != 32 || !from_hex(job_id)) {
    throw Error(ErrorKind::corrupt, job_id, "is no job id");
  }
  return 1 + (std::stoull(job_id.substr(0, 16), nullptr, 16) >> 2);
}

[[noreturn]] void throw_leased(const std::string& locks, const std::string& by) {
  throw Error(ErrorKind::precondition_failed, locks, "the vault is in use by " + by,
              Error::Retry::temporary);
}

class FileWorkLocks final : public WorkLocks {
 public:
  FileWorkLocks(std::shared_ptr<FileSystem> files, Path path)
      : files_(std::move(files)), path_(std::move(path)) {}

  std::string describe() const override { return path_.string(); }

  std::optional<WorkLock> try_lock_job(const std::string& job_id) override {
    std::shared_ptr<File> file = open_lock_file(*files_, path_);
    if (!file->try_lock(kRebuildByte, 1, LockKind::shared)) {
      throw_leased(describe(), "a catalog rebuild");
    }
    if (!file->try_lock(job_byte(job_id), 1, LockKind::exclusive)) return std::nullopt;
    return WorkLock(std::move(file));
  }

  WorkLock lock_rebuild() override {
    std::shared_ptr<File> file = open_lock_file(*files_, path_);
    if (!file->try_lock(kRebuildByte, 1, LockKind::exclusive)) {
      throw_leased(describe(), "running jobs");
    }
    return WorkLock(std::move(file));
  }

 private:
  const std::shared_ptr<FileSystem> files_;
  const Path path_;
};

}  // namespace

WorkLock WorkLocks::lock_job(const std::string& job_id) {
  auto lock = try_lock_job(job_id);
  if (!lock) throw_leased(describe(), "job " + job_id);
  return std::move(*lock);
}

std::shared_ptr<WorkLocks> file_work_locks(std::shared_ptr<FileSystem> files, Path path) {
  return std::make_shared<FileWorkLocks>(std::move(files), std::move(path));
}

}  // namespace v0
}  // namespace atp
