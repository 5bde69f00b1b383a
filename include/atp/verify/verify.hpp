// SPDX-License-Identifier: Apache-2.0
/// Verification of recovery points from a store and a trust policy alone: no network of its own, no
/// catalog, no signing key. Findings are checks in a `Report`; an `Error` means that the
/// verification itself could not be done. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/core/progress.hpp"
#include "atp/crypto/age.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/storage/object_store.hpp"
#include "atp/verify/points.hpp"
#include "atp/verify/report.hpp"

namespace atp {
inline namespace v0 {

enum class VerifyDepth {
  stored,   ///< Digests, signatures, chains, ledger; needs no identity.
  content,  ///< Also every record, leaf and root.
};

struct SegmentName {
  StreamId stream;
  SegmentId segment;
  bool operator==(const SegmentName&) const = default;
};

struct VerifyOptions {
  VerifyDepth depth = VerifyDepth::content;
  std::optional<SegmentName> segment = {};  ///< Only this one; the others' packages are not read.
  unsigned workers = 0;                     ///< 0: two more than cores.
  std::stop_token stop = {};
  ProgressSink* progress = nullptr;
  std::optional<Time> now = {};  ///< By the caller's clock; absent: nothing is ahead of it.
};

/// Verifies one point and everything it hangs on, down to its last full parent. What is missing or
/// damaged is a failed check that names it and stops nothing else. Checks, by name:
///
///     vault               vault.json is signed and of the vault that the trust policy names
///     ledger.entries      every entry: signed, in its place, of one origin
///     ledger.signatures   only without trust policy: not checked
///     ledger.checkpoint   checkpoints are signed and have the roots of the entries; the newest
///                         covers the point's statement (else not checked: a crash does that, too)
///     ledger.clock        only where an entry is ahead of the clock: not checked; or where an
///     entry
///                         says that others were written by a wrong one: attested
///     ledger.statement    the statement that completed the point, over its manifest's SHA-256
///     point.manifest      canonical, signed, of this id, tenant and vault
///     point.parent        each parent likewise, with the child's digest, completed before it
///     point.clock         only where it, or a parent, is ahead of the clock: not checked
///     point.list          each list page: its digest, canonical, as referred to
///     point.merkle_root   recomputed over the listed descriptors
///     point.counts        segments, records and bytes, summed up again
///     point.coverage      the lists down to the full point have every manifest exactly once
///     manifest.chain      every segment manifest of each stream: signed, chained, as listed
///     key_epoch           every key epoch and wrap, and each that a manifest names
///     policy              every policy version that is named
///     package.stored      size and SHA-256 of each package
///     package.content     its records, leaves, roots, counts and times
///     package.<damage>    a failure in it, named as in `PackageDamage`, with frame and records
///
/// Without `trust` what depends on signatures is not checked; without `identities` content is not
/// checked. With `segment` all documents are checked, but of the packages that one only.
/// Throws: not_found where the point does not exist or lacks the segment; cancelled, unavailable.
ATP_EXPORT Report verify_point(ObjectStore& store, const PointName& point, const TrustPolicy* trust,
                               std::span<const age::Identity> identities,
                               const VerifyOptions& options);

/// Verifies points of one tenant, each as `verify_point`: what they have in common (the ledger,
/// manifests, packages) is read and checked once, at the first that needs it, and counts for the
/// others. For a point that was stored or completed since, the ledger is read again. One object
/// belongs to one thread at a time.
class ATP_EXPORT PointVerifier {
 public:
  /// `store`, `trust` and `identities` must outlive it.
  PointVerifier(ObjectStore& store, const TenantId& tenant, const TrustPolicy* trust,
                std::span<const age::Identity> identities, const VerifyOptions& options);
  ~PointVerifier();

  /// Throws: as `verify_point`.
  Report verify(const std::string& id);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Verifies a tenant's ledger alone, for a tenant without a point that could be verified: the
/// checks `ledger.entries`, `ledger.signatures` and `ledger.checkpoint` as above,
/// `recovery_point_id` empty. Where the tenant has objects but no ledger, that is not checked:
/// nobody can tell whether a point was ever completed. Throws: cancelled, unavailable.
ATP_EXPORT Report verify_ledger(ObjectStore& store, const TenantId& tenant,
                                const TrustPolicy* trust, const std::stop_token& stop,
                                std::optional<Time> now = std::nullopt);

}  // namespace v0
}  // namespace atp
