// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/recovery.hpp"

#include "atp/core/error.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/points.hpp"
#include "atp/verify/verify.hpp"

namespace atp::inline v0 {
namespace {

LedgerHeadRow head_of(const Ledger& ledger) {
  return {ledger.tenant(), ledger.term(), ledger.origin(),
          ledger.size(),   ledger.root(), ledger.frontier()};
}

void check_head(const Vault& vault, const Ledger& ledger, const LedgerHeadRow& head) {
  const std::string subject = layout::ledger_entries(ledger.tenant(), ledger.term());
  if (head.size > ledger.size()) {
    throw Error(ErrorKind::corrupt, subject,
                "has " + std::to_string(ledger.size()) + " entries, the catalog saw " +
                    std::to_string(head.size) + ": the tail was cut off or the store rolled back");
  }
  if (head.origin != ledger.origin() || head.root != ledger.root_at(head.size)) {
    throw Error(ErrorKind::corrupt, subject,
                "is another ledger than the one that " + vault.paths().catalog.string() + " saw");
  }
}

/// Entries that the catalog lacks must be of jobs it knows.
void check_beyond_head(const Vault& vault, const Ledger& ledger, std::uint64_t from) {
  for (std::uint64_t index = from; index < ledger.size(); ++index) {
    const auto& job_id = ledger.entries()[index].statement.job_id;
    if (job_id && vault.catalog().job(*job_id)) continue;
    throw Error(ErrorKind::unavailable, vault.paths().catalog.string(),
                "is older than the ledger of " + ledger.tenant().str() + " (entry " +
                    std::to_string(index) +
                    " is of a job it does not know); the vault is read-only until `atp catalog "
                    "rebuild`");
  }
}

std::vector<PointRow> point_rows(const Vault& vault, const Ledger& ledger, std::uint64_t from) {
  std::vector<PointRow> rows;
  for (std::uint64_t index = from; index < ledger.size(); ++index) {
    if (const auto point = completed_point(vault, ledger, index)) rows.push_back(row_of(*point));
  }
  return rows;
}

}  // namespace

void record_progress(const Vault& vault, const Ledger& ledger, SegmentChains& chains) {
  vault.catalog().record_segments(chains.take_new_rows());
  if (ledger.size() == 0) return;
  const auto head = vault.catalog().ledger_head(ledger.tenant());
  vault.catalog().record_ledger(point_rows(vault, ledger, head ? head->size : 0), head_of(ledger));
}

Ledger catch_up(const Vault& vault, const TenantId& tenant) {
  Catalog& catalog = vault.catalog();
  const auto head = catalog.ledger_head(tenant);  // Before the ledger: others may append.
  Ledger ledger = Ledger::load(vault.store(), vault.trust(), tenant);
  if (head) check_head(vault, ledger, *head);
  check_beyond_head(vault, ledger, head ? head->size : 0);
  return ledger;
}

DerivedRows derive_rows(const Vault& vault, const std::stop_token& stop, ProgressSink* progress) {
  DerivedRows rows;
  const std::vector<TenantId> tenants = list_tenants(vault.store());
  for (const TenantId& tenant : tenants) {
    throw_if_stopped(stop);
    SegmentChains chains(vault, tenant, SegmentChains::From::store);
    for (SegmentRow& row : chains.take_new_rows()) rows.segments.push_back(std::move(row));
    const Ledger ledger = Ledger::load(vault.store(), vault.trust(), tenant);
    for (PointRow& row : point_rows(vault, ledger, 0)) rows.points.push_back(std::move(row));
    if (const auto newest = newest_point(vault, ledger)) check_coverage(chains, newest->point);
    if (ledger.size() > 0) rows.heads.push_back(head_of(ledger));
    if (progress) {
      progress->update({.stage = "rebuild",
                        .items_done = static_cast<std::uint64_t>(&tenant - tenants.data()) + 1,
                        .items_total = tenants.size()});
    }
  }
  return rows;
}

namespace {

/// A catalog that can be read and has seen more than the ledgers hold is evidence, not rubbish.
void check_heads(const Vault& vault) {
  if (!vault.catalog_problem().empty()) return;
  for (const LedgerHeadRow& head : vault.catalog().derived().heads) {
    check_head(vault, Ledger::load(vault.store(), vault.trust(), head.tenant), head);
  }
}

}  // namespace

RebuildResult rebuild_catalog(Vault& vault, const std::stop_token& stop, ProgressSink* progress) {
  const WorkLock lock = vault.lock_for_rebuild();
  check_heads(vault);
  const DerivedRows rows = derive_rows(vault, stop, progress);
  RebuildResult result{.tenants = rows.heads.size(),
                       .segments = rows.segments.size(),
                       .points = rows.points.size(),
                       .kept = vault.renew_catalog()};
  vault.catalog().replace_derived(rows);
  return result;
}

}  // namespace atp::inline v0
