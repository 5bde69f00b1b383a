// SPDX-License-Identifier: Apache-2.0
/// Finding tenants and recovery points in a store, believing nothing. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/model/point_name.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

/// Every tenant of whom something is stored; names that are nobody's are passed over.
ATP_EXPORT std::vector<TenantId> list_tenants(ObjectStore& store);

/// Whether something is stored of a tenant.
ATP_EXPORT bool has_tenant(ObjectStore& store, const TenantId& tenant);

/// The tenant under whose points `id` is stored: one look for each tenant, and no error where one
/// of them cannot be looked at. Where several hold it, the one that its manifest names. A point
/// whose manifest is gone is found by the tenant in its id, if that one's ledger completed it.
/// Throws: not_found; unavailable where the store is.
ATP_EXPORT PointName find_point(ObjectStore& store, const std::string& id);

/// Every completed point, by tenant and in order of the ledger; read from the ledgers, whose damage
/// is no error here but a finding of `verify_point`.
ATP_EXPORT std::vector<PointName> list_points(ObjectStore& store,
                                              const std::optional<TenantId>& tenant);

}  // namespace v0
}  // namespace atp
