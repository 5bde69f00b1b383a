// SPDX-License-Identifier: Apache-2.0
#include "atp/discovery/export_records.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/model/acts.hpp"
#include "atp/vault/act.hpp"
#include "atp/vault/clock.hpp"
#include "atp/vault/halt.hpp"
#include "atp/vault/job.hpp"
#include "atp/verify/record_proof.hpp"
#include "discovery/bundle_writer.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr const char* kJobKind = "export";
const std::string kRule(acts::kExportIntended.rule);  // Of the trust policy.

/// Runs of record numbers, both ends included, that neither overlap nor touch, by segment.
using Runs = std::map<std::pair<StreamId, SegmentId>, std::vector<RecordRange>>;

std::string name_of(const SegmentName& segment) {
  return segment.stream.str() + "/" + segment.segment.str();
}

RecordRange require_records(const RecordProver& prover, const ExportSelection& selected) {
  const std::uint64_t records = prover.records(selected.segment);
  if (records == 0) {
    throw Error(ErrorKind::invalid_argument, name_of(selected.segment), "has no records");
  }
  const RecordRange range = selected.records.value_or(RecordRange{0, records - 1});
  if (range.first <= range.last && range.last < records) return range;
  throw Error(ErrorKind::invalid_argument, name_of(selected.segment),
              "has records 0 to " + std::to_string(records - 1) + ", not " +
                  std::to_string(range.first) + " to " + std::to_string(range.last));
}

void merge(std::vector<RecordRange>& runs) {
  std::ranges::sort(runs, {}, &RecordRange::first);
  std::vector<RecordRange> merged;
  for (const RecordRange& each : runs) {
    if (!merged.empty() && each.first <= merged.back().last + 1) {
      merged.back().last = std::max(merged.back().last, each.last);
    } else {
      merged.push_back(each);
    }
  }
  runs = std::move(merged);
}

std::uint64_t count(const Runs& runs) {
  std::uint64_t records = 0;
  for (const auto& [segment, ranges] : runs) {
    for (const RecordRange& each : ranges) records += each.last - each.first + 1;
  }
  return records;
}

Runs runs_of(const RecordProver& prover, const std::vector<ExportSelection>& selection) {
  Runs runs;
  for (const ExportSelection& each : selection) {
    runs[{each.segment.stream, each.segment.segment}].push_back(require_records(prover, each));
  }
  for (auto& [segment, ranges] : runs) merge(ranges);
  const std::uint64_t records = count(runs);
  if (records == 0 || records > kExportRecordLimit) {
    throw Error(ErrorKind::invalid_argument, "export",
                "expected 1 to " + std::to_string(kExportRecordLimit) + " records, found " +
                    std::to_string(records));
  }
  return runs;
}

Plan plan_of(const PointName& point, std::uint64_t entry, const Runs& runs) {
  Plan plan{.action = kRule,
            .tenant = point.tenant,
            .subject_id = point.id,
            .steps = {{"export.records", std::to_string(count(runs))}},
            .ledger_size = entry + 1};
  for (const auto& [segment, ranges] : runs) {
    for (const RecordRange& each : ranges) {
      plan.steps.push_back({"export.run", segment.first.encoded() + "/" + segment.second.encoded() +
                                              ":" + std::to_string(each.first) + "-" +
                                              std::to_string(each.last)});
    }
  }
  return plan;
}

/// One export, from its job row to its end.
class ExportJob {
 public:
  ExportJob(const Vault& vault, const ExportOptions& options)
      : vault_(vault),
        options_(options),
        prover_(vault.store(), options.point, vault.trust(), vault.keys().identities, options.stop),
        runs_(runs_of(prover_, options.selection)),
        job_(new_job(vault, options.point.tenant, kJobKind)),
        lock_(vault.work().lock_job(job_.job_id)),
        open_(vault, options.point.tenant) {
    require_approval(vault, kRule, options.approval);
    retain_until_ = open_.document_retention(job_.started_at);
    export_id_ = make_export_id(job_.started_at, vault.region(), open_.tenant(),
                                *vault.environment().random);
  }

  ExportResult run() {
    BundleWriter writer(*vault_.environment().files, options_.folder);
    std::optional<ExportResult> result;
    run_job(open_, job_, [&] { result = hand_over(writer); });
    result->anchors = anchor_ledger(open_);
    return *std::move(result);
  }

 private:
  ExportResult hand_over(BundleWriter& writer) {
    try {
      intend();
      ExportResult result = write(writer);
      writer.require_free();
      state_done(result);
      writer.publish(result.manifest, stored_);
      return result;
    } catch (const Error& error) {
      if (writer.discard()) throw;
      throw Error(error.kind(), error.subject(),
                  error.message() + "; " + writer.unfinished().string() +
                      " could not be removed and has records in clear");
    }
  }

