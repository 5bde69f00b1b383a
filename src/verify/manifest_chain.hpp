// SPDX-License-Identifier: Apache-2.0
/// The segment manifests of one stream, read and checked in order of commit.
#pragma once

#include <map>
#include <vector>

#include "verify/checks.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

struct ChainedManifest {
  Digest sha256;                                 ///< Of the bytes as stored.
  std::optional<SegmentManifest> manifest = {};  ///< Absent where it cannot be believed.
};

/// By sequence; what is missing in the store is missing here.
using ManifestChain = std::map<std::uint64_t, ChainedManifest>;

/// Manifests 0 to `sequences`, exclusive: `manifest.chain`.
ManifestChain read_manifest_chain(const Context& context, const StreamId& stream,
                                  std::uint64_t sequences, std::vector<Check>& checks);

/// Why a package of that segment cannot be under `key`; nothing where it can. A key outside of the
/// segment's own place is never read.
std::optional<std::string> misplaced_package(const TenantId& tenant, const StreamId& stream,
                                             std::string_view segment, std::string_view key);

}  // namespace verify
}  // namespace v0
}  // namespace atp
