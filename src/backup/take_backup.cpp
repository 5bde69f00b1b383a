// SPDX-License-Identifier: Apache-2.0
#include "atp/backup/take_backup.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "atp/core/error.hpp"
#include "atp/core/parallel.hpp"
#include "atp/policy/retention.hpp"
#include "atp/vault/recovery.hpp"
#include "backup/point_builder.hpp"
#include "backup/segment_snapshot.hpp"

namespace atp {
namespace {

using Clock = std::chrono::steady_clock;

/// How often what was committed is written to the catalog while work goes on.
constexpr std::chrono::seconds kFlushInterval{1};

unsigned worker_count(unsigned asked) {
  return asked > 0 ? asked : std::max(1u, std::thread::hardware_concurrency());
}

/// Which files need not be read: known, and by stat as they were.
class StatCache {
 public:
  StatCache(const Vault& vault, const BackupOptions& options, const SegmentChains& chains)
      : trusted_(options.known_files == KnownFiles::trust_stat), chains_(chains) {
    for (StatRow& row : vault.catalog().stats(options.tenant)) {
      std::pair key(row.stream, row.segment);
      rows_.insert_or_assign(std::move(key), std::move(row));
    }
  }

  bool unchanged(const SegmentFile& file) const {
    if (!trusted_) return false;
    const auto found = rows_.find({file.stream, file.segment});
    const auto* entry = chains_.find(file.stream, file.segment);
    if (found == rows_.end() || !entry) return false;
    const StatRow& row = found->second;
    return row.path == file.path.string() && row.size == file.status.size &&
           row.modified == file.status.modified && row.changed == file.status.changed &&
           row.inode == file.status.inode && row.sha256 == entry->manifest.sha256;
  }

 private:
  bool trusted_;
  const SegmentChains& chains_;
  std::map<std::pair<StreamId, SegmentId>, StatRow> rows_;
};

StatRow stat_row(const TenantId& tenant, const SegmentFile& file, const Digest& sha256) {
  return {tenant,
          file.stream,
          file.segment,
          file.path.string(),
          file.status.size,
          file.status.modified,
          file.status.changed,
          file.status.inode,
          sha256};
}

class BackupProgress {
 public:
  BackupProgress(ProgressSink* sink, const std::vector<const SegmentFile*>& files) : sink_(sink) {
    progress_.stage = "backup";
    progress_.items_total = files.size();
    for (const SegmentFile* file : files) progress_.bytes_total += file->status.size;
    update();
  }
  void add_bytes(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    progress_.bytes_done += bytes;
    update();
  }
  void add_item() {
    const std::lock_guard lock(mutex_);
    ++progress_.items_done;
    update();
  }

 private:
  void update() {
    if (sink_) sink_->update(progress_);
  }
  ProgressSink* sink_;
  std::mutex mutex_;
  Progress progress_;
};

/// One run for one tenant, from its job row to its end.
class BackupJob {
 public:
  BackupJob(const Vault& vault, SegmentSource& source, const BackupOptions& options)
      : vault_(vault),
        source_(source),
        options_(options),
        started_at_(vault.environment().clock->now()),
        job_id_(random_hex(*vault.environment().random, 16)),
        lock_(vault.lock_for_job(job_id_)),
        ledger_(catch_up(vault, options.tenant)),
        chains_(vault, options.tenant, SegmentChains::From::catalog) {
    finish_lost_jobs(vault_, ledger_, chains_, worker_count(options.workers));
    point_id_ = make_recovery_point_id(started_at_, vault.region(), options.tenant,
                                       *vault.environment().random);
  }

  BackupResult run() {
    vault_.catalog().begin_job({job_id_, options_.tenant, "backup", JobState::running, started_at_,
                                point_id_});
    try {
      BackupResult result = work();
      vault_.catalog().end_job(job_id_, JobState::completed);
      return result;
    } catch (const Error&) {
      abandon();
      throw;
    }
  }

 private:
  BackupResult work() {
    const TenantPolicy policy = ensure_policy(vault_, options_.tenant, options_.field_map,
                                              options_.retention, started_at_);
    retain_until_ = retain_document_until(started_at_, policy.retention);
    parent_ = newest_point(vault_, ledger_);
    copy_segments(policy);
    copied_at_ = vault_.environment().clock->now();
    sort_findings();
    BackupResult result = describe();
    if (needs_point()) {
      put_and_complete(policy, result);
    } else {
      check_only(result);
    }
    result.status = status(result);
    return result;
  }

