// SPDX-License-Identifier: Apache-2.0
/// One segment of a recovery point, opened for range reads: the records that are asked for, and no
/// others, are fetched and decrypted.
#pragma once

#include <span>
#include <stop_token>
#include <string>

#include "atp/core/export.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/segment/package_reader.hpp"
#include "atp/verify/verify.hpp"

namespace atp {
inline namespace v0 {

/// Follows the point to the segment, checking every document on the way; of lists, manifests and
/// packages no others are read, and nothing of another tenant. `store` must outlive what is
/// returned. Throws: not_found where there is no such point or segment; corrupt or untrusted where
/// a document does not hold; unauthenticated without a fitting identity.
ATP_EXPORT PackageReader open_segment(ObjectStore& store, const PointName& point,
                                      const SegmentName& segment, const TrustPolicy& trust,
                                      std::span<const age::Identity> identities,
                                      const std::stop_token& stop = {});

}  // namespace v0
}  // namespace atp
