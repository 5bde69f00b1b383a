// SPDX-License-Identifier: Apache-2.0
/// Taking recovery points.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/core/progress.hpp"
#include "atp/segment/package_writer.hpp"
#include "atp/source/segment_source.hpp"
#include "atp/vault/anchor.hpp"
#include "atp/vault/clock.hpp"
#include "atp/vault/scrub.hpp"
#include "atp/vault/vault.hpp"

namespace atp {
inline namespace v0 {

enum class BackupStatus {
  completed,
  partial,    ///< Some input is listed in `skipped`.
  alarm,      ///< Some sealed segment has other bytes now.
  unchanged,  ///< Nothing new: no new point, but once an hour a `checked` statement.
};
ATP_EXPORT std::string_view to_string(BackupStatus status);

enum class EmptySegments { skip, take };
enum class KnownFiles { trust_stat, reread };

struct BackupOptions {
  TenantId tenant;
  /// Default: incremental; full where it is the first, or `kPointsPerFull` came since a full one.
  std::optional<BackupType> type = {};
  std::optional<FieldMap> field_map = {};  ///< Default: the policy's. Another one: next policy.
  std::optional<CalendarPeriod> retention = {};  ///< Likewise; 7 years at first.
  EmptySegments empty_segments = EmptySegments::skip;
  KnownFiles known_files = KnownFiles::trust_stat;
  /// Insisting also takes segments that are dated ahead of the clock, and keeps them from now.
  ClockTrust clock = ClockTrust::judge;
  ScrubBudget scrub = {};
  unsigned workers = 0;  ///< 0: two more than cores.
  std::stop_token stop = {};
  ProgressSink* progress = nullptr;
  /// As `PackageOptions::probe`.
  std::function<void(PackageStage, MutableByteView)> probe = {};
};

/// Until when segments are kept.
struct KeptSegments {
  Time first;  ///< When the first of them may go.
  Time last;   ///< When the last of them may go.
  /// How many came when their retention was over, so that only the minimum age keeps them.
  std::uint64_t overdue = 0;
  std::optional<Time> first_overdue = {};  ///< When the first of those may go.
  bool operator==(const KeptSegments&) const = default;
};

struct BackupResult {
  std::string recovery_point_id = {};  ///< The newest point's where nothing changed.
  TenantId tenant;
  Region region;
  BackupType backup_type;
  BackupStatus status;
  std::uint64_t segments_new = 0;
  std::uint64_t segments_unchanged = 0;
  std::uint64_t records = 0;       ///< Of the new segments.
  std::uint64_t bytes = 0;         ///< Of the new segments, decoded.
  std::uint64_t stored_bytes = 0;  ///< Of the new packages.
  Digest merkle_root = {};         ///< Of the point.
  std::vector<SkippedInput> skipped = {};
  std::vector<AlteredSegment> alarms = {};
  Scrub scrub = {};
  std::optional<std::string> clock_warning = {};  ///< Why the clock may be wrong all the same.
  std::optional<KeptSegments> kept = {};  ///< The new segments; absent where there are none.
  Anchors anchors = {};                   ///< What outsiders added, and what is pending.
  std::vector<std::string> gone =
      {};  ///< `<stream>/<segment>` sealed earlier, not at the source now.
};

/// Backs up what `source` has that the vault has not. Durable when it returns; a later call
/// finishes what an interrupted one left. Throws: unavailable, unauthenticated, clock_untrusted,
/// corrupt, untrusted, no_space, cancelled.
ATP_EXPORT BackupResult take_backup(const Vault& vault, SegmentSource& source,
                                    const BackupOptions& options);

/// What a backup would do, from listing and stat alone; nothing is written.
struct BackupPlan {
  BackupType backup_type;
  std::vector<std::string> to_read = {};  ///< Names below the source: new or changed by stat.
  std::uint64_t bytes_to_read = 0;
  std::uint64_t segments_unchanged = 0;
  std::vector<SkippedInput> skipped = {};
};
ATP_EXPORT BackupPlan plan_backup(const Vault& vault, SegmentSource& source,
                                  const BackupOptions& options);

}  // namespace v0
}  // namespace atp
