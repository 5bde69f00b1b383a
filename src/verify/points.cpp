// SPDX-License-Identifier: Apache-2.0
/// Finding points without believing anything.
#include <algorithm>
#include <set>

#include "atp/core/error.hpp"
#include "atp/model/acts.hpp"
#include "atp/model/object_key.hpp"
#include "atp/model/signed_document.hpp"
#include "atp/storage/layout.hpp"
#include "atp/verify/verify.hpp"
#include "verify/checks.hpp"

namespace atp {
inline namespace v0 {
namespace {

std::optional<TenantId> try_tenant(std::string_view encoded) {
  try {
    return TenantId::decode(encoded);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_argument) throw;
    return std::nullopt;  // Nothing of ours has such a name.
  }
}

void collect_tenants(ObjectStore& store, const std::string& root, std::set<TenantId>& tenants) {
  std::string after;
  while (true) {
    const ListPageOfKeys page = store.list(root, after, 1);
    if (page.keys.empty()) return;
    const std::string name(std::string_view(page.keys.front()).substr(root.size()));
    const std::string element = name.substr(0, name.find('/'));
    if (const auto tenant = try_tenant(element)) tenants.insert(*tenant);
    after = root + element + '0';  // '0' follows '/': past every key of the tenant.
  }
}

/// The ids that a tenant's ledger calls completed, in its order.
std::vector<std::string> completed_points(ObjectStore& store, const TenantId& tenant) {
  std::vector<std::string> ids;
  for_each_key(store, layout::ledger_entries(tenant, 0), [&](const std::string& key) {
    try {
      const auto stored = find_object(store, key, kStatementLimit);
      if (!stored) return;
      const auto checked = check_document<Statement>(as_text(*stored), nullptr, tenant);
      if (!checked.document || checked.document->action != acts::kPointCompleted.action) return;
      if (checked.document->subject_id) ids.push_back(*checked.document->subject_id);
    } catch (const Error& error) {
      if (!verify::is_finding(error)) throw;
    }
  });
  return ids;
}

bool is_completed(ObjectStore& store, const TenantId& tenant, const std::string& id) {
  const auto ids = completed_points(store, tenant);
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

std::vector<TenantId> list_tenants(ObjectStore& store) {
  std::set<TenantId> tenants;
  for (const std::string_view root : layout::kTenantRoots) {
    collect_tenants(store, std::string(root), tenants);
  }
  return {tenants.begin(), tenants.end()};
}

TenantId tenant_of_point(ObjectStore& store, const std::string& id) {
  const std::vector<TenantId> tenants = list_tenants(store);
  std::vector<TenantId> holders;
  for (const TenantId& tenant : tenants) {
    if (is_key_element(id) && store.stat(layout::recovery_point(tenant, id))) {
      holders.push_back(tenant);
    }
  }
  if (holders.size() == 1) return holders.front();
  for (const TenantId& tenant : tenants) {
    if (is_completed(store, tenant, id)) return tenant;
  }
  if (!holders.empty()) return holders.front();
  throw Error(ErrorKind::not_found, id, "is no recovery point of " + store.describe());
}

std::vector<std::pair<TenantId, std::string>> list_points(ObjectStore& store,
                                                          const std::optional<TenantId>& tenant) {
  const auto tenants = tenant ? std::vector{*tenant} : list_tenants(store);
  std::vector<std::pair<TenantId, std::string>> points;
  for (const TenantId& each : tenants) {
    for (std::string& id : completed_points(store, each)) points.emplace_back(each, std::move(id));
  }
  return points;
}

}  // namespace v0
}  // namespace atp
