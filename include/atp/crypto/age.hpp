// SPDX-License-Identifier: Apache-2.0
/// The age v1 envelope (C2SP age.md): X25519 recipients, payloads in STREAM chunks of 64 KiB that
/// open alone. What is sealed here opens with the `age` command, and the other way round.
///
/// A wrong or missing identity is `unauthenticated`; damaged bytes are `corrupt`.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/core/random.hpp"
#include "atp/core/stream.hpp"

namespace atp {
inline namespace v0 {
namespace age {

inline constexpr std::size_t kChunkSize = 65536;  ///< Plain bytes of every chunk but the last.
inline constexpr std::size_t kTagSize = 16;
inline constexpr std::size_t kNonceSize = 16;  ///< Between header and first chunk.
inline constexpr std::size_t kHeaderLimit = 65536;

/// An X25519 public key.
class ATP_EXPORT Recipient {
 public:
  /// `age1...`, lower case. Throws: invalid_argument.
  static Recipient parse(std::string_view text);
  explicit Recipient(std::array<std::byte, 32> point) : point_(point) {}
  std::string str() const;
  const std::array<std::byte, 32>& point() const { return point_; }
  bool operator==(const Recipient&) const = default;

 private:
  std::array<std::byte, 32> point_;
};

/// An X25519 private key. Move-only.
class ATP_EXPORT Identity {
 public:
  /// `AGE-SECRET-KEY-1...`. Throws: invalid_argument, unsupported for a post-quantum one; the
  /// message never holds the key.
  static Identity parse(std::string_view text);
  static Identity generate(Random& random);
  /// The one identity in a file as `age-keygen` writes it: comments, blank lines, one key.
  /// Throws: invalid_argument, unsupported.
  static Identity parse_file(std::string_view contents);

  /// The text form, without a line feed.
  SecretBytes str() const;
  /// What `parse_file` and `age -i` take: the text form and a line feed.
  SecretBytes file() const;
  const Recipient& recipient() const { return recipient_; }
  const SecretBytes& scalar() const { return scalar_; }
  Identity clone() const { return Identity(scalar_.clone(), recipient_); }

 private:
  explicit Identity(SecretBytes scalar);
  Identity(SecretBytes scalar, const Recipient& recipient)
      : scalar_(std::move(scalar)), recipient_(recipient) {}

  SecretBytes scalar_;
  Recipient recipient_;
};

/// Encrypts a stream. Chunks go to `sink` as they fill; nothing is complete before `finish`.
class ATP_EXPORT Encryptor {
 public:
  /// Writes the header. `recipients` must not be empty.
  Encryptor(std::span<const Recipient> recipients, Random& random, ByteSink& sink);
  /// For whoever knows `passphrase`; a work factor of n takes 2^n KiB of memory.
  Encryptor(const SecretBytes& passphrase, unsigned work_factor, Random& random, ByteSink& sink);
  ~Encryptor();
  Encryptor(const Encryptor&) = delete;
  Encryptor& operator=(const Encryptor&) = delete;

  void write(ByteView plain);
  void finish();

 private:
  void begin(ByteView header, const SecretBytes& file_key, Random& random, ByteSink& sink);

  struct State;
  std::unique_ptr<State> state_;
};

/// A header opened with an identity: decrypts any chunk of the payload alone. Thread-safe.
class ATP_EXPORT Opened {
 public:
  /// Bytes from the start of the file to the first chunk (header and nonce).
  std::uint64_t payload_offset() const { return payload_offset_; }
  /// Decrypts chunk `index`; `sealed` is the stored chunk with its tag; `last` says whether it
  /// must be the final one. Returns the plain size, written to `plain`, which may not overlap
  /// `sealed` and is at least `sealed.size() - kTagSize` long. Throws: corrupt.
  std::size_t open_chunk(std::uint64_t index, bool last, ByteView sealed,
                         MutableByteView plain) const;

  Opened(SecretBytes payload_key, std::uint64_t payload_offset)
      : payload_key_(std::move(payload_key)), payload_offset_(payload_offset) {}

 private:
  SecretBytes payload_key_;
  std::uint64_t payload_offset_;
};

/// Opens the header at the start of `prefix`, which holds it and the nonce whole (the first
/// `kHeaderLimit + kNonceSize` bytes of a file always do) and may go on. The header's MAC is
/// checked. Throws: unauthenticated where no identity fits, corrupt, unsupported.
ATP_EXPORT Opened open_header(ByteView prefix, std::span<const Identity> identities);

/// The size of the plain text of a payload (all chunks) of `payload_size` bytes. Throws: corrupt
/// for a size that no payload has.
ATP_EXPORT std::uint64_t plain_size(std::uint64_t payload_size);

/// Small files, whole.
ATP_EXPORT Bytes encrypt(ByteView plain, std::span<const Recipient> recipients, Random& random);
/// Throws: unauthenticated, corrupt, unsupported.
ATP_EXPORT SecretBytes decrypt(ByteView file, std::span<const Identity> identities);
/// What `age -d` opens with the passphrase.
ATP_EXPORT Bytes encrypt_with_passphrase(ByteView plain, const SecretBytes& passphrase,
                                         Random& random, unsigned work_factor = 18);
/// A file that `age -p` sealed. A work factor of n takes 2^n KiB of memory; `age -p` uses 18.
/// Throws: unauthenticated, corrupt, unsupported above `max_work_factor`.
ATP_EXPORT SecretBytes decrypt_with_passphrase(ByteView file, const SecretBytes& passphrase,
                                               unsigned max_work_factor = 20);

}  // namespace age
}  // namespace v0
}  // namespace atp
