// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/open_segment.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/verify/resolved_point.hpp"

namespace atp {
inline namespace v0 {

PackageReader open_segment(ObjectStore& store, const std::string& id, const SegmentName& segment,
                           const TrustPolicy& trust, std::span<const age::Identity> identities,
                           const std::stop_token& stop) {
  ResolvedPoint resolved = resolve_point(store, id, &trust, 1, stop);
  const EpochIdentities opened = open_epochs(store, resolved.epochs, identities, resolved.checks);
  require_sound(resolved.checks);
  const auto found = std::find_if(
      resolved.segments.begin(), resolved.segments.end(), [&](const ResolvedSegment& each) {
        return each.stream == segment.stream && each.name() == segment.segment.str();
      });
  if (found == resolved.segments.end()) {
    throw Error(ErrorKind::not_found, id,
                "has no segment " + segment.stream.str() + "/" + segment.segment.str());
  }
  require_identities(identities);
  const age::Identity& identity = require_identity(*found->manifest, opened);
  return PackageReader(store, *found->manifest, {&identity, 1});
}

}  // namespace v0
}  // namespace atp
