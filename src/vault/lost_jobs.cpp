// SPDX-License-Identifier: Apache-2.0
/// Jobs whose process is gone.
#include <map>

#include "atp/core/error.hpp"
#include "atp/model/problem.hpp"
#include "atp/vault/act.hpp"
#include "atp/vault/points.hpp"
#include "atp/vault/recovery.hpp"

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
bool complete_lost_point(const Vault& vault, Ledger& ledger, const SegmentChains& chains,
                         const JobRow& job, unsigned workers) {
  try {
    complete_point(vault, ledger, chains, job.job_id, job.recovery_point_id, workers);
    return true;
  } catch (const Error& error) {
    if (!is_of_damage(error)) throw;
    return is_completed(ledger, job.recovery_point_id);
  }
}

/// Jobs that have intended something and not ended it, and that the catalog does not know since it
/// was lost: whether their processes are gone is asked as of all others.
void adopt_intents(const Vault& vault, const Ledger& ledger) {
  std::map<std::string, const Statement*> intents;
  for (const LedgerEntry& entry : ledger.entries()) {
    const Statement& statement = entry.statement;
    if (!statement.job_id) continue;
    if (statement.action.ends_with(kIntended)) {
      intents.emplace(*statement.job_id, &statement);
    } else {
      intents.erase(*statement.job_id);
    }
  }
  for (const auto& [job_id, statement] : intents) {
    if (vault.catalog().job(job_id)) continue;
    const std::string& action = statement->action;
    try {
      vault.catalog().begin_job({.job_id = job_id,
                                 .tenant = ledger.tenant(),
                                 .kind = action.substr(0, action.size() - kIntended.size()),
                                 .state = JobState::running,
                                 .started_at = statement->header.created_at});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::already_exists) throw;  // Another process was faster.
    }
  }
}

/// Whether the job has done what it was for.
bool settle(const Vault& vault, Ledger& ledger, const SegmentChains& chains, const JobRow& job,
            unsigned workers) {
  if (job.kind == "backup") return complete_lost_point(vault, ledger, chains, job, workers);
  return settle_act(vault, ledger, job.job_id);
}

}  // namespace

std::size_t finish_lost_jobs(const Vault& vault, Ledger& ledger, SegmentChains& chains,
                             unsigned workers) {
  adopt_intents(vault, ledger);
  std::size_t lost = 0;
  for (const JobRow& job : vault.catalog().running_jobs()) {
    if (job.tenant != ledger.tenant()) continue;
    const auto lock = lock_lost_job(vault, job);
    if (!lock) continue;
    ledger.refresh();
    const bool done = settle(vault, ledger, chains, job, workers);
    record_progress(vault, ledger, chains);
    vault.catalog().end_job(job.job_id, done ? JobState::completed : JobState::failed);
    ++lost;
  }
  return lost;
}

}  // namespace v0
}  // namespace atp
