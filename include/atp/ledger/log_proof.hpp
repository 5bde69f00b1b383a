// SPDX-License-Identifier: Apache-2.0
/// Proof files (C2SP tlog-proof.md): that a ledger has an entry, as a text that needs no network to
/// check. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "atp/core/export.hpp"
#include "atp/merkle/tree.hpp"

namespace atp {
inline namespace v0 {

/// Longer proof files are refused: a record of 16 MiB fits, twice in base64.
inline constexpr std::size_t kLogProofLimit = 64 << 20;

struct LogProof {
  std::string extra = {};  ///< Opaque bytes; not authenticated by the proof. Empty: no such line.
  std::uint64_t index;
  merkle::Proof path = {};  ///< From the entry's leaf to the checkpoint's root, the nearest first.
  std::string checkpoint = {};  ///< A signed note, as it was given.
  bool operator==(const LogProof&) const = default;
};

ATP_EXPORT std::string format_log_proof(const LogProof& proof);

/// The checkpoint is not looked into. Throws: corrupt, with the line.
ATP_EXPORT LogProof parse_log_proof(std::string_view text);

}  // namespace v0
}  // namespace atp