  Statement statement(const Act& act, const std::optional<Digest>& manifest) const {
    return {.header = vault_.new_header(open_.tenant()),
            .index = 0,
            .action = std::string(act.action),
            .job_id = job_.job_id,
            .subject_id = export_id_,
            .subject_sha256 = manifest};
  }

  void intend() {
    if (options_.clock == ClockTrust::judge) require_store_clock(vault_);
    append_act(
        open_, statement(acts::kExportIntended, {}), kRule, options_.approval,
        [&](const Ledger&) { return plan_of(options_.point, prover_.entry(), runs_); },
        retain_until_);
    open_.record_progress();
  }

  ExportResult write(BundleWriter& writer) {
    writer.put_checkpoint(prover_.checkpoint());
    const Checkpoint checkpoint = write_records(writer);
    BundleContents contents = writer.finish();
    ExportManifest manifest{.header = vault_.new_header(open_.tenant()),
                            .export_id = export_id_,
                            .region = vault_.region(),
                            .recovery_point_id = options_.point.id,
                            .records = contents.records,
                            .ranges = std::move(contents.ranges),
                            .files = std::move(contents.files)};
    auto pending = stamp(manifest);
    stored_ = sign_document(manifest, vault_.signers());
    const Digest sha256_of_stored = sha256(as_bytes(stored_));
    store_sealed(open_, std::span(&stored_, 1), retain_until_);
    return {std::move(manifest), sha256_of_stored, checkpoint, std::move(pending), {}};
  }

  /// Nothing that verifies is there before the ledger says so: the manifest is written after it.
  /// That may not be said once the tenant is halted, or its ledger another than it was.
  void state_done(const ExportResult& result) {
    throw_if_stopped(options_.stop);
    open_.reopen_ledger();
    try {
      append_end(open_, statement(acts::kExportDone, result.manifest_sha256), retain_until_);
    } catch (const Error&) {
      open_.ledger().refresh();
      // Where it is said, only its checkpoint is missing, which the next run adds.
      const auto last = last_statement(open_, job_.job_id);
      if (!last || last->action != acts::kExportDone.action) throw;
    }
  }

  /// The checkpoint that all are proven to.
  Checkpoint write_records(BundleWriter& writer) {
    ProgressMeter progress(options_.progress, {.stage = "export", .items_total = count(runs_)});
    std::optional<Checkpoint> checkpoint;
    for (const auto& [name, ranges] : runs_) {
      prover_.prove({name.first, name.second}, ranges, [&](RecordProof&& proof) {
        throw_if_stopped(options_.stop);
        writer.put(proof);
        checkpoint = proof.proven.checkpoint;
        progress.add(proof.proven.record.size() + 1, 1);
      });
    }
    return *checkpoint;
  }

  /// The time-stamp is about all that is signed but itself; the signature covers it too.
  std::vector<PendingAnchor> stamp(ExportManifest& manifest) const {
    const Digest imprint = export_imprint(sign_document(manifest, vault_.signers()));
    Timestamped stamped = request_timestamp(vault_, export_id_, imprint, options_.stop);
    manifest.timestamp = std::move(stamped.reply);
    return std::move(stamped.pending);
  }

  const Vault& vault_;
  const ExportOptions& options_;
  const RecordProver prover_;
  const Runs runs_;
  const JobRow job_;
  const WorkLock lock_;
  OpenTenant open_;
  Time retain_until_;
  std::string export_id_;
  std::string stored_;  ///< The manifest.
};

}  // namespace

Plan plan_export(const Vault& vault, const PointName& point,
                 const std::vector<ExportSelection>& selection, const std::stop_token& stop) {
  const RecordProver prover(vault.store(), point, vault.trust(), vault.keys().identities, stop);
  Plan plan = plan_of(point, prover.entry(), runs_of(prover, selection));
  if (vault.trust().approvals.find_rule(kRule) && plan.steps.size() > kPlanStepLimit) {
    throw Error(ErrorKind::invalid_argument, "export",
                "has " + std::to_string(plan.steps.size() - 1) +
                    " runs of records, and approvals are to " + std::to_string(kPlanStepLimit - 1) +
                    " at most: export fewer at a time");
  }
  return plan;
}

ExportResult export_records(const Vault& vault, const ExportOptions& options) {
  vault.signers();  // Both before anything is written.
  vault.ledger_signers();
  const TenantId& tenant = options.point.tenant;
  require_not_halted(vault, tenant);
  require_outside(options.folder, vault.home());
  try {
    return ExportJob(vault, options).run();
  } catch (const Error& error) {
    halt_for(vault, tenant, error);
    throw;
  }
}

}  // namespace v0
}  // namespace atp
