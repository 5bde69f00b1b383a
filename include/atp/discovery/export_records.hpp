// SPDX-License-Identifier: Apache-2.0
/// Handing records over: whole records of a recovery point, each proven to a checkpoint, as a
/// folder that anybody checks with `verify_export` (verify/export_bundle.hpp) and stock tools.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"
#include "atp/core/progress.hpp"
#include "atp/vault/anchor.hpp"
#include "atp/vault/approval.hpp"
#include "atp/vault/clock.hpp"
#include "atp/verify/export_bundle.hpp"
#include "atp/verify/report.hpp"
#include "atp/verify/verify.hpp"

namespace atp {
inline namespace v0 {

/// A bundle has no more records.
inline constexpr std::uint64_t kExportRecordLimit = 10'000;

/// Records of one segment.
struct ExportSelection {
  SegmentName segment;
  std::optional<RecordRange> records = {};  ///< All without it.
};

struct ExportOptions {
  PointName point;
  std::vector<ExportSelection> selection = {};  ///< May overlap; a record is exported once.
  Path folder;                                  ///< Must not be there.
  /// Of `plan_export`, where the trust policy has a rule for the act `export`.
  std::optional<DualApproval> approval = {};
  ClockTrust clock = ClockTrust::judge;  ///< Only the store can contradict it here.
  std::stop_token stop = {};
  ProgressSink* progress = nullptr;
};

struct ExportResult {
  ExportManifest manifest;
  Digest manifest_sha256;  ///< As stored; the ledger has it too.
  Checkpoint checkpoint;   ///< That every record is proven to.
  /// Where authorities are asked and none is required: why there is no time-stamp.
  std::vector<PendingAnchor> pending = {};
  Anchors anchors;  ///< Of the checkpoint that covers its end.
};

/// What an export would hand over, a step for each run of records; for those who are to approve it.
/// It stays the same while the ledger goes on, since recovery points do not change. Throws:
/// invalid_argument for an empty selection, records that are not there, more than
/// `kExportRecordLimit`, and more runs than can be approved where the trust policy has a rule; else
/// as `RecordProver`.
ATP_EXPORT Plan plan_export(const Vault& vault, const PointName& point,
                            const std::vector<ExportSelection>& selection,
                            const std::stop_token& stop = {});

/// Makes the bundle, in `<folder>.unfinished` at first, for its owner's eyes only. The ledger says
/// `export.intended` before the first record is written, and `export.done`, with the digest of the
/// manifest, when all records are durable: only then the manifest is written and the folder gets
/// its name. An export that fails before is `export.abandoned`, and nothing of it is left; one that
/// fails after it is to be made again; one whose process is killed leaves the unfinished folder,
/// for somebody to remove. A sealed copy of the manifest stays in the vault. In the end outsiders
/// are asked to anchor the ledger, as by a backup.
///
/// Throws: already_exists for a folder that is there, or an unfinished export beside it;
/// invalid_argument for a folder inside the vault;
/// not_approved where the trust policy asks for approvals; unavailable where it requires a
/// time-stamp and no authority gave one; precondition_failed for a tenant that is halted;
/// as `plan_export`; no_space, cancelled.
ATP_EXPORT ExportResult export_records(const Vault& vault, const ExportOptions& options);

}  // namespace v0
}  // namespace atp
