// SPDX-License-Identifier: Apache-2.0
#include "ledger/signed_note.hpp"

#include <algorithm>

#include "atp/crypto/sha256.hpp"
#include "ledger/lines.hpp"

namespace atp {
inline namespace v0 {
namespace ledger {
namespace {

constexpr std::string_view kSignaturePrefix = "\xE2\x80\x94 ";  // An em dash and a space.
constexpr std::size_t kKeyHashSize = 4;
constexpr std::size_t kSignatureLimit = 100;

std::optional<NoteSignature> parse_signature(std::string_view whole) {
  std::string_view line = whole;
  if (!line.starts_with(kSignaturePrefix)) return std::nullopt;
  line.remove_prefix(kSignaturePrefix.size());
  line.remove_suffix(1);
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view name = line.substr(0, space);
  const auto bytes = from_base64(line.substr(space + 1));
  if (!is_key_name(name) || !bytes || bytes->size() <= kKeyHashSize) return std::nullopt;
  return NoteSignature{.name = name,
                       .key_hash = {bytes->begin(), bytes->begin() + kKeyHashSize},
                       .signature = {bytes->begin() + kKeyHashSize, bytes->end()},
                       .line = whole};
}

}  // namespace

bool is_key_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return c > ' ' && c < 0x7F && c != '+'; });
}

Bytes note_key_hash(std::string_view name, NoteKeyType type, const PublicKey& key) {
  const std::byte separators[] = {std::byte{'\n'}, static_cast<std::byte>(type)};
  const Digest digest =
      Sha256().update(as_bytes(name)).update(separators).update(key.point()).finish();
  return {digest.bytes.begin(), digest.bytes.begin() + kKeyHashSize};
}

std::string signature_line(const std::string& name, NoteKeyType type, const PublicKey& key,
                           ByteView signature) {
  Bytes bytes = note_key_hash(name, type, key);
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return std::string(kSignaturePrefix) + name + " " + to_base64(bytes) + "\n";
}

std::optional<std::vector<NoteSignature>> parse_signature_lines(std::string_view lines) {
  std::vector<NoteSignature> signatures;
  while (!lines.empty()) {
    const std::string_view from = lines;
    const auto line = take_line(lines);
    auto signature = line ? parse_signature(from.substr(0, line->size() + 1)) : std::nullopt;
    if (!signature || signatures.size() == kSignatureLimit) return std::nullopt;
    signatures.push_back(std::move(*signature));
  }
  if (signatures.empty()) return std::nullopt;
  return signatures;
}

std::optional<Note> parse_note(std::string_view note) {
  if (note.size() > kCheckpointLimit) return std::nullopt;
  const auto blank = note.find("\n\n");
  if (blank == std::string_view::npos) return std::nullopt;
  auto signatures = parse_signature_lines(note.substr(blank + 2));
  if (!signatures) return std::nullopt;
  return Note{.text = note.substr(0, blank + 1), .signatures = std::move(*signatures)};
}

std::optional<Checkpoint> parse_checkpoint_text(std::string_view text) {
  const auto origin = take_line(text);
  const auto size_line = take_line(text);
  const auto root_line = take_line(text);
  if (!origin || !size_line || !root_line || !text.empty() || !is_key_name(*origin)) {
    return std::nullopt;
  }
  const auto size = parse_decimal(*size_line);
  const auto root = from_base64(*root_line);
  if (!size || *size == 0 || !root || root->size() != sizeof(Digest)) return std::nullopt;
  Checkpoint checkpoint{.origin = std::string(*origin), .size = *size};
  std::copy(root->begin(), root->end(), checkpoint.root.bytes.begin());
  return checkpoint;
}

}  // namespace ledger
}  // namespace v0
}  // namespace atp
