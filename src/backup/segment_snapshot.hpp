// SPDX-License-Identifier: Apache-2.0
/// The act of copying one segment, and of finding out whether a known one has changed.
#pragma once

#include <mutex>

#include "atp/backup/take_backup.hpp"
#include "atp/segment/package_writer.hpp"
#include "atp/vault/segment_chains.hpp"

namespace atp {
inline namespace v0 {

/// Reads, seals and commits segments of one tenant. Thread-safe.
class Snapshotter {
 public:
  struct Context {
    const Vault& vault;
    const BackupOptions& options;
    SegmentSource& source;
    const TenantPolicy& policy;
    const KeyEpoch& epoch;
    SegmentChains& chains;
    Time started_at;
    std::function<void(std::uint64_t)> on_bytes = {};
  };
  explicit Snapshotter(Context context);

  /// What became of one file.
  struct Result {
    enum class Outcome { taken, unchanged, altered, skipped } outcome;
    std::optional<SkippedInput> skipped = {};
    std::optional<AlteredSegment> altered = {};
    std::optional<Digest> sha256 = {};  ///< Of the decoded bytes, where they were read whole.
  };
  Result snapshot(const SegmentFile& file);

  /// The chains' new rows; safe while other threads take snapshots.
  std::vector<SegmentRow> take_new_rows();

 private:
  Result take(const SegmentFile& file);
  Result compare(const SegmentFile& file, const SegmentManifest& known);
  SegmentManifest draft_of(const SegmentFile& file, const SegmentInput& input,
                           const PackageSummary& summary, const std::string& key) const;
  Result commit(const SegmentFile& file, SegmentManifest draft);
  bool is_doubtful(Time time) const;

  Context context_;
  age::Recipient recipient_;
  std::mutex chains_mutex_;
};

}  // namespace v0
}  // namespace atp
