// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/note.hpp"

#include <algorithm>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "ledger/lines.hpp"

namespace atp::inline v0 {
namespace {

using ledger::parse_decimal;
using ledger::take_line;

constexpr std::string_view kSignaturePrefix = "\xE2\x80\x94 ";  // An em dash and a space.
constexpr std::byte kEd25519NoteType{0x01};
constexpr std::size_t kKeyHashSize = 4;
constexpr std::size_t kSignatureLimit = 100;

struct NoteSignature {
  std::string_view name;
  Bytes key_hash;
  Bytes signature;
};

struct Note {
  std::string_view text;  ///< With its final line feed.
  std::vector<NoteSignature> signatures;
};

/// signed-note.md: SHA-256(name || 0x0A || type || key)[:4].
Bytes key_hash(std::string_view name, const PublicKey& key) {
  const std::byte separators[] = {std::byte{'\n'}, kEd25519NoteType};
  const Digest digest =
      Sha256().update(as_bytes(name)).update(separators).update(key.point()).finish();
  return {digest.bytes.begin(), digest.bytes.begin() + kKeyHashSize};
}

bool is_key_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return c > ' ' && c < 0x7F && c != '+'; });
}

std::optional<NoteSignature> parse_signature(std::string_view line) {
  if (!line.starts_with(kSignaturePrefix)) return std::nullopt;
  line.remove_prefix(kSignaturePrefix.size());
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view name = line.substr(0, space);
  const auto bytes = from_base64(line.substr(space + 1));
  if (!is_key_name(name) || !bytes || bytes->size() <= kKeyHashSize) return std::nullopt;
  return NoteSignature{.name = name,
                       .key_hash = {bytes->begin(), bytes->begin() + kKeyHashSize},
                       .signature = {bytes->begin() + kKeyHashSize, bytes->end()}};
}

std::optional<Note> parse_note(std::string_view note) {
  if (note.size() > kCheckpointLimit) return std::nullopt;
  const auto blank = note.find("\n\n");
  if (blank == std::string_view::npos) return std::nullopt;
  Note parsed{.text = note.substr(0, blank + 1), .signatures = {}};
  std::string_view rest = note.substr(blank + 2);
  while (!rest.empty()) {
    const auto line = take_line(rest);
    auto signature = line ? parse_signature(*line) : std::nullopt;
    if (!signature || parsed.signatures.size() == kSignatureLimit) return std::nullopt;
    parsed.signatures.push_back(std::move(*signature));
  }
  if (parsed.signatures.empty()) return std::nullopt;
  return parsed;
}

std::string checkpoint_text(const Checkpoint& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
         to_base64(checkpoint.root.view()) + "\n";
}

std::string signature_line(const std::string& origin, const std::string& text,
                           const Signer& signer) {
  if (signer.public_key().algorithm() != KeyAlgorithm::ed25519) {
    throw Error(ErrorKind::unsupported, origin, "checkpoints are signed with Ed25519");
  }
  Bytes signature = key_hash(origin, signer.public_key());
  const Bytes signed_bytes = signer.sign(as_bytes(text));
  signature.insert(signature.end(), signed_bytes.begin(), signed_bytes.end());
  return std::string(kSignaturePrefix) + origin + " " + to_base64(signature) + "\n";
}

/// The body without extension lines, which we neither write nor accept.
std::optional<Checkpoint> parse_body(std::string_view text) {
  const auto origin = take_line(text);
  const auto size_line = take_line(text);
  const auto root_line = take_line(text);
  if (!origin || !size_line || !root_line || !text.empty() || !is_key_name(*origin)) {
    return std::nullopt;
  }
  const auto size = parse_decimal(*size_line);
  const auto root = from_base64(*root_line);
  if (!size || *size == 0 || !root || root->size() != sizeof(Digest)) return std::nullopt;
  Checkpoint checkpoint{.origin = std::string(*origin), .size = *size, .root = {}};
  std::copy(root->begin(), root->end(), checkpoint.root.bytes.begin());
  return checkpoint;
}

}  // namespace

std::string sign_checkpoint(const Checkpoint& checkpoint, const Signers& signers) {
  if (!is_key_name(checkpoint.origin)) {
    throw Error(ErrorKind::invalid_argument, checkpoint.origin, "is no origin for a checkpoint");
  }
  const std::string text = checkpoint_text(checkpoint);
  std::string note = text + "\n" + signature_line(checkpoint.origin, text, signers.current());
  if (const Signer* replaced = signers.replaced()) {
    note += signature_line(checkpoint.origin, text, *replaced);
  }
  return note;
}

std::optional<Checkpoint> open_checkpoint(std::string_view note, std::span<const PublicKey> keys) {
  const auto parsed = parse_note(note);
  if (!parsed) return std::nullopt;
  auto checkpoint = parse_body(parsed->text);
  if (!checkpoint) return std::nullopt;
  for (const NoteSignature& signature : parsed->signatures) {
    if (signature.name != checkpoint->origin) continue;
    for (const PublicKey& key : keys) {
      if (key.algorithm() != KeyAlgorithm::ed25519) continue;
      if (key_hash(checkpoint->origin, key) != signature.key_hash) continue;
      if (key.verify(as_bytes(parsed->text), signature.signature)) return checkpoint;
    }
  }
  return std::nullopt;
}

std::optional<Checkpoint> parse_checkpoint(std::string_view note) {
  const auto parsed = parse_note(note);
  return parsed ? parse_body(parsed->text) : std::nullopt;
}

}  // namespace atp::inline v0
