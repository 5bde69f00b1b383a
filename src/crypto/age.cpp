// SPDX-License-Identifier: Apache-2.0
#include "atp/crypto/age.hpp"

#include <algorithm>
#include <optional>

#include "atp/core/error.hpp"
#include "crypto/age_header.hpp"
#include "crypto/primitives.hpp"

namespace atp {
inline namespace v0 {
namespace age {
namespace {

constexpr std::size_t kSealedChunkSize = kChunkSize + kTagSize;

using ChunkNonce = std::array<std::byte, 12>;

/// Eleven bytes of counter, big-endian, then one that marks the last chunk.
ChunkNonce chunk_nonce(std::uint64_t index, bool last) {
  ChunkNonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[10 - i] = static_cast<std::byte>(index >> (8 * i));
  nonce[11] = last ? std::byte{1} : std::byte{0};
  return nonce;
}

SecretBytes payload_key(const SecretBytes& file_key, ByteView nonce) {
  return crypto::hkdf_sha256(file_key.view(), nonce, as_bytes("payload"), 32);
}

std::optional<SecretBytes> unwrap(const SecretBytes& wrap_key, ByteView wrapped) {
  constexpr ChunkNonce nonce{};
  SecretBytes file_key(kFileKeySize);
  crypto::ChaCha20Poly1305 cipher(wrap_key.view());
  if (!cipher.open(nonce, wrapped, file_key.mutable_view())) return {};
  return file_key;
}

SecretBytes unwrap_with_identities(const Header& header, std::span<const Identity> identities) {
  for (const Identity& identity : identities) {
    for (const X25519Stanza& stanza : header.x25519) {
      const auto shared = crypto::x25519(identity.scalar().view(), stanza.share);
      if (!shared)
        throw Error(ErrorKind::corrupt, "age header", "expected a share of high order, found low");
      const SecretBytes wrap_key = x25519_wrap_key(*shared, stanza.share, identity.recipient());
      if (auto file_key = unwrap(wrap_key, stanza.wrapped)) return *std::move(file_key);
    }
  }
  if (header.hybrid && header.x25519.empty())
    throw Error(ErrorKind::unsupported, "age file",
                "expected an X25519 recipient, found post-quantum ones");
  throw Error(ErrorKind::unauthenticated, "age file", "no identity fits a recipient of the file");
}

SecretBytes unwrap_with_passphrase(const Header& header, const SecretBytes& passphrase,
                                   unsigned max_work_factor) {
  if (!header.scrypt)
    throw Error(ErrorKind::unauthenticated, "age file", "the file is not sealed to a passphrase");
  const ScryptStanza& stanza = *header.scrypt;
  if (stanza.work_factor > max_work_factor)
    throw Error(ErrorKind::unsupported, "age file",
                "expected a work factor of at most " + std::to_string(max_work_factor) +
                    ", found " + std::to_string(stanza.work_factor));
  auto file_key =
      unwrap(scrypt_wrap_key(passphrase, stanza.salt, stanza.work_factor), stanza.wrapped);
  if (!file_key)
    throw Error(ErrorKind::unauthenticated, "age file", "the passphrase does not fit the file");
  return *std::move(file_key);
}

Opened open_payload(ByteView prefix, const Header& header, const SecretBytes& file_key) {
  const Digest mac = header_mac(file_key, header.authenticated);
  if (!crypto::equal_in_constant_time(mac.view(), header.mac))
    throw Error(ErrorKind::corrupt, "age header", "the mac does not fit the header");
  const ByteView rest = prefix.subspan(header.size);
  if (rest.size() < kNonceSize)
    throw Error(
        ErrorKind::corrupt, "age file",
        "expected 16 bytes of nonce after the header, found " + std::to_string(rest.size()));
  return Opened(payload_key(file_key, rest.first(kNonceSize)), header.size + kNonceSize);
}

SecretBytes decrypt_payload(const Opened& opened, ByteView file) {
  ByteView payload = file.subspan(opened.payload_offset());
  SecretBytes plain(plain_size(payload.size()));
  MutableByteView out = plain.mutable_view();
  for (std::uint64_t index = 0; !payload.empty(); ++index) {
    const ByteView chunk = payload.first(std::min(payload.size(), kSealedChunkSize));
    payload = payload.subspan(chunk.size());
    out = out.subspan(opened.open_chunk(index, payload.empty(), chunk, out));
  }
  return plain;
}

SecretBytes new_file_key(Random& random) {
  SecretBytes file_key(kFileKeySize);
  random.fill(file_key.mutable_view());
  return file_key;
}

class BytesSink final : public ByteSink {
 public:
  void write(ByteView more) override { bytes.insert(bytes.end(), more.begin(), more.end()); }
  Bytes bytes;
};

}  // namespace

struct Encryptor::State {
  State(ByteView key, ByteSink& to) : cipher(key), sink(to) {}

  void seal(ByteView chunk, bool last) {
    require_usable();
    usable = false;
    const MutableByteView out = MutableByteView(sealed).first(chunk.size() + kTagSize);
    cipher.seal(chunk_nonce(next++, last), chunk, out);
    sink.write(out);
    usable = !last;
  }

  void require_usable() const {
    if (usable) return;
    throw Error(ErrorKind::precondition_failed, "age file", "it has ended, or a write has failed");
  }

  crypto::ChaCha20Poly1305 cipher;
  ByteSink& sink;
  SecretBytes plain{kChunkSize};
  Bytes sealed = Bytes(kSealedChunkSize);
  std::size_t filled = 0;
  std::uint64_t next = 0;
  bool usable = true;  ///< Not past the end, nor past a sink that threw.
};

Encryptor::Encryptor(std::span<const Recipient> recipients, Random& random, ByteSink& sink) {
  if (recipients.empty())
    throw Error(ErrorKind::invalid_argument, "age file", "expected a recipient, found none");
  const SecretBytes file_key = new_file_key(random);
  const std::string header = write_header(file_key, recipients, random);
  if (header.size() > kHeaderLimit)
    throw Error(ErrorKind::invalid_argument, "age file",
                "expected a header of at most 65536 bytes, found " + std::to_string(header.size()));
  begin(as_bytes(header), file_key, random, sink);
}

Encryptor::Encryptor(const SecretBytes& passphrase, unsigned work_factor, Random& random,
                     ByteSink& sink) {
  const SecretBytes file_key = new_file_key(random);
  begin(as_bytes(write_header(file_key, passphrase, work_factor, random)), file_key, random, sink);
}

void Encryptor::begin(ByteView header, const SecretBytes& file_key, Random& random,
                      ByteSink& sink) {
  std::array<std::byte, kNonceSize> nonce;
  random.fill(nonce);
  state_ = std::make_unique<State>(payload_key(file_key, nonce).view(), sink);
  sink.write(header);
  sink.write(nonce);
}

Encryptor::~Encryptor() = default;

void Encryptor::write(ByteView plain) {
  State& state = *state_;
  state.require_usable();
  // Which chunk is the last is known at `finish` only: a full one waits for a byte after it.
  while (!plain.empty()) {
    if (state.filled == kChunkSize) {
      state.seal(state.plain.view(), false);
      state.filled = 0;
    }
    if (state.filled == 0 && plain.size() > kChunkSize) {
      state.seal(plain.first(kChunkSize), false);
      plain = plain.subspan(kChunkSize);
      continue;
    }
    const std::size_t count = std::min(plain.size(), kChunkSize - state.filled);
    std::ranges::copy(plain.first(count), state.plain.mutable_view().begin() + state.filled);
    state.filled += count;
    plain = plain.subspan(count);
  }
}

void Encryptor::finish() { state_->seal(state_->plain.view().first(state_->filled), true); }

std::size_t Opened::open_chunk(std::uint64_t index, bool last, ByteView sealed,
                               MutableByteView plain) const {
  const std::string subject = "age chunk " + std::to_string(index);
  const bool right_size = last ? sealed.size() >= kTagSize && sealed.size() <= kSealedChunkSize
                               : sealed.size() == kSealedChunkSize;
  if (!right_size)
    throw Error(ErrorKind::corrupt, subject,
                "no such chunk has " + std::to_string(sealed.size()) + " bytes");
  const std::size_t size = sealed.size() - kTagSize;
  if (size == 0 && index != 0)
    throw Error(ErrorKind::corrupt, subject, "expected a last chunk with bytes, found it empty");
  crypto::ChaCha20Poly1305 cipher(payload_key_.view());
  if (!cipher.open(chunk_nonce(index, last), sealed, plain.first(size)))
    throw Error(ErrorKind::corrupt, subject, "the tag does not fit the bytes");
  return size;
}

Opened open_header(ByteView prefix, std::span<const Identity> identities) {
  const Header header = parse_header(prefix);
  return open_payload(prefix, header, unwrap_with_identities(header, identities));
}

std::uint64_t plain_size(std::uint64_t payload_size) {
  const std::uint64_t last = payload_size % kSealedChunkSize;
  const std::uint64_t chunks = payload_size / kSealedChunkSize + (last != 0);
  const bool last_is_short = last != 0 && last < kTagSize;
  const bool last_is_empty = last == kTagSize && chunks > 1;
  if (chunks == 0 || last_is_short || last_is_empty)
    throw Error(ErrorKind::corrupt, "age file",
                "no payload has " + std::to_string(payload_size) + " bytes");
  return payload_size - chunks * kTagSize;
}

Bytes encrypt(ByteView plain, std::span<const Recipient> recipients, Random& random) {
  BytesSink sink;
  Encryptor encryptor(recipients, random, sink);
  encryptor.write(plain);
  encryptor.finish();
  return std::move(sink.bytes);
}

Bytes encrypt_with_passphrase(ByteView plain, const SecretBytes& passphrase, Random& random,
                              unsigned work_factor) {
  BytesSink sink;
  Encryptor encryptor(passphrase, work_factor, random, sink);
  encryptor.write(plain);
  encryptor.finish();
  return std::move(sink.bytes);
}

SecretBytes decrypt(ByteView file, std::span<const Identity> identities) {
  return decrypt_payload(open_header(file, identities), file);
}

SecretBytes decrypt_with_passphrase(ByteView file, const SecretBytes& passphrase,
                                    unsigned max_work_factor) {
  const Header header = parse_header(file);
  const SecretBytes file_key = unwrap_with_passphrase(header, passphrase, max_work_factor);
  return decrypt_payload(open_payload(file, header, file_key), file);
}

}  // namespace age
}  // namespace v0
}  // namespace atp
