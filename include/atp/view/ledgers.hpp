// SPDX-License-Identifier: Apache-2.0
/// Ledgers, and what outsiders add to them, as JSON.
#pragma once

#include "atp/catalog/catalog.hpp"
#include "atp/core/export.hpp"
#include "atp/ledger/note.hpp"
#include "atp/ledger/published_ledger.hpp"
#include "atp/model/json.hpp"
#include "atp/vault/anchor.hpp"
#include "atp/vault/clock.hpp"
#include "atp/verify/ledger_audit.hpp"

namespace atp {
inline namespace v0 {

/// origin, size, root.
ATP_EXPORT Json::Object to_json(const Checkpoint& checkpoint);
/// The checkpoint's members, and note.
ATP_EXPORT Json::Object to_json(const SignedCheckpoint& checkpoint);
/// The checkpoint's members, and filesWritten.
ATP_EXPORT Json::Object to_json(const PublishedFiles& published);

/// verdict, old, new, consistencyProof, checks.
ATP_EXPORT Json::Object to_json(const Consistency& consistency);
/// verdict, origin, entries, checkpoints, documents, checks.
ATP_EXPORT Json::Object to_json(const LedgerAudit& audit);

/// service, subject, problem, contradicts.
ATP_EXPORT Json::Object to_json(const PendingAnchor& pending);
/// checkpoint, cosignatures (witness, time), timestampsAdded, pending, complete.
ATP_EXPORT Json::Object to_json(const Anchors& anchors);

/// tenantId, haltedAt, subject, message.
ATP_EXPORT Json::Object to_json(const HaltRow& halt);
/// tenantId, entries, first, last, newest (the index of that entry), newestAt.
ATP_EXPORT Json::Object to_json(const ClockCorrection& corrected);

}  // namespace v0
}  // namespace atp
