// SPDX-License-Identifier: Apache-2.0
/// Jobs whose process is gone.
#include "atp/core/error.hpp"
#include "atp/model/problem.hpp"
#include "atp/vault/act.hpp"
#include "atp/vault/completion.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// Locks a job whose process is gone, if it still is to be ended.
std::optional<WorkLock> lock_lost_job(const Vault& vault, const JobRow& job) {
  auto lock = vault.try_lock_for_job(job.job_id);
  if (!lock) return std::nullopt;
  const auto now = vault.catalog().job(job.job_id);  // It may have ended before we had the lock.
  if (!now || now->state != JobState::running) return std::nullopt;
  return lock;
}

/// Whether the job's point is complete now. A point that cannot be is given up with its job.
bool complete_lost_point(OpenTenant& tenant, const JobRow& job, unsigned workers) {
  try {
    complete_point(tenant, job.job_id, job.recovery_point_id, workers);
    return true;
  } catch (const Error& error) {
    if (!is_of_damage(error)) throw;
    return is_completed(tenant, job.recovery_point_id);
  }
}

/// Whether the job has done what it was for.
bool settle(OpenTenant& tenant, const JobRow& job, unsigned workers) {
  if (job.kind == "backup") return complete_lost_point(tenant, job, workers);
  return settle_act(tenant, job.job_id);
}

}  // namespace

std::size_t finish_lost_jobs(OpenTenant& tenant, unsigned workers) {
  const Vault& vault = tenant.vault();
  std::size_t lost = 0;
  for (const JobRow& job : vault.catalog().running_jobs(tenant.tenant())) {
    const auto lock = lock_lost_job(vault, job);
    if (!lock) continue;
    tenant.ledger().refresh();
    const bool done = settle(tenant, job, workers);
    tenant.record_progress();
    vault.catalog().end_job(job.job_id, done ? JobState::completed : JobState::failed);
    ++lost;
  }
  return lost;
}

}  // namespace v0
}  // namespace atp
