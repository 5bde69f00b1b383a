// SPDX-License-Identifier: Apache-2.0
/// The second half of taking a point: statement, checkpoint, retention, catalog.
#include <set>

#include "atp/core/error.hpp"
#include "atp/core/parallel.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/keys/key_epochs.hpp"
#include "atp/policy/retention.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/points.hpp"
#include "atp/vault/recovery.hpp"

namespace atp {
namespace {

struct Growth {
  Time at_least;
  Time until;
};

/// What must be kept how long for a point to be restorable until its own retention ends.
class Needs {
 public:
  Needs(const Vault& vault, const Ledger& ledger, const SegmentChains& chains,
        const TenantPolicy& policy)
      : vault_(vault),
        ledger_(ledger),
        chains_(chains),
        policy_(policy),
        tenant_(*policy.header.tenant) {}

  void add_point(const RecoveryPoint& point) {
    if (needs_.empty()) {
      document_ = {retain_document_at_least_until(point.as_of, policy_.retention),
                   retain_document_until(point.as_of, policy_.retention)};
      add_document(std::string(layout::kVault));
      add_ledger();
      add_keys_and_policies();
    }
    add_document(layout::recovery_point(tenant_, point.recovery_point_id));
    for (const ListReference& list : point.lists) {
      add_document(layout::list_page(tenant_, list.sha256));
    }
    for (const ListPage& page : read_list_pages(vault_.store(), point)) {
      for (const Descriptor& descriptor : page.descriptors) add_segment(descriptor);
    }
  }

  void grow(unsigned workers) const {
    const std::vector<std::pair<std::string, Growth>> needs(needs_.begin(), needs_.end());
    parallel_for(needs.size(), workers, {}, [&](std::size_t i) {
      const auto& [key, growth] = needs[i];
      const auto info = vault_.store().stat(key);
      if (!info) throw Error(ErrorKind::corrupt, key, "is missing, but a point needs it");
      if (info->immutability.retain_until >= growth.at_least) return;
      const Time in_force = vault_.store().extend_retention(key, growth.until);
      if (in_force >= growth.at_least) return;
      throw Error(ErrorKind::unavailable, key,
                  "is kept until " + format_time(in_force) + " although the store was told " +
                      format_time(growth.until));
    });
  }

 private:
  void add_document(const std::string& key) { needs_.emplace(key, document_); }

  void add_ledger() {
    for (std::uint64_t index = 0; index < ledger_.size(); ++index) {
      add_document(layout::ledger_entry(tenant_, ledger_.term(), index));
    }
    for_each_key(vault_.store(), layout::ledger_checkpoints(tenant_, ledger_.term()),
                 [&](const std::string& key) { add_document(key); });
  }

  void add_keys_and_policies() {
    const KeyEpochs epochs = read_key_epochs(vault_.store(), &vault_.trust(), tenant_);
    if (!epochs.problems.empty()) throw_problem(epochs.problems.front());
    for (const auto& [name, documents] : epochs.documents) {
      for (const KeyEpoch& epoch : documents) {
        add_document(layout::key_epoch_document(tenant_, name, epoch.index));
        add_document(epoch.wrap_key);
      }
    }
    for (std::uint64_t version = 1; version <= policy_.version; ++version) {
      add_document(layout::policy(tenant_, version));
    }
  }

  void add_segment(const Descriptor& descriptor) {
    const auto& entry = chains_.streams().at(descriptor.stream).at(descriptor.sequence);
    const Time until = retain_segment_until(entry.manifest.sealed_at, policy_.retention);
    add_document(layout::manifest(tenant_, descriptor.stream, descriptor.sequence));
    needs_.emplace(descriptor.key, Growth{until, until});
  }

