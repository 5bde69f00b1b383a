// SPDX-License-Identifier: Apache-2.0
/// What a proof file carries beside the ledger's own proof: everything between one record and the
/// ledger entry that completed its recovery point. docs/format.md has the bytes; nothing in it is
/// believed, verify/record_proof.hpp recomputes it. Functions are thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/merkle/tree.hpp"
#include "atp/model/point_documents.hpp"

namespace atp {
inline namespace v0 {

struct RecordEvidence {
  TenantId tenant;
  std::uint64_t number;            ///< Of the record in its segment, from 0.
  Bytes record = {};               ///< Without its line feed.
  Bytes salt = {};                 ///< 16 bytes.
  merkle::Proof record_path = {};  ///< From the record's leaf to the descriptor's `merkleRoot`.
  Descriptor descriptor;
  std::uint64_t descriptor_index;  ///< Among those that the last of `points` lists.
  std::uint64_t descriptors;       ///< How many it lists.
  merkle::Proof descriptor_path;   ///< From the descriptor to that point's `merkleRoot`.
  /// Recovery points as stored: first the proven one, then its parents, down to the one that
  /// lists the segment.
  std::vector<std::string> points = {};
  std::vector<Bytes> timestamps = {};  ///< Replies (RFC 3161) about the first of them.
  std::string statement;  ///< The ledger entry that completes the first of them, as stored.
  bool operator==(const RecordEvidence&) const = default;
};

/// Canonical JSON. Throws: invalid_argument for stored documents that are not JSON.
ATP_EXPORT std::string canonical(const RecordEvidence& evidence);

/// Throws: corrupt unless `text` is what `canonical` prints; unsupported for a later version.
ATP_EXPORT RecordEvidence parse_record_evidence(std::string_view text);

}  // namespace v0
}  // namespace atp
