// SPDX-License-Identifier: Apache-2.0
/// Backups, restores and recovery points as JSON.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "atp/backup/take_backup.hpp"
#include "atp/core/export.hpp"
#include "atp/model/documents.hpp"
#include "atp/model/json.hpp"
#include "atp/restore/restore.hpp"

namespace atp {
inline namespace v0 {

/// backupType, toRead, bytesToRead, segmentsUnchanged, skipped.
ATP_EXPORT Json::Object to_json(const BackupPlan& plan);

/// All members; `tenant` is tenantId.
ATP_EXPORT Json::Object to_json(const BackupResult& result);

/// segments (name, records, bytes) and bytes, the sum of theirs.
ATP_EXPORT Json::Object to_json(const RestorePlan& plan);

/// All members; of the report only verdict and failures, the checks that failed.
ATP_EXPORT Json::Object to_json(const RestoreResult& result);

/// A row in a list of points: what it holds in numbers, of `skipped` and `alarms` how many.
ATP_EXPORT Json::Object to_json(const RecoveryPoint& point);

/// A package as a point lists it, and until when its store keeps it; absent where the store has no
/// such package, or keeps it for no time.
struct ListedPackage {
  Descriptor descriptor;
  std::optional<Time> kept_until = {};
};

/// name, stream, sequence, key, sha256, bytes, records, merkleRoot, keptUntil.
ATP_EXPORT Json::Object to_json(const ListedPackage& package);

/// A point's manifest as `stored`, with its SHA-256, whether its signature was verified, and the
/// packages that it lists. Throws: invalid_argument where `stored` is no JSON object.
ATP_EXPORT Json::Object point_json(std::string_view stored,
                                   const std::vector<ListedPackage>& packages,
                                   bool signature_verified);

}  // namespace v0
}  // namespace atp
