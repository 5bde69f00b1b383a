// SPDX-License-Identifier: Apache-2.0
/// Signed notes and checkpoints (C2SP signed-note.md, tlog-checkpoint.md). Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/crypto/signature.hpp"

namespace atp {
inline namespace v0 {

/// Longer notes are refused.
inline constexpr std::size_t kCheckpointLimit = 64 << 10;

/// Origin, size and root of a log: 200 bytes that pin every entry below `size`.
struct Checkpoint {
  std::string origin;
  std::uint64_t size;
  Digest root = {};
  bool operator==(const Checkpoint&) const = default;
};

/// A checkpoint as a signed note, for those who are to remember it.
struct SignedCheckpoint {
  Checkpoint checkpoint;
  std::string note;
};

/// The note to store. Signers have Ed25519 keys; their name in the note is the origin.
ATP_EXPORT std::string sign_checkpoint(const Checkpoint& checkpoint, const Signers& signers);

/// The checkpoint, if one of `keys` has signed it under its origin's name; signatures by unknown
/// keys are passed over. Nothing for a note that is malformed or that no key signed.
ATP_EXPORT std::optional<Checkpoint> open_checkpoint(std::string_view note,
                                                     std::span<const PublicKey> keys);

/// The text alone, whoever signed it. Nothing for a malformed note.
ATP_EXPORT std::optional<Checkpoint> parse_checkpoint(std::string_view note);

}  // namespace v0
}  // namespace atp
