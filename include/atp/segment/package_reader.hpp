// SPDX-License-Identifier: Apache-2.0
/// Range reads: some records of a package without the others. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>

#include "atp/core/export.hpp"
#include "atp/crypto/age.hpp"
#include "atp/model/record_range.hpp"
#include "atp/model/segment_documents.hpp"
#include "atp/segment/package_index.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

/// What shows that a record is one of its segment's, and which: a leaf over salt and record
/// (leaf scheme 1), and its way to the segment's root (RFC 9162, 2.1.3.1).
struct RecordInclusion {
  Bytes record;
  Bytes salt;  ///< 16 bytes; of this record alone.
  merkle::Proof path;
};

class ATP_EXPORT PackageReader {
 public:
  /// Reads the package's header and index, by a few ranges, and proves the index to `manifest`.
  /// `store` must outlive it. Throws: not_found, unauthenticated, unsupported; corrupt where the
  /// index is not the one of the manifest.
  PackageReader(ObjectStore& store, const SegmentManifest& manifest,
                std::span<const age::Identity> identities);
  ~PackageReader();
  PackageReader(PackageReader&&) noexcept;
  PackageReader& operator=(PackageReader&&) noexcept;

  const SegmentManifest& manifest() const;
  const PackageIndex& index() const;

  /// Called with a record's number, from 0, and its bytes without the line feed, valid for the
  /// call.
  using Each = std::function<void(std::uint64_t number, ByteView record)>;

  /// Hands out records `[from, to)` in order. Each frame that holds one is fetched, decrypted,
  /// decoded and proven to the index before the first of its records is handed out; memory: one
  /// frame. Throws: invalid_argument where there are no such records; corrupt, with the records
  /// of the frame, where one is damaged; cancelled.
  void read(std::uint64_t from, std::uint64_t to, const Each& each,
            const std::stop_token& stop = {}) const;

  /// Record `number` with its proof; reads one frame. Throws: as `read`.
  RecordInclusion prove(std::uint64_t number) const;

  using EachProven = std::function<void(std::uint64_t number, RecordInclusion&& inclusion)>;
  /// Hands out the records of `ranges`, which are in order and do not overlap, with their proofs,
  /// as `read` does; memory: one frame twice.
  void prove(std::span<const RecordRange> ranges, const EachProven& each,
             const std::stop_token& stop = {}) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace v0
}  // namespace atp
