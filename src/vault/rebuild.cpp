// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/rebuild.hpp"

#include <functional>
#include <iterator>
#include <set>

#include "atp/model/problem.hpp"
#include "atp/vault/points.hpp"
#include "atp/vault/segment_chains.hpp"
#include "atp/verify/points.hpp"
#include "vault/tenant_documents.hpp"

namespace atp {
inline namespace v0 {
namespace {

Ledger load_ledger(const Vault& vault, const TenantId& tenant) {
  return Ledger::load(vault.store(), vault.trust(), tenant, EntriesFrom::bundles);
}

/// A tenant's rows as the store says they must be. Throws: corrupt.
DerivedRows derive_tenant(const Vault& vault, const Ledger& ledger) {
  DerivedRows rows;
  SegmentChains chains(vault, ledger.tenant(), SegmentChains::From::store);
  rows.segments = chains.take_new_rows();
  require_tail(vault, ledger, "");
  rows.points = point_rows(vault, ledger, 0);
  if (!rows.points.empty()) {
    const auto newest = completed_point(vault, ledger, rows.points.back().ledger_index);
    check_coverage(chains, newest->point);
  }
  if (ledger.size() > 0) rows.heads.push_back(head_row(ledger));
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

/// What the catalog at hand has of a tenant; nothing where it cannot be used.
DerivedRows known_rows(const Vault& vault, const TenantId& tenant) {
  if (!vault.catalog_problem().empty()) return {};
  Catalog& catalog = vault.catalog();
  DerivedRows rows{.segments = catalog.segments(tenant), .points = catalog.points(tenant)};
  if (const auto head = catalog.ledger_head(tenant)) rows.heads.push_back(*head);
  return rows;
}

/// Calls `each` with every tenant of the store or of the catalog, in order.
void for_each_tenant(const Vault& vault, const std::stop_token& stop, ProgressSink* progress,
                     const std::function<void(const TenantId&)>& each) {
  const std::vector<TenantId> stored = list_tenants(vault.store());
  std::set<TenantId> tenants(stored.begin(), stored.end());
  if (vault.catalog_problem().empty()) {
    for (const TenantId& tenant : vault.catalog().tenants()) tenants.insert(tenant);
  }
  ProgressMeter meter(progress, {.stage = "rebuild", .items_total = tenants.size()});
  for (const TenantId& tenant : tenants) {
    throw_if_stopped(stop);
    each(tenant);
    meter.add(0, 1);
  }
}

}  // namespace

bool is_of_one_tenant(const Error& error) {
  if (is_of_damage(error)) return true;
  switch (error.kind()) {
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
  for_each_tenant(vault, stop, progress, [&](const TenantId& tenant) {
    append(rows, derive_tenant(vault, load_ledger(vault, tenant)));
  });
  return rows;
}

RebuildResult rebuild_catalog(Vault& vault, const std::stop_token& stop, ProgressSink* progress) {
  const WorkLock lock = vault.work().lock_rebuild();
  vault.check_catalog();
  RebuildResult result;
  DerivedRows rows;
  for_each_tenant(vault, stop, progress, [&](const TenantId& tenant) {
    DerivedRows before = known_rows(vault, tenant);
    try {
      Ledger ledger = load_ledger(vault, tenant);
      // A catalog that can be read and has seen more than the ledger holds is evidence.
      for (const LedgerHeadRow& head : before.heads) {
        check_head(vault, ledger, head);
        if (const auto lost = find_lost_checkpoint(vault, ledger, head)) {
          refuse_lost_checkpoint(vault, *lost);
        }
      }
      append(rows, derive_tenant(vault, ledger));
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
