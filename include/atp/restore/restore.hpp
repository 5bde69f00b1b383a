// SPDX-License-Identifier: Apache-2.0
/// Restoring recovery points into folders.
#pragma once

#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"
#include "atp/core/progress.hpp"
#include "atp/crypto/age.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/storage/object_store.hpp"
#include "atp/verify/points.hpp"
#include "atp/verify/report.hpp"

namespace atp {
inline namespace v0 {

struct RestoreOptions {
  std::optional<StreamId> stream = {};
  std::optional<StreamId> segment_stream = {};  ///< With `segment`: one segment only.
  std::optional<SegmentId> segment = {};
  TimeRange time = {};   ///< Segments that overlap it, whole.
  unsigned workers = 0;  ///< 0: two more than cores.
  std::stop_token stop = {};
  ProgressSink* progress = nullptr;
};

struct RestoreResult {
  std::string recovery_point_id;
  Path folder;
  std::uint64_t segments = 0;  ///< Restored; none of these counts where anything is damaged.
  std::uint64_t segments_resumed = 0;  ///< Found whole from an interrupted restore.
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  Report report;  ///< Of all that was verified on the way.
};

/// Restores a point into `folder`: absent, empty, or an unfinished restore of the same point and
/// scope. Segments are written below `RESTORE-UNFINISHED`, each verified to its last byte, and
/// moved to their names only when all are whole; then that folder goes. The stream `default` is
/// restored flat. Where a document fails, nothing is written; where a package fails, nothing is
/// moved, and what is whole stays for a later call, which reads it again and takes it over. What is
/// merely not checked (a crash kept the last checkpoint from being written) stops nothing. Of the
/// ledger the entry that completes the point is read, and nothing that outsiders added: no restore
/// waits for them, or fails for what happened elsewhere in the ledger; `verify_point` looks at it.
///
/// Throws: not_found for an unknown point or a scope that names nothing; already_exists for another
/// folder; invalid_argument where names of streams and files collide; corrupt for a signed name
/// that is no file name; unauthenticated without a fitting identity; no_space, cancelled,
/// unavailable: a later call resumes.
ATP_EXPORT RestoreResult restore_point(ObjectStore& store, FileSystem& files, Random& random,
                                       const PointName& point, const Path& folder,
                                       const TrustPolicy& trust,
                                       std::span<const age::Identity> identities,
                                       const RestoreOptions& options);

/// What a restore would write: `<stream>/<segment>` and sizes. Throws: as `restore_point`; corrupt
/// or untrusted where a document fails.
struct RestorePlan {
  struct Item {
    std::string name;
    std::uint64_t records;
    std::uint64_t bytes;
  };
  std::vector<Item> items = {};
};
ATP_EXPORT RestorePlan plan_restore(ObjectStore& store, const PointName& point,
                                    const TrustPolicy& trust, const RestoreOptions& options);

}  // namespace v0
}  // namespace atp
