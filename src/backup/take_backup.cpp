// SPDX-License-Identifier: Apache-2.0
#include "atp/backup/take_backup.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>

#include "atp/core/error.hpp"
#include "atp/core/parallel.hpp"
#include "atp/model/acts.hpp"
#include "atp/model/problem.hpp"
#include "atp/model/signed_document.hpp"
#include "atp/policy/retention.hpp"
#include "atp/storage/filesystem_store.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/act.hpp"
#include "atp/vault/anchor.hpp"
#include "atp/vault/completion.hpp"
#include "atp/vault/halt.hpp"
#include "atp/vault/job.hpp"
#include "backup/point_builder.hpp"
#include "backup/segment_snapshot.hpp"
#include "backup/stat_cache.hpp"

namespace atp {
inline namespace v0 {
namespace {

using Clock = std::chrono::steady_clock;

/// How often what was committed is written to the catalog while work goes on.
constexpr std::chrono::seconds kFlushInterval{1};

/// How often a run that finds nothing new says so in the ledger.
constexpr std::chrono::hours kCheckedInterval{1};

Progress total_of(const std::vector<const SegmentFile*>& files) {
  Progress total{.stage = "backup", .items_total = files.size()};
  for (const SegmentFile* file : files) total.bytes_total += file->status.size;
  return total;
}

/// When the newest file was modified, of those that are not themselves ahead of the clock.
std::optional<Time> newest_file(SegmentSource& source, Time now, const std::stop_token& stop) {
  std::optional<Time> newest;
  for (const SegmentFile& file : source.list(stop).files) {
    if (is_of_the_future(file.status.modified, now)) continue;
    newest = std::max(newest.value_or(file.status.modified), file.status.modified);
  }
  return newest;
}

/// By the catalog: nothing rests on it.
std::optional<ParentPoint> parent_of(const Vault& vault, const PointName& point) {
  for (const PointRow& row : vault.catalog().find_points(point.id)) {
    if (row.tenant != point.tenant) continue;
    const auto checked = check_document<RecoveryPoint>(row.manifest, nullptr, row.tenant);
    if (checked.document) return checked.document->parent;
  }
  return std::nullopt;
}

/// What the next point is. A chain of incremental points ends by itself.
BackupType type_of(const Vault& vault, const BackupOptions& options,
                   const std::optional<CompletedPoint>& newest) {
  if (!newest) return BackupType::full;
  if (options.type) return *options.type;
  std::uint64_t points = 1;
  for (auto parent = newest->point.parent; parent && points < kPointsPerFull; ++points) {
    parent = parent_of(vault, {options.tenant, parent->id});
  }
  return points < kPointsPerFull ? BackupType::incremental : BackupType::full;
}

/// One run for one tenant, from its job row to its end.
class BackupJob {
 public:
  BackupJob(const Vault& vault, SegmentSource& source, const BackupOptions& options)
      : vault_(vault),
        source_(source),
        options_(options),
        job_(new_job(vault, options.tenant, kBackupJob)),
        started_at_(job_.started_at),
        lock_(vault.work().lock_job(job_.job_id)),
        tenant_(vault, options.tenant) {
    clock_warning_ = require_clock(vault_, tenant_.ledger(), options_.clock, [&] {
      return newest_file(source_, started_at_, options_.stop);
    });
    lost_jobs_ = finish_lost_jobs(tenant_, options.workers);
    vault.store().tidy();
    job_.recovery_point_id = make_recovery_point_id(started_at_, vault.region(), options.tenant,
                                                    *vault.environment().random);
    point_id_ = job_.recovery_point_id;
  }

  BackupResult run() {
    std::optional<BackupResult> result;
    run_job(tenant_, job_, [&] { result = work(); });
    return *std::move(result);
  }

 private:
  BackupResult work() {
    tenant_.require_checkpoint();
    parent_ = find_parent();
    type_ = type_of(vault_, options_, parent_);
    check_policies();
    const TenantPolicy policy =
        tenant_.ensure_policy(options_.field_map, options_.retention, started_at_);
    retain_until_ = retain_document_until(started_at_, policy.retention);
    if (parent_) {  // What is said of it is kept as long as it is.
      const auto& its = tenant_.policy(parent_->point.policy_version).retention;
      retain_until_ = std::max(retain_until_, retain_document_until(started_at_, its));
    }
    copy_segments(policy);
    copied_at_ = vault_.environment().clock->now();
    sort_findings();
    BackupResult result = describe();
    if (needs_point()) {
      put_and_complete(policy, result);
    } else {
      check_only(result);
    }
    result.scrub = scrub_old(tenant_, options_.scrub, options_.stop);
    if (!result.scrub.halted) result.anchors = anchor_ledger(tenant_, {.stop = options_.stop});
    result.status = status(result);
    return result;
  }

  /// A full point needs none: it is taken even where the newest one is damaged.
  std::optional<CompletedPoint> find_parent() {
    try {
      auto newest = newest_point(tenant_);
      if (newest) check_coverage(tenant_.chains(), newest->point);
      return newest;
    } catch (const Error& error) {
      if (!is_of_damage(error) || options_.type != BackupType::full) throw;
      return std::nullopt;
    }
  }

  /// A policy that the newest point names must still be there.
  void check_policies() {
    const std::uint64_t needed = parent_ ? parent_->point.policy_version : 0;
    const std::uint64_t found = tenant_.policies().size();
    if (found >= needed) return;
    throw Error(
        ErrorKind::corrupt, layout::policy(options_.tenant, needed),
        "is missing, but was in force; the newest found is version " + std::to_string(found));
  }

  void copy_segments(const TenantPolicy& policy) {
    SourceListing listing = source_.list(options_.stop);
    skipped_ = std::move(listing.skipped);
    const StatCache cache(vault_, options_);
    std::vector<const SegmentFile*> to_read;
    for (const SegmentFile& file : listing.files) {
      at_source_.emplace(file.stream, file.segment);
      if (cache.unchanged(file)) continue;
      to_read.push_back(&file);
      tenant_.chains().look_at(file.stream);
    }
    tenant_.chains().catch_up();  // What other runs have sealed, the stats may be of.
    // A run that was killed may have sealed what nobody recorded, of files that are gone.
    if (lost_jobs_ > 0 || type_ == BackupType::full) tenant_.chains().look_at_all();
    if (!to_read.empty()) read(to_read, policy);
    tenant_.record_progress();
  }

  /// What time it is, before anything is sealed or said by this run's clock.
  void ask_store() {
    if (options_.clock == ClockTrust::insist || std::exchange(is_store_asked_, true)) return;
    require_store_clock(vault_);
  }

  void read(const std::vector<const SegmentFile*>& to_read, const TenantPolicy& policy) {
    ask_store();
    const KeyEpoch epoch = tenant_.ensure_key_epoch(started_at_, retain_until_);
    ProgressMeter progress(options_.progress, total_of(to_read));
    Snapshotter snapshotter({.vault = vault_,
                             .options = options_,
                             .source = source_,
                             .policy = policy,
                             .epoch = epoch,
                             .chains = tenant_.chains(),
                             .started_at = started_at_,
                             .on_bytes = [&](std::uint64_t n) { progress.add(n, 0); }});
    parallel_for(to_read.size(), options_.workers, options_.stop, [&](std::size_t i) {
      take_in(*to_read[i], snapshotter.snapshot(*to_read[i]), snapshotter);
      progress.add(0, 1);
    });
    flush(snapshotter);
  }

  void take_in(const SegmentFile& file, Snapshotter::Result result, Snapshotter& snapshotter) {
    const std::lock_guard lock(mutex_);
    using Outcome = Snapshotter::Result::Outcome;
    if (result.skipped) {
      skipped_.push_back(std::move(*result.skipped));
      skipped_segments_.emplace(file.stream, file.segment);
    }
    if (result.altered) alarms_.push_back(std::move(*result.altered));
    if (result.outcome == Outcome::taken || result.outcome == Outcome::unchanged) {
      stats_.push_back(stat_row(options_.tenant, file, *result.sha256));
    }
    if (Clock::now() - flushed_ >= kFlushInterval) flush(snapshotter);
  }

  /// Committed manifests, then the stats that vouch for them. After a failure nothing more is
  /// written: rows must not have gaps.
  void flush(Snapshotter& snapshotter) {
    if (std::exchange(flush_failed_, true)) return;
    vault_.catalog().record_segments(snapshotter.take_new_rows());
    vault_.catalog().record_stats(std::exchange(stats_, {}));
    flushed_ = Clock::now();
    flush_failed_ = false;
  }

  void sort_findings() {
    listed_skipped_ = bounded_list(skipped_);
    std::sort(alarms_.begin(), alarms_.end(), [](const auto& a, const auto& b) {
      return std::tie(a.stream, a.segment) < std::tie(b.stream, b.segment);
    });
  }

  bool needs_point() {
    if (!parent_ || options_.type == BackupType::full) return true;
    return Covered(parent_).lacks_any_of(tenant_.chains()) ||
           parent_->point.skipped != listed_skipped_ || parent_->point.alarms != alarms_;
  }

  void add_kept(std::optional<KeptSegments>& kept, const SegmentManifest& manifest) {
    const SegmentTerm term = tenant_.term_of(manifest);
    if (!kept) kept = KeptSegments{term.until, term.until};
    kept->first = std::min(kept->first, term.until);
    kept->last = std::max(kept->last, term.until);
    if (!term.was_over(dates_of(manifest))) return;
    ++kept->overdue;
    kept->first_overdue = std::min(kept->first_overdue.value_or(term.until), term.until);
  }

  BackupResult describe() {
    BackupResult result{.recovery_point_id = {},
                        .tenant = options_.tenant,
                        .region = vault_.region(),
                        .backup_type = BackupType::full,
                        .status = BackupStatus::completed,
                        .skipped = listed_skipped_,
                        .alarms = alarms_,
                        .clock_warning = clock_warning_,
                        .anchors = {}};
    const Covered covered(parent_);
    for (const auto& [stream, head] : tenant_.chains().heads()) {
      if (head.manifests <= covered.by(stream)) continue;
      for (const auto& entry : tenant_.chains().from(stream, covered.by(stream))) {
        ++result.segments_new;
        result.records += entry.manifest.records;
        result.bytes += entry.manifest.bytes;
        result.stored_bytes += entry.manifest.stored_bytes;
        add_kept(result.kept, entry.manifest);
      }
    }
    describe_known(result);
    return result;
  }

  /// What is sealed, by whether it is still at the source.
  void describe_known(BackupResult& result) const {
    std::set<std::pair<StreamId, SegmentId>> altered;
    for (const AlteredSegment& alarm : alarms_) altered.emplace(alarm.stream, alarm.segment);
    std::set<std::string> unreadable;  // Folders of streams that could not be listed.
    for (const SkippedInput& each : skipped_) {
      if (each.reason == "unreadable") unreadable.insert(each.name);
    }
    const Covered covered(parent_);
    for (const SegmentPlace& place : vault_.catalog().segment_places(options_.tenant)) {
      const std::pair name(place.stream, place.segment);
      const bool here = at_source_.contains(name);
      if (!here && !unreadable.contains(place.stream.str())) {
        result.gone.push_back(place.stream.str() + "/" + place.segment.str());
      }
      const bool is_known = place.sequence < covered.by(place.stream);
      const bool is_good = here && !altered.contains(name) && !skipped_segments_.contains(name);
      if (is_known && is_good) ++result.segments_unchanged;
    }
  }

  void put_and_complete(const TenantPolicy& policy, BackupResult& result) {
    ask_store();
    try {
      put_and_complete(policy, result, type_);
    } catch (const Error& error) {
      const bool by_itself = parent_ && !options_.type && type_ == BackupType::full;
      if (!by_itself || !is_of_damage(error)) throw;
      // What an old point lists is damaged. What is new is kept all the same, and then it is said.
      point_id_ = make_recovery_point_id(started_at_, vault_.region(), options_.tenant,
                                         *vault_.environment().random);
      put_and_complete(policy, result, BackupType::incremental);
      throw;
    }
  }

  void put_and_complete(const TenantPolicy& policy, BackupResult& result, BackupType type) {
    const bool incremental = type == BackupType::incremental;
    const RecoveryPoint point = put_point(tenant_,
                                          {.recovery_point_id = point_id_,
                                           .type = type,
                                           .parent = incremental ? parent_ : std::nullopt,
                                           .as_of = started_at_,
                                           .completed_at = copied_at_,
                                           .skipped = listed_skipped_,
                                           .alarms = alarms_,
                                           .policy_version = policy.version,
                                           .ledger_size_seen = tenant_.ledger().size()},
                                          {.retain_until = retain_until_}, options_.stop);
    complete_point(tenant_, job_.job_id, point_id_, options_.workers);
    tenant_.record_progress();
    vault_.catalog().record_checked({options_.tenant, started_at_, started_at_});
    changed_ = true;
    set_point(result, point);
  }

  /// That nothing new was found need not be said in the ledger every minute; the catalog knows.
  void check_only(BackupResult& result) {
    keep_newest(tenant_, *parent_, started_at_, options_.workers);
    const auto before = vault_.catalog().checked(options_.tenant);
    const bool said = before && started_at_ >= before->stated_at &&
                      started_at_ - before->stated_at < kCheckedInterval;
    if (!said) {
      ask_store();
      append_when(tenant_,
                  {.header = vault_.new_header(options_.tenant),
                   .index = 0,
                   .action = std::string(acts::kChecked.action),
                   .job_id = job_.job_id,
                   .subject_id = parent_->point.recovery_point_id,
                   .subject_sha256 = parent_->sha256},
                  retain_until_, [&](Ledger&) { require_not_halted(vault_, options_.tenant); });
      tenant_.record_progress();
    } else if (!tenant_.ledger().has_checkpoint()) {
      tenant_.ledger().put_checkpoint(vault_.ledger_signers(), {.retain_until = retain_until_});
    }
    vault_.catalog().record_checked(
        {options_.tenant, started_at_, said ? before->stated_at : started_at_});
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

  const Vault& vault_;
  SegmentSource& source_;
  const BackupOptions& options_;
  JobRow job_;
  const Time started_at_;
  const WorkLock lock_;
  OpenTenant tenant_;
  std::size_t lost_jobs_ = 0;
  std::string point_id_;
  Time retain_until_;
  Time copied_at_;
  std::optional<std::string> clock_warning_;
  std::optional<CompletedPoint> parent_;
  BackupType type_ = BackupType::full;
  std::set<std::pair<StreamId, SegmentId>> at_source_;
  std::mutex mutex_;
  std::vector<SkippedInput> skipped_;
  std::vector<SkippedInput> listed_skipped_;  ///< Of them, for the point.
  std::vector<AlteredSegment> alarms_;
  std::set<std::pair<StreamId, SegmentId>> skipped_segments_;
  std::vector<StatRow> stats_;
  bool flush_failed_ = false;
  Clock::time_point flushed_ = Clock::now();
  bool changed_ = false;
  bool is_store_asked_ = false;
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
  vault.signers();  // Both before anything is written.
  vault.ledger_signers();
  require_not_halted(vault, options.tenant);
  try {
    return BackupJob(vault, source, options).run();
  } catch (const Error& error) {
    halt_for(vault, options.tenant, error);
    throw;
  }
}

BackupPlan plan_backup(const Vault& vault, SegmentSource& source, const BackupOptions& options) {
  require_not_halted(vault, options.tenant);
  OpenTenant tenant(vault, options.tenant);
  SourceListing listing = source.list(options.stop);
  BackupPlan plan{.backup_type = type_of(vault, options, newest_point(tenant)),
                  .skipped = std::move(listing.skipped)};
  const StatCache cache(vault, options);
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

}  // namespace v0
}  // namespace atp
