// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/points.hpp"

#include <algorithm>
#include <set>

#include "atp/core/error.hpp"
#include "atp/model/acts.hpp"
#include "atp/model/object_key.hpp"
#include "atp/model/signed_document.hpp"
#include "atp/storage/layout.hpp"
#include "verify/checks.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// Whether an error is about one place of the store, so that the others can be looked at.
bool is_of_one_place(const Error& error) {
  return verify::is_finding(error) || error.kind() == ErrorKind::permission_denied;
}

void collect_tenants(ObjectStore& store, const std::string& root, std::set<TenantId>& tenants) {
  for_each_folder(store, root, [&](const std::string& name) {
    if (const auto tenant = TenantId::try_decode(name)) tenants.insert(*tenant);
  });
}

std::vector<TenantId> tenants_with_points(ObjectStore& store) {
  std::set<TenantId> tenants;
  collect_tenants(store, "recovery-points/", tenants);
  return {tenants.begin(), tenants.end()};
}

/// The ids that a tenant's ledger calls completed, in its order.
std::vector<std::string> completed_points(ObjectStore& store, const TenantId& tenant) {
  std::vector<std::string> ids;
  const auto passing_over_damage = [](const auto& act) {
    try {
      act();
    } catch (const Error& error) {
      if (!is_of_one_place(error)) throw;
    }
  };
  const auto take_in = [&](const std::string& key) {
    const auto stored = find_object(store, key, kStatementLimit);
    if (!stored) return;
    const auto checked = check_document<Statement>(as_text(*stored), nullptr, tenant);
    if (!checked.document || checked.document->action != acts::kPointCompleted.action) return;
    if (checked.document->subject_id) ids.push_back(*checked.document->subject_id);
  };
  passing_over_damage([&] {
    for_each_key(store, layout::ledger_entries(tenant, 0),
                 [&](const std::string& key) { passing_over_damage([&] { take_in(key); }); });
  });
  return ids;
}

bool holds(ObjectStore& store, const TenantId& tenant, const std::string& id) {
  try {
    return store.stat(layout::recovery_point(tenant, id)).has_value();
  } catch (const Error& error) {
    if (!is_of_one_place(error)) throw;
    return false;
  }
}

/// Whether the manifest says itself that it is the tenant's.
bool names(ObjectStore& store, const TenantId& tenant, const std::string& id) {
  const auto stored = find_small_object(store, layout::recovery_point(tenant, id), kDocumentLimit);
  return stored && check_document<RecoveryPoint>(as_text(*stored), nullptr, tenant).document;
}

/// Ids have the tenant's encoded name before their last dot.
bool may_be_of(const std::string& id, const TenantId& tenant) {
  return id.find("-" + tenant.encoded() + ".") != std::string::npos;
}

}  // namespace

std::vector<TenantId> list_tenants(ObjectStore& store) {
  std::set<TenantId> tenants;
  for (const std::string_view root : layout::kTenantRoots) {
    collect_tenants(store, std::string(root), tenants);
  }
  return {tenants.begin(), tenants.end()};
}

bool has_tenant(ObjectStore& store, const TenantId& tenant) {
  return std::ranges::any_of(layout::kTenantRoots, [&](std::string_view root) {
    return !store.list(std::string(root) + tenant.encoded() + "/", "", 1).keys.empty();
  });
}

PointName find_point(ObjectStore& store, const std::string& id) {
  std::vector<TenantId> holders;
  if (is_key_element(id)) {
    for (const TenantId& tenant : tenants_with_points(store)) {
      if (holds(store, tenant, id)) holders.push_back(tenant);
    }
  }
  if (holders.size() == 1) return {holders.front(), id};
  for (const TenantId& tenant : holders) {
    if (names(store, tenant, id)) return {tenant, id};
  }
  if (!holders.empty()) return {holders.front(), id};
  for (const TenantId& tenant : list_tenants(store)) {
    if (!may_be_of(id, tenant)) continue;
    const auto ids = completed_points(store, tenant);
    if (std::ranges::find(ids, id) != ids.end()) return {tenant, id};
  }
  throw Error(ErrorKind::not_found, id, "is no recovery point of " + store.describe());
}

std::vector<PointName> list_points(ObjectStore& store, const std::optional<TenantId>& tenant) {
  const auto tenants = tenant ? std::vector{*tenant} : list_tenants(store);
  std::vector<PointName> points;
  for (const TenantId& each : tenants) {
    for (std::string& id : completed_points(store, each)) points.push_back({each, std::move(id)});
  }
  return points;
}

}  // namespace v0
}  // namespace atp
