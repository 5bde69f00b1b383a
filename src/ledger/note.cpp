// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/note.hpp"

#include "atp/core/error.hpp"
#include "ledger/signed_note.hpp"

namespace atp {
inline namespace v0 {
namespace {

using ledger::checkpoint_text;
using ledger::NoteKeyType;

std::string signed_line(const std::string& origin, const std::string& text, const Signer& signer) {
  if (signer.public_key().algorithm() != KeyAlgorithm::ed25519) {
    throw Error(ErrorKind::unsupported, origin, "checkpoints are signed with Ed25519");
  }
  return ledger::signature_line(origin, NoteKeyType::ed25519, signer.public_key(),
                                signer.sign(as_bytes(text)));
}

}  // namespace

std::string ledger::checkpoint_text(const Checkpoint& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
         to_base64(checkpoint.root.view()) + "\n";
}

std::string sign_checkpoint(const Checkpoint& checkpoint, const Signers& signers) {
  if (!ledger::is_key_name(checkpoint.origin)) {
    throw Error(ErrorKind::invalid_argument, checkpoint.origin, "is no origin for a checkpoint");
  }
  const std::string text = checkpoint_text(checkpoint);
  std::string note = text + "\n" + signed_line(checkpoint.origin, text, signers.current());
  if (const Signer* replaced = signers.replaced()) {
    note += signed_line(checkpoint.origin, text, *replaced);
  }
  return note;
}

std::optional<Checkpoint> open_checkpoint(std::string_view note, std::span<const PublicKey> keys) {
  const auto parsed = ledger::parse_note(note);
  if (!parsed) return std::nullopt;
  auto checkpoint = ledger::parse_checkpoint_text(parsed->text);
  if (!checkpoint) return std::nullopt;
  for (const ledger::NoteSignature& signature : parsed->signatures) {
    if (signature.name != checkpoint->origin) continue;
    for (const PublicKey& key : keys) {
      if (key.algorithm() != KeyAlgorithm::ed25519) continue;
      if (ledger::note_key_hash(checkpoint->origin, NoteKeyType::ed25519, key) !=
          signature.key_hash) {
        continue;
      }
      if (key.verify(as_bytes(parsed->text), signature.signature)) return checkpoint;
    }
  }
  return std::nullopt;
}

std::optional<Checkpoint> parse_checkpoint(std::string_view note) {
  const auto parsed = ledger::parse_note(note);
  return parsed ? ledger::parse_checkpoint_text(parsed->text) : std::nullopt;
}

}  // namespace v0
}  // namespace atp