  const Vault& vault_;
  const Ledger& ledger_;
  const SegmentChains& chains_;
  const TenantPolicy& policy_;
  const TenantId tenant_;
  Growth document_{};
  std::map<std::string, Growth> needs_;
};

TenantPolicy require_policy(const Vault& vault, const TenantId& tenant) {
  auto policy = current_policy(vault, tenant);
  if (policy) return std::move(*policy);
  throw Error(ErrorKind::corrupt, layout::policies(tenant), "holds no policy");
}

/// `point` and its parents down to the last full one.
std::vector<RecoveryPoint> with_parents(const Vault& vault, RecoveryPoint point) {
  std::vector<RecoveryPoint> points{std::move(point)};
  while (points.back().parent) {
    const ParentPoint parent = *points.back().parent;
    const TenantId tenant = *points.back().header.tenant;
    const std::string key = layout::recovery_point(tenant, parent.id);
    const Bytes stored = get_object(vault.store(), key, kDocumentLimit);
    if (sha256(stored) != parent.sha256) {
      throw Error(ErrorKind::corrupt, key, "is another point than its child's parent");
    }
    points.push_back(
        require_document<RecoveryPoint>(key, as_text(stored), vault.trust(), tenant));
  }
  return points;
}

std::optional<std::uint64_t> statement_of(const Ledger& ledger, const std::string& point_id) {
  for (std::uint64_t index = ledger.size(); index-- > 0;) {
    const Statement& statement = ledger.entries()[index].statement;
    if (statement.action == "recovery_point.completed" && statement.subject_id == point_id) {
      return index;
    }
  }
  return std::nullopt;
}

void append(const Vault& vault, Ledger& ledger, const Statement& statement,
            const PutOptions& options) {
  while (true) {
    if (ledger.size() == 0 && statement.action != "ledger.opened") return;
    if (ledger.size() > 0 && statement.action == "ledger.opened") return;
    if (ledger.try_append(statement, vault.signer(), options)) return;
    ledger.refresh();
  }
}

}  // namespace

void append_statement(const Vault& vault, Ledger& ledger, const Statement& statement,
                      Time retain_until) {
  const PutOptions options{.retain_until = retain_until};
  Statement opened{.header = vault.new_header(ledger.tenant()),
                   .origin = make_origin(vault.document().domain, *vault.environment().random),
                   .index = 0,
                   .action = "ledger.opened",
                   .job_id = statement.job_id,
                   .subject_id = {},
                   .subject_sha256 = {},
                   .predecessor = {}};
  append(vault, ledger, opened, options);
  append(vault, ledger, statement, options);
  ledger.put_checkpoint(vault.ledger_signer(), options);
}

void complete_point(const Vault& vault, Ledger& ledger, const SegmentChains& chains,
                    const std::string& job_id, const std::string& recovery_point_id,
                    unsigned workers) {
  const TenantId& tenant = ledger.tenant();
  const std::string key = layout::recovery_point(tenant, recovery_point_id);
  const Bytes stored = get_object(vault.store(), key, kDocumentLimit);
  RecoveryPoint point =
      require_document<RecoveryPoint>(key, as_text(stored), vault.trust(), tenant);
  const TenantPolicy policy = require_policy(vault, tenant);
  const Time retain_until = retain_document_until(point.as_of, policy.retention);
  if (!statement_of(ledger, recovery_point_id)) {
    append_statement(vault, ledger,
                     {.header = vault.new_header(tenant),
                      .origin = {},
                      .index = 0,
                      .action = "recovery_point.completed",
                      .job_id = job_id,
                      .subject_id = recovery_point_id,
                      .subject_sha256 = sha256(stored),
                      .predecessor = {}},
                     retain_until);
  } else if (!ledger.has_checkpoint()) {
    ledger.put_checkpoint(vault.ledger_signer(), {.retain_until = retain_until});
  }
  Needs needs(vault, ledger, chains, policy);
  for (const RecoveryPoint& each : with_parents(vault, std::move(point))) needs.add_point(each);
  needs.grow(workers);
}

std::size_t finish_lost_jobs(const Vault& vault, Ledger& ledger, SegmentChains& chains,
                             unsigned workers) {
  std::size_t lost = 0;
  for (const JobRow& job : vault.catalog().running_jobs()) {
    if (job.tenant != ledger.tenant() || vault.job_is_running(job.job_id)) continue;
    const std::string key = layout::recovery_point(job.tenant, job.recovery_point_id);
    const bool whole = vault.store().stat(key).has_value();
    if (whole) {
      complete_point(vault, ledger, chains, job.job_id, job.recovery_point_id, workers);
    }
    record_progress(vault, ledger, chains);
    vault.catalog().end_job(job.job_id, whole ? JobState::completed : JobState::failed);
    ++lost;
  }
  return lost;
}

}  // namespace atp
