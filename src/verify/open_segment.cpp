// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/open_segment.hpp"

#include "atp/core/error.hpp"
#include "atp/verify/resolved_point.hpp"

namespace atp {
inline namespace v0 {

PackageReader open_segment(ObjectStore& store, const PointName& point, const SegmentName& segment,
                           const TrustPolicy& trust, std::span<const age::Identity> identities,
                           const std::stop_token& stop) {
  ResolvedPoint resolved = resolve_segment(store, point, segment, trust, stop);
  const EpochIdentities opened = open_epochs(store, resolved.epochs, identities, resolved.checks);
  require_sound(resolved.checks);
  if (resolved.segments.empty()) {
    throw Error(ErrorKind::not_found, point.id,
                "has no segment " + segment.stream.str() + "/" + segment.segment.str());
  }
  require_identities(identities);
  const SegmentManifest& manifest = *resolved.segments.front().manifest;
  const age::Identity& identity = require_identity(manifest, opened);
  return PackageReader(store, manifest, {&identity, 1});
}

}  // namespace v0
}  // namespace atp
