// SPDX-License-Identifier: Apache-2.0
/// Files of sources as they were when they were read, so that what has not changed is not read
/// again. Not restored by a rebuild: the next run reads its source whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/core/ids.hpp"
#include "atp/core/time.hpp"

namespace atp {
inline namespace v0 {

/// A source file as it was when its bytes were last read.
struct StatRow {
  TenantId tenant;
  StreamId stream;
  SegmentId segment;
  std::string path;  ///< Absolute, so that two sources do not mix.
  std::uint64_t size;
  Time modified;
  Time changed;
  std::uint64_t inode;
  Digest sha256;  ///< Of the decoded bytes.
  bool operator==(const StatRow&) const = default;
};

/// Throws as `Catalog` says.
class ATP_EXPORT SourceStats {
 public:
  virtual ~SourceStats() = default;

  /// Of files whose segment is sealed with the bytes that they had when they were read.
  virtual std::vector<StatRow> sealed_stats(const TenantId& tenant) = 0;
  /// The last one recorded of each path, in order of path.
  virtual std::vector<StatRow> stats(const TenantId& tenant) = 0;
  virtual void record_stats(const std::vector<StatRow>& rows) = 0;
};

}  // namespace v0
}  // namespace atp
