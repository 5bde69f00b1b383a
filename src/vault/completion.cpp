// SPDX-License-Identifier: Apache-2.0
/// The second half of taking a point: statement, checkpoint, retention.
#include <algorithm>
#include <map>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/model/problem.hpp"
#include "atp/policy/retention.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/anchor.hpp"
#include "atp/vault/recovery.hpp"
#include "vault/keeping.hpp"

namespace atp::inline v0 {
namespace {

constexpr std::string_view kIntended = ".intended";
constexpr std::string_view kAbandoned = ".abandoned";

struct StoredPoint {
  RecoveryPoint point;
  Digest sha256;
};

StoredPoint require_point(const Vault& vault, const TenantId& tenant, const std::string& id) {
  const std::string key = layout::recovery_point(tenant, id);
  const Bytes stored = require_object(vault.store(), key, kDocumentLimit);
  RecoveryPoint point =
      require_document<RecoveryPoint>(key, as_text(stored), vault.trust(), tenant);
  if (point.recovery_point_id != id) {
    throw Error(ErrorKind::corrupt, key, "holds point " + point.recovery_point_id);
  }
  return {std::move(point), sha256(stored)};
}

bool has_statement(const Ledger& ledger, const std::string& point_id) {
  for (const LedgerEntry& entry : ledger.entries()) {
    if (entry.statement.action == "recovery_point.completed" &&
        entry.statement.subject_id == point_id) {
      return true;
    }
  }
  return false;
}

/// Appends `ledger.opened` to an empty ledger and anything else to another; does nothing where the
/// ledger is not of that kind (any more).
void append(const Vault& vault, Ledger& ledger, const Statement& statement,
            const PutOptions& options) {
  while ((ledger.size() == 0) == (statement.action == "ledger.opened")) {
    if (ledger.try_append(statement, vault.signers(), options)) return;
    ledger.refresh();
  }
}

void check_whole(const Needs& needs, const std::string& point_id, unsigned workers) {
  if (const auto key = needs.missing(workers)) {
    throw Error(ErrorKind::corrupt, *key, "is missing, but " + point_id + " needs it");
  }
}

/// Locks a job whose process is gone, if it still is to be ended.
std::optional<WorkLock> lock_lost_job(const Vault& vault, const JobRow& job) {
  auto lock = vault.try_lock_for_job(job.job_id);
  if (!lock) return std::nullopt;
  const auto now = vault.catalog().job(job.job_id);  // It may have ended before we had the lock.
  if (!now || now->state != JobState::running) return std::nullopt;
  return lock;
}

/// The last thing that a job said in the ledger; null for nothing.
const Statement* last_statement(const Ledger& ledger, const std::string& job_id) {
  const auto& entries = ledger.entries();
  const auto last = std::find_if(entries.rbegin(), entries.rend(), [&](const LedgerEntry& entry) {
    return entry.statement.job_id == job_id;
  });
  return last == entries.rend() ? nullptr : &last->statement;
}

/// Whether the job's point is complete now. A point that cannot be is given up with its job.
bool complete_lost_point(const Vault& vault, Ledger& ledger, const SegmentChains& chains,
                         const JobRow& job, unsigned workers) {
  try {
    complete_point(vault, ledger, chains, job.job_id, job.recovery_point_id, workers);
    return true;
  } catch (const Error& error) {
    if (!is_of_damage(error)) throw;
    return has_statement(ledger, job.recovery_point_id);
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
                                 .started_at = statement->header.created_at,
                                 .recovery_point_id = {}});
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

void append_statement(const Vault& vault, Ledger& ledger, const Statement& statement,
                      Time retain_until) {
  const PutOptions options{.retain_until = retain_until};
  append(vault, ledger,
         {.header = vault.new_header(ledger.tenant()),
          .origin = make_origin(vault.document().domain, *vault.environment().random),
          .index = 0,
          .action = "ledger.opened",
          .job_id = statement.job_id,
          .subject_id = {},
          .subject_sha256 = {},
          .predecessor = {}},
         options);
  append(vault, ledger, statement, options);
  ledger.put_checkpoint(vault.ledger_signers(), options);
}

void keep_point(const Vault& vault, const Ledger& ledger, const SegmentChains& chains,
                const RecoveryPoint& point, unsigned workers) {
  const Needs needs(vault, ledger, chains, point);
  needs.grow(workers);
  check_whole(needs, point.recovery_point_id, workers);
}

void complete_point(const Vault& vault, Ledger& ledger, const SegmentChains& chains,
                    const std::string& job_id, const std::string& recovery_point_id,
                    unsigned workers) {
  const TenantId& tenant = ledger.tenant();
  const auto [point, digest] = require_point(vault, tenant, recovery_point_id);
  const auto policy = current_policy(vault, tenant);
  const Time retain_until =
      retain_document_until(point.as_of, policy ? policy->retention : kDefaultRetention);
  // Before the statement says so: everything is there, and kept.
  keep_point(vault, ledger, chains, point, workers);
  require_timestamp(vault, tenant, layout::recovery_point(tenant, recovery_point_id), digest,
                    retain_until);
  if (!has_statement(ledger, recovery_point_id)) {
    append_statement(vault, ledger,
                     {.header = vault.new_header(tenant),
                      .origin = {},
                      .index = 0,
                      .action = "recovery_point.completed",
                      .job_id = job_id,
                      .subject_id = recovery_point_id,
                      .subject_sha256 = digest,
                      .predecessor = {}},
                     retain_until);
  } else if (!ledger.has_checkpoint()) {
    ledger.put_checkpoint(vault.ledger_signers(), {.retain_until = retain_until});
  }
}

void append_end(const Vault& vault, Ledger& ledger, const Statement& statement, Time retain_until) {
  const PutOptions options{.retain_until = retain_until};
  do {
    ledger.refresh();
    require_not_halted(vault, ledger.tenant());
    const Statement* last = last_statement(ledger, *statement.job_id);
    if (last == nullptr || !last->action.ends_with(kIntended)) {
      throw Error(ErrorKind::precondition_failed, *statement.subject_id,
                  "was ended by somebody else: the ledger says " +
                      (last ? last->action : std::string("nothing of it")));
    }
  } while (!ledger.try_append(statement, vault.signers(), options));
  ledger.put_checkpoint(vault.ledger_signers(), options);
}

bool settle_act(const Vault& vault, Ledger& ledger, const std::string& job_id) {
  const Statement* last = last_statement(ledger, job_id);
  if (last == nullptr) return false;
  const auto policy = current_policy(vault, ledger.tenant());
  const Time retain_until = retain_document_until(vault.environment().clock->now(),
                                                  policy ? policy->retention : kDefaultRetention);
  if (!last->action.ends_with(kIntended)) {
    if (!ledger.has_checkpoint()) {
      ledger.put_checkpoint(vault.ledger_signers(), {.retain_until = retain_until});
    }
    return !last->action.ends_with(kAbandoned);
  }
  Statement abandoned = *last;
  abandoned.header = vault.new_header(ledger.tenant());
  abandoned.action.replace(abandoned.action.size() - kIntended.size(), kIntended.size(),
                           kAbandoned);
  abandoned.approved_by.reset();
  append_end(vault, ledger, abandoned, retain_until);
  return false;
}

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

}  // namespace atp::inline v0
