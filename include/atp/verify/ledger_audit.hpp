// SPDX-License-Identifier: Apache-2.0
/// A whole ledger looked over, and held against what an outsider remembers of it. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "atp/core/export.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/ledger/ledger.hpp"
#include "atp/merkle/tree.hpp"
#include "atp/storage/object_store.hpp"
#include "atp/verify/report.hpp"

namespace atp {
inline namespace v0 {

/// The newest of a tenant's ledger, after all of the ledger was read and verified. Throws:
/// not_found where there is none; corrupt or untrusted for the first problem; cancelled.
ATP_EXPORT SignedCheckpoint newest_checkpoint(ObjectStore& store, const TenantId& tenant,
                                              const TrustPolicy& trust,
                                              const ScanLedgerOptions& options);

struct Consistency {
  Report report;
  std::optional<Checkpoint> old_checkpoint = {};  ///< Absent where no trusted key signed it.
  std::optional<Checkpoint> new_checkpoint = {};
  merkle::Proof proof;  ///< RFC 9162, 2.1.4.1; where the report passed.
};

/// Whether a tenant's ledger still begins with what `old_note` says. Checks, by name:
///
///     checkpoint.old      the note is signed by a trusted ledger key
///     ledger.entries, ledger.checkpoint   as in `verify_ledger`
///     ledger.cosignatures of as many witnesses as the policy asks for, where it asks for any
///     ledger.consistency  same origin, no fewer entries, and the same root at the note's size
///
/// Throws: cancelled, unavailable.
ATP_EXPORT Consistency check_consistency(ObjectStore& store, const TenantId& tenant,
                                         const TrustPolicy& trust, std::string_view old_note,
                                         const ScanLedgerOptions& options);

/// The one check of what is derived: where it fails, no entry, checkpoint or document does.
inline constexpr const char* kTilesCheck = "ledger.tiles";

struct LedgerAudit {
  Report report;
  std::string origin;
  std::uint64_t entries = 0;
  std::uint64_t from_bundles = 0;  ///< Of these; what their own objects hold was not read.
  std::uint64_t checkpoints = 0;
  std::uint64_t documents = 0;  ///< Named by entries, and found to be what they name.
};

/// Every entry, every checkpoint, and every document that an entry names: there, signed, and of the
/// digest that stands in the entry; and what outsiders added, where the policy has witnesses or
/// authorities. Checks: `ledger.entries`, `ledger.checkpoint`, `ledger.document` (one for each that
/// fails, one for all that hold), `ledger.cosignatures`, `ledger.timestamp` of the newest
/// checkpoint, `point.timestamp`, `ledger.approval` of each act that has or needs approvals (which
/// are sealed: attested where they are there); that each checkpoint which a witness has cosigned
/// and each object that was time-stamped is there (`ledger.checkpoint`, `ledger.document`);
/// `ledger.tiles`: that those which are there are what the entries make; and `ledger.tail` where a
/// stored point saw more entries than there are. With `EntriesFrom::bundles` what entry objects
/// hold is not read where a bundle has it. Memory does not grow with the ledger. Throws: cancelled,
/// unavailable.
ATP_EXPORT LedgerAudit audit_ledger(ObjectStore& store, const TenantId& tenant,
                                    const TrustPolicy& trust, const ScanLedgerOptions& options);

}  // namespace v0
}  // namespace atp
