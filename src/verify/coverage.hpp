// SPDX-License-Identifier: Apache-2.0
/// What points list, against the manifests there are: nothing missing, nothing twice.
#pragma once

#include <map>
#include <vector>

#include "verify/manifest_chain.hpp"
#include "verify/point_chain.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

/// What one point lists.
struct Listing {
  std::vector<Descriptor> descriptors = {};  ///< In its order; of readable pages only.
  bool whole = true;                         ///< Every page could be read.
};

/// `point.list`, one check a page.
Listing read_listing(const Context& context, const RecoveryPoint& point,
                     std::vector<Check>& checks);

using ManifestChains = std::map<StreamId, ManifestChain>;

/// `point.merkle_root` and `point.counts`, recomputed.
void check_totals(const LinkedPoint& link, const Listing& listing, const ManifestChains& chains,
                  std::vector<Check>& checks);

/// `point.coverage`: `link` lists exactly the manifests from where its parent ended (null for a
/// full point) to where it says it does, which is where the chains' heads are.
void check_coverage(const LinkedPoint& link, const LinkedPoint* parent, const Listing& listing,
                    const ManifestChains& chains, std::vector<Check>& checks);

}  // namespace verify
}  // namespace v0
}  // namespace atp
