// SPDX-License-Identifier: Apache-2.0
/// A ledger as static files that any C2SP client reads (tlog-tiles.md): `checkpoint`, `tile/` with
/// the tree's hashes, `tile/entries/` with the entries. Derived from the store, and written again
/// whenever wanted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"
#include "atp/ledger/ledger.hpp"
#include "atp/merkle/tree.hpp"

namespace atp {
inline namespace v0 {
namespace ledger {
class TiledTree;
}

struct PublishedFiles {
  Checkpoint checkpoint;
  std::uint64_t files_written;  ///< Without `checkpoint`; those of earlier calls stay as they are.
};

/// Publishes what the newest checkpoint covers to `folder`, which is made where it is missing. All
/// of the ledger is verified before anything is written, and `checkpoint` is replaced last, so that
/// readers never see one whose tiles are not there. Throws: not_found where there is no checkpoint;
/// corrupt or untrusted for the first problem of the ledger, and where `folder` has another ledger,
/// a fork of it or a longer one; precondition_failed while another process publishes to it;
/// cancelled.
ATP_EXPORT PublishedFiles publish_ledger(ObjectStore& store, const TrustPolicy& trust,
                                         const TenantId& tenant, FileSystem& files, Random& random,
                                         const Path& folder, const ScanLedgerOptions& options);

/// Proofs out of published tiles: each asks for a few files, whatever the size of the ledger. Tiles
/// are not believed: each is compared with the hash above it, up to the checkpoint. One object
/// belongs to one thread at a time.
class ATP_EXPORT PublishedLedger {
 public:
  /// `files` must outlive it. Throws: not_found without `checkpoint`, untrusted where no key of
  /// `trust` signed it.
  PublishedLedger(FileSystem& files, const Path& folder, const TrustPolicy& trust);
  ~PublishedLedger();
  PublishedLedger(PublishedLedger&&) noexcept;
  PublishedLedger& operator=(PublishedLedger&&) noexcept;

  const Checkpoint& checkpoint() const { return checkpoint_; }
  const std::string& note() const { return note_; }

  /// The root over the first `size` entries, and the proof that the checkpoint goes on from there
  /// (RFC 9162, 2.1.4.1). Throws: invalid_argument unless `size` is from 1 to the checkpoint's;
  /// corrupt where the tiles do not give the checkpoint's root; not_found where one is missing.
  struct Prefix {
    Digest root = {};
    merkle::Proof proof;
  };
  Prefix prefix(std::uint64_t size);

  /// That entry `index`, with this leaf hash, is in it (RFC 9162, 2.1.3.1). Throws: as `prefix`.
  merkle::Proof inclusion_proof(std::uint64_t index, const Digest& leaf_hash);

 private:
  std::string note_;
  Checkpoint checkpoint_;
  std::unique_ptr<ledger::TiledTree> tree_;
};

}  // namespace v0
}  // namespace atp
