// SPDX-License-Identifier: Apache-2.0
/// Proofs, exports and approvals as JSON.
#pragma once

#include <string>

#include "atp/core/export.hpp"
#include "atp/discovery/export_records.hpp"
#include "atp/model/json.hpp"
#include "atp/vault/approval.hpp"
#include "atp/verify/export_bundle.hpp"
#include "atp/verify/record_proof.hpp"

namespace atp {
inline namespace v0 {

/// `STREAM/SEGMENT:N`, as the command takes it too.
ATP_EXPORT std::string place_text(const RecordPlace& place);

/// tenantId, stream, segment, record (its number from 0), recordBase64, recoveryPointId,
/// completedAt, entry, checkpoint.
ATP_EXPORT Json::Object to_json(const ProvenRecord& proven);
/// verdict, checks, proven.
ATP_EXPORT Json::Object to_json(const CheckedProof& checked);

/// manifest, checkpoint, pending (service, problem), anchors. A manifest has exportId, tenantId,
/// recoveryPointId, createdAt, records, files (how many), bytes, sha256, timestamped.
ATP_EXPORT Json::Object to_json(const ExportResult& exported);
/// verdict, checks, manifest, checkpoint.
ATP_EXPORT Json::Object to_json(const CheckedExport& checked);
/// name, bytes, sha256.
ATP_EXPORT Json::Object to_json(const ExportedFile& file);

/// What an export would hand over: recoveryPointId, plan (name, value).
ATP_EXPORT Json::Object export_plan_json(const Plan& plan);
/// vaultId, tenantId, action, subjectId, plan (name, value), ledgerSize, requestedBy, requestedAt,
/// expiresAt.
ATP_EXPORT Json::Object to_json(const CheckedRequest& checked);

}  // namespace v0
}  // namespace atp
