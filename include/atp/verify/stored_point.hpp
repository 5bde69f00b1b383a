// SPDX-License-Identifier: Apache-2.0
/// The one way to read a recovery point's manifest and its list pages. Thread-safe.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/model/documents.hpp"
#include "atp/model/point_name.hpp"
#include "atp/model/problem.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

struct StoredPoint {
  RecoveryPoint point;
  Digest sha256;  ///< Of the manifest as stored.
  std::string stored;
};

/// The point's manifest, of that tenant and id; else why it cannot be believed. Without `trust`
/// its signature is not looked at. Throws: unavailable, permission_denied.
ATP_EXPORT std::variant<StoredPoint, Problem> read_point(ObjectStore& store,
                                                         const TrustPolicy* trust,
                                                         const PointName& name);
/// The same. Throws: corrupt, untrusted for a problem.
ATP_EXPORT StoredPoint require_point(ObjectStore& store, const TrustPolicy& trust,
                                     const PointName& name);

/// One of the pages that `point` lists, compared with its reference; each of its packages is in the
/// tenant's place for that segment. Throws: as `read_point`.
ATP_EXPORT std::variant<ListPage, Problem> read_list_page(ObjectStore& store,
                                                          const RecoveryPoint& point,
                                                          const ListReference& reference);

/// All that a point lists, in its order. Throws: corrupt for a problem.
ATP_EXPORT std::vector<ListPage> require_list_pages(ObjectStore& store, const RecoveryPoint& point);

}  // namespace v0
}  // namespace atp
