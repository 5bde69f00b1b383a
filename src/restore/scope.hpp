// SPDX-License-Identifier: Apache-2.0
/// Which segments of a point are restored, and under which names.
#pragma once

#include <string>
#include <vector>

#include "atp/restore/restore.hpp"
#include "atp/verify/resolved_point.hpp"

namespace atp {
inline namespace v0 {
namespace restore {

/// One file of a restore; the manifest is there.
struct Item {
  const ResolvedSegment* segment;
  std::string folder;  ///< The stream's; empty for a flat file.
  std::string file;

  const SegmentManifest& manifest() const { return *segment->manifest; }
  /// Below the folder that is restored into.
  Path path() const { return folder.empty() ? Path(file) : Path(folder) / file; }
};

/// In the point's order. `resolved` has no failed check and outlives the items. Throws: not_found
/// where the scope names nothing; corrupt for a name that is no plain file name; invalid_argument
/// where two names collide.
std::vector<Item> select_items(const ResolvedPoint& resolved, const RestoreOptions& options);

/// What tells one restore from another: canonical JSON.
std::string identify(const ResolvedPoint& resolved, const RestoreOptions& options);

}  // namespace restore
}  // namespace v0
}  // namespace atp
