// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/job.hpp"

#include "atp/core/error.hpp"
#include "atp/model/problem.hpp"
#include "atp/vault/act.hpp"
#include "atp/vault/completion.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// Locks a job whose process is gone, if it still is to be ended.
std::optional<WorkLock> lock_lost_job(const Vault& vault, const JobRow& job) {
  auto lock = vault.work().try_lock_job(job.job_id);
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

JobState ended(bool done) { return done ? JobState::completed : JobState::failed; }

/// Whether the last entry is the job's own, and no checkpoint covers it yet.
bool owes_checkpoint(const Ledger& ledger, const JobRow& job) {
  return ledger.size() > 0 && !ledger.has_checkpoint() &&
         ledger.tail().back().statement.job_id == job.job_id;
}

/// The row follows the ledger: where it cannot be ended now, or a checkpoint is missing yet, the
/// next run does it.
void try_to_end(OpenTenant& tenant, const JobRow& job, const std::function<JobState()>& outcome) {
  try {
    const JobState state = outcome();
    tenant.record_progress();
    if (!owes_checkpoint(tenant.ledger(), job)) {
      tenant.vault().catalog().end_job(job.job_id, state);
    }
  } catch (const Error&) {
    return;
  }
}

/// A point that was not completed is given up: what is new of it, the next run takes up.
JobState settle_failed(OpenTenant& tenant, const JobRow& job) {
  if (job.kind == kBackupJob) return ended(is_completed(tenant, job.recovery_point_id));
  tenant.reopen_ledger();
  return ended(settle_act(tenant, job.job_id));
}

/// Whether the job has done what it was for.
bool settle(OpenTenant& tenant, const JobRow& job, unsigned workers) {
  if (job.kind == kBackupJob) return complete_lost_point(tenant, job, workers);
  return settle_act(tenant, job.job_id);
}

}  // namespace

JobRow new_job(const Vault& vault, const TenantId& tenant, std::string_view kind) {
  return {.job_id = random_hex(*vault.environment().random, 16),
          .tenant = tenant,
          .kind = std::string(kind),
          .state = JobState::running,
          .started_at = vault.environment().clock->now()};
}

void run_job(OpenTenant& tenant, const JobRow& job, const std::function<void()>& work) {
  tenant.vault().catalog().begin_job(job);
  try {
    work();
  } catch (const Error&) {
    try_to_end(tenant, job, [&] { return settle_failed(tenant, job); });
    throw;
  }
  try_to_end(tenant, job, [] { return JobState::completed; });
}

std::size_t finish_lost_jobs(OpenTenant& tenant, unsigned workers) {
  const Vault& vault = tenant.vault();
  std::size_t lost = 0;
  for (const JobRow& job : vault.catalog().running_jobs(tenant.tenant())) {
    const auto lock = lock_lost_job(vault, job);
    if (!lock) continue;
    tenant.ledger().refresh();
    const bool done = settle(tenant, job, workers);
    tenant.record_progress();
    vault.catalog().end_job(job.job_id, ended(done));
    ++lost;
  }
  return lost;
}

}  // namespace v0
}  // namespace atp
