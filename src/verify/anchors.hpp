// SPDX-License-Identifier: Apache-2.0
/// What outsiders have added to a ledger: cosignatures of witnesses, time-stamps of authorities.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "atp/ledger/ledger.hpp"
#include "verify/checks.hpp"

namespace atp::inline v0::verify {

inline constexpr const char* kCosignatures = "ledger.cosignatures";

/// The newest checkpoint of more than `entry` entries that as many witnesses have cosigned as the
/// policy asks for, with their cosignatures. Without witnesses in the policy, the newest.
struct WitnessedCheckpoint {
  Checkpoint checkpoint;
  std::string note;
};
std::optional<WitnessedCheckpoint> find_witnessed(const Context& context, const LedgerHead& head,
                                                  std::uint64_t entry);

/// `ledger.cosignatures`: that there is one; nothing without witnesses in the policy. `entry` is
/// what must be covered; without it, all.
void check_cosignatures(const Context& context, const LedgerHead& head,
                        std::optional<std::uint64_t> entry, std::vector<Check>& checks);

/// The same of one note.
void check_cosignatures_in(std::string_view note, const std::string& subject,
                           const TrustPolicy& trust, std::vector<Check>& checks);

/// A check `name`: whether the object `key`, of that digest, has a time-stamp that holds, and none
/// that does not; nothing without authorities in the policy. Where it has none and needs none,
/// attested: its time is its signer's word.
void check_timestamps_of(const Context& context, const char* name, const std::string& key,
                         const Digest& sha256, std::vector<Check>& checks);

}  // namespace atp::inline v0::verify
