// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/cosignature.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "atp/core/error.hpp"
#include "atp/storage/layout.hpp"
#include "ledger/signed_note.hpp"

namespace atp {
inline namespace v0 {
namespace {

using ledger::NoteKeyType;

constexpr std::uint64_t kTerm = 0;
constexpr std::size_t kTimeSize = 8;
constexpr std::size_t kSignatureSize = 64;

Bytes big_endian(std::uint64_t value) {
  Bytes bytes(kTimeSize);
  for (std::size_t i = 0; i < kTimeSize; ++i) {
    bytes[kTimeSize - 1 - i] = static_cast<std::byte>(value >> (8 * i));
  }
  return bytes;
}

std::uint64_t from_big_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (const std::byte each : bytes) value = value << 8 | std::to_integer<std::uint64_t>(each);
  return value;
}

std::string cosigned_message(std::uint64_t seconds, std::string_view text) {
  return "cosignature/v1\ntime " + std::to_string(seconds) + "\n" + std::string(text);
}

/// Nothing for a time beyond what ours holds.
std::optional<Time> time_of(std::uint64_t seconds) {
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(Time::max()).time_since_epoch();
  if (seconds > static_cast<std::uint64_t>(kLast.count())) return std::nullopt;
  return Time(std::chrono::seconds(seconds));
}

std::optional<Cosignature> check(const ledger::NoteSignature& signature, std::string_view text,
                                 const TrustedKey& trusted) {
  if (trusted.role != KeyRole::witness || trusted.name != signature.name ||
      signature.signature.size() != kTimeSize + kSignatureSize ||
      ledger::note_key_hash(trusted.name, NoteKeyType::ed25519_cosignature, trusted.key) !=
          signature.key_hash) {
    return std::nullopt;
  }
  const ByteView bytes(signature.signature);
  const std::uint64_t seconds = from_big_endian(bytes.first(kTimeSize));
  const auto time = time_of(seconds);
  if (!time || !trusted.valid_at(*time) ||
      !trusted.key.verify(as_bytes(cosigned_message(seconds, text)), bytes.subspan(kTimeSize))) {
    return std::nullopt;
  }
  return Cosignature{.witness = trusted.name, .time = *time};
}

void add_earliest(std::vector<Cosignature>& found, const Cosignature& cosignature) {
  const auto known = std::ranges::find(found, cosignature.witness, &Cosignature::witness);
  if (known == found.end()) {
    found.push_back(cosignature);
  } else {
    known->time = std::min(known->time, cosignature.time);
  }
}

}  // namespace

std::string cosign_checkpoint(std::string_view note, const std::string& witness,
                              const Signer& signer, Time now) {
  const auto parsed = ledger::parse_note(note);
  if (!parsed || !ledger::parse_checkpoint_text(parsed->text)) {
    throw Error(ErrorKind::invalid_argument, "checkpoint", "expected a signed note, found another");
  }
  if (!ledger::is_key_name(witness)) {
    throw Error(ErrorKind::invalid_argument, witness, "is no name for a witness");
  }
  if (signer.public_key().algorithm() != KeyAlgorithm::ed25519) {
    throw Error(ErrorKind::unsupported, witness, "checkpoints are cosigned with Ed25519");
  }
  const auto since_epoch = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
  const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(since_epoch.count(), 0));
  Bytes signature = big_endian(seconds);
  const Bytes signed_bytes = signer.sign(as_bytes(cosigned_message(seconds, parsed->text)));
  signature.insert(signature.end(), signed_bytes.begin(), signed_bytes.end());
  return ledger::signature_line(witness, NoteKeyType::ed25519_cosignature, signer.public_key(),
                                signature);
}

std::vector<Cosignature> cosignatures_of(std::string_view note, const TrustPolicy& trust) {
  std::vector<Cosignature> found;
  const auto parsed = ledger::parse_note(note);
  if (!parsed || !ledger::parse_checkpoint_text(parsed->text)) return found;
  for (const ledger::NoteSignature& signature : parsed->signatures) {
    for (const TrustedKey& trusted : trust.keys) {
      if (const auto cosignature = check(signature, parsed->text, trusted)) {
        add_earliest(found, *cosignature);
      }
    }
  }
  std::ranges::sort(found, {}, &Cosignature::witness);
  return found;
}

bool has_quorum(std::span<const Cosignature> cosignatures, const TrustPolicy& trust) {
  return !trust.witnesses || cosignatures.size() >= trust.witnesses->threshold;
}

std::string with_signatures(std::string note, std::string_view lines) {
  const auto more = ledger::parse_signature_lines(lines);
  if (!more) return note;
  for (const ledger::NoteSignature& signature : *more) {
    if (note.find("\n" + std::string(signature.line)) != std::string::npos) continue;
    const std::string longer = note + std::string(signature.line);
    if (ledger::parse_note(longer)) note = longer;
  }
  return note;
}

std::string counting_lines(std::string_view note, std::string_view lines,
                           const TrustPolicy& trust) {
  std::string counting;
  std::set<std::string_view> names;
  const auto parsed = ledger::parse_note(note);
  const auto found = ledger::parse_signature_lines(lines);
  if (!parsed || !found) return counting;
  for (const ledger::NoteSignature& signature : *found) {
    const bool counts = std::ranges::any_of(trust.keys, [&](const TrustedKey& trusted) {
      return check(signature, parsed->text, trusted).has_value();
    });
    if (counts && names.insert(signature.name).second) counting += signature.line;
  }
  return counting;
}

std::string with_stored_cosignatures(ObjectStore& store, const TenantId& tenant, std::uint64_t size,
                                     std::string note, const TrustPolicy& trust) {
  if (!trust.witnesses) return note;
  std::string all;
  std::set<std::string, std::less<>> names;
  for_each_key(store, layout::cosignatures(tenant, kTerm, size), [&](const std::string& key) {
    const auto lines = find_small_object(store, key, kCheckpointLimit);
    const std::string counting = lines ? counting_lines(note, as_text(*lines), trust) : "";
    const auto parsed = ledger::parse_signature_lines(counting);
    if (!parsed) return;
    for (const ledger::NoteSignature& signature : *parsed) {
      if (names.emplace(signature.name).second) all += signature.line;
    }
  });
  return with_signatures(std::move(note), all);
}

}  // namespace v0
}  // namespace atp
