// SPDX-License-Identifier: Apache-2.0
/// The parts of a signed note (C2SP signed-note.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atp/ledger/note.hpp"

namespace atp {
inline namespace v0 {
namespace ledger {

/// What the key's hash in a signature line is made with.
enum class NoteKeyType : unsigned char {
  ed25519 = 0x01,
  ed25519_cosignature = 0x04,  ///< tlog-cosignature.md
};

struct NoteSignature {
  std::string_view name;
  Bytes key_hash;  ///< 4 bytes.
  Bytes signature;
  std::string_view line;  ///< With its line feed.
};

struct Note {
  std::string_view text;  ///< With its final line feed.
  std::vector<NoteSignature> signatures = {};
};

/// Nothing for a malformed note, one without signatures or over `kCheckpointLimit`.
std::optional<Note> parse_note(std::string_view note);

/// Signature lines alone; nothing where one is malformed or there is none.
std::optional<std::vector<NoteSignature>> parse_signature_lines(std::string_view lines);

/// What a note of it says before its signatures; an empty line parts the two.
std::string checkpoint_text(const Checkpoint& checkpoint);

/// Nothing for another text than a checkpoint without extension lines.
std::optional<Checkpoint> parse_checkpoint_text(std::string_view text);

/// Of keys, origins and witnesses.
bool is_key_name(std::string_view name);

/// SHA-256(name || 0x0A || type || key)[:4]
Bytes note_key_hash(std::string_view name, NoteKeyType type, const PublicKey& key);

std::string signature_line(const std::string& name, NoteKeyType type, const PublicKey& key,
                           ByteView signature);

}  // namespace ledger
}  // namespace v0
}  // namespace atp