  void copy_segments(const TenantPolicy& policy) {
    const KeyEpoch epoch =
        ensure_key_epoch(vault_, options_.tenant, started_at_, retain_until_);
    SourceListing listing = source_.list(options_.stop);
    skipped_ = std::move(listing.skipped);
    const StatCache cache(vault_, options_, chains_);
    std::vector<const SegmentFile*> to_read;
    for (const SegmentFile& file : listing.files) {
      at_source_.emplace(file.stream, file.segment);
      if (!cache.unchanged(file)) to_read.push_back(&file);
    }
    BackupProgress progress(options_.progress, to_read);
    Snapshotter snapshotter({.vault = vault_,
                             .options = options_,
                             .source = source_,
                             .policy = policy,
                             .epoch = epoch,
                             .chains = chains_,
                             .started_at = started_at_,
                             .on_bytes = [&](std::uint64_t n) { progress.add_bytes(n); }});
    parallel_for(to_read.size(), worker_count(options_.workers), options_.stop,
                 [&](std::size_t i) {
                   take_in(*to_read[i], snapshotter.snapshot(*to_read[i]), snapshotter);
                   progress.add_item();
                 });
    flush(snapshotter);
  }

  void take_in(const SegmentFile& file, Snapshotter::Result result, Snapshotter& snapshotter) {
    const std::lock_guard lock(mutex_);
    using Outcome = Snapshotter::Result::Outcome;
    if (result.skipped) skipped_.push_back(std::move(*result.skipped));
    if (result.altered) alarms_.push_back(std::move(*result.altered));
    if (result.outcome == Outcome::taken || result.outcome == Outcome::unchanged) {
      stats_.push_back(stat_row(options_.tenant, file, *result.sha256));
    }
    if (Clock::now() - flushed_ >= kFlushInterval) flush(snapshotter);
  }

  /// Committed manifests, then the stats that vouch for them.
  void flush(Snapshotter& snapshotter) {
    vault_.catalog().record_segments(snapshotter.take_new_rows());
    vault_.catalog().record_stats(std::exchange(stats_, {}));
    flushed_ = Clock::now();
  }

