// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/recovery.hpp"

#include <functional>
#include <iterator>
#include <set>

#include "atp/core/error.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/points.hpp"
#include "atp/verify/ledger_tail.hpp"
#include "atp/verify/verify.hpp"

namespace atp {
inline namespace v0 {
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

/// Throws: corrupt where a stored point had seen a longer ledger.
void require_tail(const Vault& vault, const Ledger& ledger, PointsToAsk points) {
  const auto cut = find_cut_tail(vault.store(), &vault.trust(), ledger.tenant(), ledger.size(),
                                 points, vault.environment().clock->now());
  if (!cut) return;
  Ledger again = Ledger::load(vault.store(), vault.trust(), ledger.tenant());
  if (again.size() == ledger.size()) throw_problem(*cut);  // Else others have appended since.
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
  require_tail(vault, ledger, PointsToAsk::newest);
  return ledger;
}

namespace {

/// A tenant's rows as the store says they must be. Throws: corrupt.
DerivedRows derive_tenant(const Vault& vault, const TenantId& tenant) {
  DerivedRows rows;
  SegmentChains chains(vault, tenant, SegmentChains::From::store);
  rows.segments = chains.take_new_rows();
  const Ledger ledger = Ledger::load(vault.store(), vault.trust(), tenant);
  require_tail(vault, ledger, PointsToAsk::all);
  rows.points = point_rows(vault, ledger, 0);
  if (const auto newest = newest_point(vault, ledger)) check_coverage(chains, newest->point);
  if (ledger.size() > 0) rows.heads.push_back(head_of(ledger));
  return rows;
}

template <class Row>
void move_rows(std::vector<Row>& to, std::vector<Row>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void append(DerivedRows& to, DerivedRows&& from) {
  move_rows(to.segments, std::move(from.segments));
  move_rows(to.points, std::move(from.points));
  move_rows(to.heads, std::move(from.heads));
}

DerivedRows of_tenant(const DerivedRows& rows, const TenantId& tenant) {
  DerivedRows found = rows;
  const auto is_other = [&](const auto& row) { return row.tenant != tenant; };
  std::erase_if(found.segments, is_other);
  std::erase_if(found.points, is_other);
  std::erase_if(found.heads, is_other);
  return found;
}

/// Calls `each` with every tenant of the store or of `known`, in order.
void for_each_tenant(const Vault& vault, const DerivedRows& known, const std::stop_token& stop,
                     ProgressSink* progress, const std::function<void(const TenantId&)>& each) {
  const std::vector<TenantId> stored = list_tenants(vault.store());
  std::set<TenantId> tenants(stored.begin(), stored.end());
  for (const LedgerHeadRow& head : known.heads) tenants.insert(head.tenant);
  ProgressMeter meter(progress, {.stage = "rebuild", .items_total = tenants.size()});
  for (const TenantId& tenant : tenants) {
    throw_if_stopped(stop);
    each(tenant);
    meter.add(0, 1);
  }
}

/// A catalog that can be read and has seen more than the ledger holds is evidence, not rubbish.
void check_heads(const Vault& vault, const DerivedRows& known) {
  for (const LedgerHeadRow& head : known.heads) {
    check_head(vault, Ledger::load(vault.store(), vault.trust(), head.tenant), head);
  }
}

}  // namespace

bool is_of_one_tenant(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::corrupt:
    case ErrorKind::untrusted:
    case ErrorKind::not_found:
    case ErrorKind::permission_denied:
    case ErrorKind::unsupported:
    case ErrorKind::invalid_argument:
      return true;
    case ErrorKind::unavailable:
      return !error.temporary();
    default:
      return false;
  }
}

DerivedRows derive_rows(const Vault& vault, const std::stop_token& stop, ProgressSink* progress) {
  DerivedRows rows;
  for_each_tenant(vault, {}, stop, progress,
                  [&](const TenantId& tenant) { append(rows, derive_tenant(vault, tenant)); });
  return rows;
}

RebuildResult rebuild_catalog(Vault& vault, const std::stop_token& stop, ProgressSink* progress) {
  const WorkLock lock = vault.lock_for_rebuild();
  const bool usable = vault.catalog_problem().empty();
  const DerivedRows known = usable ? vault.catalog().derived() : DerivedRows();
  RebuildResult result;
  DerivedRows rows;
  for_each_tenant(vault, known, stop, progress, [&](const TenantId& tenant) {
    DerivedRows before = of_tenant(known, tenant);
    try {
      check_heads(vault, before);
      append(rows, derive_tenant(vault, tenant));
    } catch (const Error& error) {
      if (!is_of_one_tenant(error)) throw;
      result.damaged.push_back({tenant, error.kind(), error.subject(), error.message()});
      append(rows, std::move(before));
    }
  });
  result.tenants = rows.heads.size();
  result.segments = rows.segments.size();
  result.points = rows.points.size();
  result.kept = vault.renew_catalog();
  vault.catalog().replace_derived(rows);
  return result;
}

}  // namespace v0
}  // namespace atp
