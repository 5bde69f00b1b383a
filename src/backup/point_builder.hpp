// SPDX-License-Identifier: Apache-2.0
/// From committed manifests to a stored recovery point manifest.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "atp/vault/points.hpp"

namespace atp {
inline namespace v0 {

/// How many skipped inputs a point names.
inline constexpr std::size_t kSkippedLimit = 1000;

/// What is decided before the point is built.
struct PointDraft {
  std::string recovery_point_id;
  BackupType type;
  std::optional<CompletedPoint> parent = {};  ///< Only of an incremental one.
  Time as_of;
  Time completed_at;
  std::vector<SkippedInput> skipped = {};
  std::vector<AlteredSegment> alarms = {};
  std::uint64_t policy_version;
  std::uint64_t ledger_size_seen;
};

/// Puts list pages, then the point's manifest; before it the time-stamp where one is required, so
/// that no point waits for one. Throws: as `require_timestamp`.
RecoveryPoint put_point(OpenTenant& tenant, const PointDraft& draft, const PutOptions& options,
                        const std::stop_token& stop);

/// `skipped` as a point lists it, sorted by name: of more than `kSkippedLimit` inputs the first
/// ones, those that are named as segments before all others, and one row `more` for the source as a
/// whole (`.`) that counts the others by reason. So no heap of files makes a point too large to
/// read.
std::vector<SkippedInput> bounded_list(std::vector<SkippedInput> skipped);

/// The sequence from which on each stream's manifests are not in a point or its parents.
class Covered {
 public:
  explicit Covered(const std::optional<CompletedPoint>& point);
  std::uint64_t by(const StreamId& stream) const;
  /// Whether the chains hold manifests that are not.
  bool lacks_any_of(const SegmentChains& chains) const;

 private:
  std::map<StreamId, std::uint64_t> sequences_;
};

}  // namespace v0
}  // namespace atp