  void sort_findings() {
    std::sort(skipped_.begin(), skipped_.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    std::sort(alarms_.begin(), alarms_.end(), [](const auto& a, const auto& b) {
      return std::tie(a.stream, a.segment) < std::tie(b.stream, b.segment);
    });
  }

  bool needs_point() const {
    if (!parent_ || options_.type == BackupType::full) return true;
    return has_uncovered(chains_, parent_) || parent_->point.skipped != skipped_ ||
           parent_->point.alarms != alarms_;
  }

  BackupResult describe() const {
    BackupResult result{.recovery_point_id = {},
                        .tenant = options_.tenant,
                        .region = vault_.region(),
                        .backup_type = BackupType::full,
                        .status = BackupStatus::completed,
                        .merkle_root = {},
                        .skipped = skipped_,
                        .alarms = alarms_,
                        .gone = {}};
    for (const auto& [stream, chain] : chains_.streams()) {
      for (const auto& entry : chain) {
        const SegmentManifest& manifest = entry.manifest;
        const bool here = at_source_.count({stream, manifest.segment}) > 0;
        if (!here) result.gone.push_back(stream.str() + "/" + manifest.segment.str());
        if (manifest.sequence < covered(parent_, stream)) {
          result.segments_unchanged += here && !is_alarm(stream, manifest.segment) ? 1 : 0;
          continue;
        }
        ++result.segments_new;
        result.records += manifest.records;
        result.bytes += manifest.bytes;
        result.stored_bytes += manifest.stored_bytes;
      }
    }
    return result;
  }

  bool is_alarm(const StreamId& stream, const SegmentId& segment) const {
    return std::any_of(alarms_.begin(), alarms_.end(), [&](const AlteredSegment& alarm) {
      return alarm.stream == stream && alarm.segment == segment;
    });
  }

  void put_and_complete(const TenantPolicy& policy, BackupResult& result) {
    const bool incremental = parent_ && options_.type.value_or(BackupType::incremental) ==
                                            BackupType::incremental;
    const RecoveryPoint point =
        put_point(vault_, options_.tenant, chains_,
                  {.recovery_point_id = point_id_,
                   .type = incremental ? BackupType::incremental : BackupType::full,
                   .parent = incremental ? parent_ : std::nullopt,
                   .as_of = started_at_,
                   .completed_at = copied_at_,
                   .skipped = skipped_,
                   .alarms = alarms_,
                   .policy_version = policy.version,
                   .ledger_size_seen = ledger_.size()},
                  {.retain_until = retain_until_});
    complete_point(vault_, ledger_, chains_, job_id_, point_id_,
                   worker_count(options_.workers));
    record_progress(vault_, ledger_, chains_);
    changed_ = true;
    set_point(result, point);
  }

  void check_only(BackupResult& result) {
    append_statement(vault_, ledger_,
                     {.header = vault_.new_header(options_.tenant),
                      .origin = {},
                      .index = 0,
                      .action = "checked",
                      .job_id = job_id_,
                      .subject_id = parent_->point.recovery_point_id,
                      .subject_sha256 = parent_->sha256,
                      .predecessor = {}},
                     retain_until_);
    record_progress(vault_, ledger_, chains_);
    set_point(result, parent_->point);
  }

  static void set_point(BackupResult& result, const RecoveryPoint& point) {
    result.recovery_point_id = point.recovery_point_id;
    result.backup_type = point.backup_type;
    result.merkle_root = point.merkle_root;
  }

  BackupStatus status(const BackupResult& result) const {
    if (!result.alarms.empty()) return BackupStatus::alarm;
    if (!result.skipped.empty()) return BackupStatus::partial;
    return changed_ ? BackupStatus::completed : BackupStatus::unchanged;
  }

  /// What was committed stays and is taken up by the next run. Where even the catalog cannot be
  /// written, the row stays `running` and the next run finds that nobody holds the job.
  void abandon() {
    try {
      vault_.catalog().end_job(job_id_, JobState::failed);
    } catch (const Error&) {
      return;
    }
  }

  const Vault& vault_;
  SegmentSource& source_;
  const BackupOptions& options_;
  const Time started_at_;
  const std::string job_id_;
  const WorkLock lock_;
  Ledger ledger_;
  SegmentChains chains_;
  std::string point_id_;
  Time retain_until_;
  Time copied_at_;
  std::optional<CompletedPoint> parent_;
  std::set<std::pair<StreamId, SegmentId>> at_source_;
  std::mutex mutex_;
  std::vector<SkippedInput> skipped_;
  std::vector<AlteredSegment> alarms_;
  std::vector<StatRow> stats_;
  Clock::time_point flushed_ = Clock::now();
  bool changed_ = false;
};

}  // namespace

std::string_view to_string(BackupStatus status) {
  switch (status) {
    case BackupStatus::completed:
      return "completed";
    case BackupStatus::partial:
      return "partial";
    case BackupStatus::alarm:
      return "alarm";
    case BackupStatus::unchanged:
      return "unchanged";
  }
  return "";
}

BackupResult take_backup(const Vault& vault, SegmentSource& source, const BackupOptions& options) {
  return BackupJob(vault, source, options).run();
}

BackupPlan plan_backup(const Vault& vault, SegmentSource& source, const BackupOptions& options) {
  const Ledger ledger = catch_up(vault, options.tenant);
  const SegmentChains chains(vault, options.tenant, SegmentChains::From::catalog);
  const auto parent = newest_point(vault, ledger);
  const BackupType asked = options.type.value_or(BackupType::incremental);
  SourceListing listing = source.list(options.stop);
  BackupPlan plan{.backup_type = parent ? asked : BackupType::full,
                  .to_read = {},
                  .skipped = std::move(listing.skipped)};
  const StatCache cache(vault, options, chains);
  for (const SegmentFile& file : listing.files) {
    if (cache.unchanged(file)) {
      ++plan.segments_unchanged;
    } else {
      plan.to_read.push_back(file.name);
      plan.bytes_to_read += file.status.size;
    }
  }
  return plan;
}

}  // namespace atp
