// SPDX-License-Identifier: Apache-2.0
/// What outsiders have added to a ledger: cosignatures of witnesses, time-stamps of authorities.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "atp/ledger/ledger.hpp"
#include "verify/checks.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

inline constexpr const char* kCosignatures = "ledger.cosignatures";

/// The root that the ledger had at an earlier size: what witnesses signed is compared with it.
/// Nothing where what is stored does not tell.
using RootAt = std::function<std::optional<Digest>(std::uint64_t size)>;
RootAt root_at(const LedgerReading& ledger);
/// Out of the stored tiles, or entries, that lead to the root of `head`. Both must outlive it.
RootAt root_at(const Context& context, const LedgerHead& head);

/// `ledger.cosignatures`: that there is one; nothing without witnesses in the policy. `entry` is
/// what must be covered; without it, all.
void check_cosignatures(const Context& context, const LedgerHead& head,
                        std::optional<std::uint64_t> entry, const RootAt& root_at,
                        std::vector<Check>& checks);

/// As `check_cosignatures`, for a note in memory.
void check_cosignatures_in(std::string_view note, const std::string& subject,
                           const TrustPolicy& trust, std::vector<Check>& checks);

/// A check `name`: whether the object `key`, of that digest, has a time-stamp that holds; nothing
/// without authorities in the policy. Where all that it has do not hold, failed. Where it has none
/// and needs none, attested: its time is its signer's word.
void check_timestamps_of(const Context& context, const char* name, const std::string& key,
                         const Digest& sha256, std::vector<Check>& checks);

/// As `check_timestamps_of`, for replies in memory.
void check_replies(const TrustPolicy& trust, const char* name, const std::string& key,
                   const Digest& sha256, std::span<const Bytes> replies,
                   std::vector<Check>& checks);

/// Those stored for the object that hold, two at most.
std::vector<Bytes> sound_replies(const Context& context, const Digest& sha256);

}  // namespace verify
}  // namespace v0
}  // namespace atp
