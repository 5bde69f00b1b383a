// SPDX-License-Identifier: Apache-2.0
/// Proofs for outsiders: that a record is in a recovery point, and the point in a ledger, as one
/// text (C2SP tlog-proof.md) that is checked with a trust policy and nothing else. It lets out one
/// record and no hash from which another could be guessed; of the points that it shows, it lets out
/// all else that is in them, such as names of skipped input. Functions are thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/crypto/age.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/ledger/note.hpp"
#include "atp/storage/object_store.hpp"
#include "atp/verify/verify.hpp"

namespace atp {
inline namespace v0 {

/// One record of a tenant.
struct RecordPlace {
  SegmentName segment;
  std::uint64_t number;  ///< From 0.
  bool operator==(const RecordPlace&) const = default;
};

/// What a proof shows.
struct ProvenRecord {
  TenantId tenant;
  RecordPlace place;
  Bytes record;  ///< Without its line feed.
  std::string recovery_point_id;
  Time completed_at;    ///< The point's, by the word of its signer.
  std::uint64_t entry;  ///< Index of the ledger entry that completes the point.
  Checkpoint checkpoint;
};

/// A proof file, and what it shows.
struct RecordProof {
  std::string text;
  ProvenRecord proven;
};

/// Makes proofs of records of one recovery point, against the newest checkpoint that covers it.
/// What records have in common is read once, those of one segment after another fastest. One object
/// belongs to one thread at a time.
class ATP_EXPORT RecordProver {
 public:
  /// What is given must outlive it; `store` is only read. Throws: not_found where there is no such
  /// point; precondition_failed where no checkpoint covers it yet; corrupt or untrusted where
  /// something on the way does not hold; unauthenticated without identities; cancelled.
  RecordProver(ObjectStore& store, const PointName& point, const TrustPolicy& trust,
               std::span<const age::Identity> identities, const std::stop_token& stop = {});
  ~RecordProver();
  RecordProver(RecordProver&&) noexcept;
  RecordProver& operator=(RecordProver&&) noexcept;

  /// The signed note that every proof leads to.
  const std::string& checkpoint() const;
  /// Index of the ledger entry that completes the point.
  std::uint64_t entry() const;
  /// How many records the segment has. Throws: not_found where the point has no such segment;
  /// corrupt or untrusted, cancelled.
  std::uint64_t records(const SegmentName& segment) const;

  /// The proof file of a record. Reads the documents that it consists of, and of the package its
  /// index and one frame; what is given out was checked as `check_record_proof` does. Throws:
  /// as `records`; invalid_argument where the segment has no such record; unauthenticated without a
  /// fitting identity.
  RecordProof prove(const RecordPlace& place) const;

  using Each = std::function<void(RecordProof&& proof)>;
  /// The proof files of the records of `ranges` of a segment, which are in order and do not
  /// overlap; each frame is read once.
  void prove(const SegmentName& segment, std::span<const RecordRange> ranges,
             const Each& each) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The proof file of one record. Throws: what `RecordProver` does.
ATP_EXPORT std::string prove_record(ObjectStore& store, const PointName& point,
                                    const RecordPlace& place, const TrustPolicy& trust,
                                    std::span<const age::Identity> identities,
                                    const std::stop_token& stop = {});

/// Where records with an id are, among those that could be read.
struct FoundRecords {
  std::vector<RecordPlace> places = {};
  /// Records that are no strict JSON object. Whether one of them has the id is not known: only
  /// where there are none, an id that was not found is in no record.
  std::uint64_t unsearched = 0;
};

/// The records of a recovery point that have `record_id`, as a string or as a number written
/// like that, where the tenant's field map has `id` (else in the member `id`). Reads every record.
/// Throws: as `prove_record`; `progress` may be null.
ATP_EXPORT FoundRecords find_records(ObjectStore& store, const PointName& point,
                                     std::string_view record_id, const TrustPolicy& trust,
                                     std::span<const age::Identity> identities,
                                     ProgressSink* progress, const std::stop_token& stop = {});

struct CheckedProof {
  Report report;
  std::optional<ProvenRecord> proven = {};  ///< Where the report passed.
};

/// Checks a proof file. Nothing in it is believed: everything is recomputed up to signatures by
/// keys of `trust`. Checks, by name:
///
///     proof.form          a proof file with this library's evidence
///     proof.record        salt and record lead to the descriptor's root
///     proof.descriptor    the descriptor leads to the root of the point that lists it
///     point.manifest      the point: signed, of this vault and tenant, and covering the segment
///     point.parent        each parent down to the one that lists the segment, by digest
///     point.timestamp     that of the proven point, where the policy has authorities
///     ledger.statement    the entry: signed, completing the point
///     ledger.inclusion    the entry leads to the checkpoint's root
///     ledger.checkpoint   signed by a trusted ledger key, of the entry's ledger
///     ledger.cosignatures by as many witnesses as the policy asks for, where it asks for any
///
/// Throws: unsupported for a proof of a later version.
ATP_EXPORT CheckedProof check_record_proof(std::string_view proof, const TrustPolicy& trust);

}  // namespace v0
}  // namespace atp
