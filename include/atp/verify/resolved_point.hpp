// SPDX-License-Identifier: Apache-2.0
/// A recovery point followed from its ledger to every segment it stands for, each step checked:
/// what verifying and restoring have in common. Functions are thread-safe.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/keys/key_epochs.hpp"
#include "atp/segment/package_scan.hpp"
#include "atp/storage/object_store.hpp"
#include "atp/verify/report.hpp"
#include "atp/verify/verify.hpp"

namespace atp {
inline namespace v0 {

/// One segment of a point or its parents; descriptor or manifest is there.
struct ResolvedSegment {
  StreamId stream;
  std::uint64_t sequence;
  std::optional<Descriptor> descriptor = {};     ///< As a point lists it.
  std::optional<SegmentManifest> manifest = {};  ///< Only where sound and as the descriptor says.

  std::string name() const { return manifest ? manifest->segment.str() : descriptor->name; }
  const std::string& key() const { return manifest ? manifest->key : descriptor->key; }
  std::uint64_t stored_bytes() const {
    return manifest ? manifest->stored_bytes : descriptor->bytes;
  }
};

struct ResolvedPoint {
  TenantId tenant;
  std::optional<RecoveryPoint> point = {};     ///< Absent where its manifest cannot be believed.
  Digest sha256 = {};                          ///< Of the manifest as stored.
  std::vector<ResolvedSegment> segments = {};  ///< The union, in order of stream and sequence.
  KeyEpochs epochs = {};
  std::vector<Check> checks = {};
};

/// How much of the ledger is read.
enum class LedgerDepth {
  whole,  ///< Every entry and checkpoint.
  /// The entry that completes the point. That a signed checkpoint stands over it is looked at, but
  /// not its root: there is no check `ledger.checkpoint` then. Where there is none, the whole.
  statement,
};

/// Reads and checks every document that a point hangs on; neither packages nor what outsiders have
/// added are read, and nothing of another tenant. Without `trust` signatures are not checked.
/// Throws: not_found where there is no such point; cancelled.
ATP_EXPORT ResolvedPoint resolve_point(ObjectStore& store, const PointName& name,
                                       const TrustPolicy* trust, LedgerDepth ledger,
                                       unsigned workers, const std::stop_token& stop);

/// The same for one segment: of lists, manifests and key epochs only what leads to it is read, of
/// the ledger the statement. The segment is not there where the point, and what could be read of
/// its parents, does not list it. Throws: as `resolve_point`.
ATP_EXPORT ResolvedPoint resolve_segment(ObjectStore& store, const PointName& name,
                                         const SegmentName& segment, const TrustPolicy& trust,
                                         const std::stop_token& stop);

/// The identities of key epochs, by epoch.
using EpochIdentities = std::map<std::string, age::Identity, std::less<>>;

/// Those that `identities` open; a wrap that opens to something else is a failed check.
ATP_EXPORT EpochIdentities open_epochs(ObjectStore& store, const KeyEpochs& epochs,
                                       std::span<const age::Identity> identities,
                                       std::vector<Check>& checks);

/// Throws for the gravest failed check, as `kind_of` its class; nothing where none failed.
ATP_EXPORT void require_sound(const std::vector<Check>& checks);

/// Throws: unauthenticated where there are none.
ATP_EXPORT void require_identities(std::span<const age::Identity> identities);

/// The identity that opens the package. Throws: unauthenticated where `identities` lacks it.
ATP_EXPORT const age::Identity& require_identity(const SegmentManifest& manifest,
                                                 const EpochIdentities& identities);

/// Reads one package against its descriptor alone: `package.stored`.
ATP_EXPORT std::vector<Check> check_stored_package(ObjectStore& store,
                                                   const ResolvedSegment& segment,
                                                   const ScanOptions& options);

/// Also every record: `package.content`, not checked without manifest or fitting identity. Frames
/// that are whole and proven go to `sink`, which may be null. One failed check for each damage,
/// named `package.<damage>`. Throws: what `sink` does; cancelled, unavailable.
ATP_EXPORT std::vector<Check> check_package(ObjectStore& store, const ResolvedSegment& segment,
                                            const EpochIdentities& identities, FrameSink* sink,
                                            const ScanOptions& options);

}  // namespace v0
}  // namespace atp
