// SPDX-License-Identifier: Apache-2.0
/// The text header of an age file (C2SP age.md): what the envelope reads from it and how it writes
/// it. For this layer's sources only.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/crypto/age.hpp"

namespace atp {
inline namespace v0 {
namespace age {

inline constexpr std::size_t kFileKeySize = 16;
inline constexpr std::size_t kWrappedSize = kFileKeySize + kTagSize;

struct X25519Stanza {
  std::array<std::byte, 32> share;
  std::array<std::byte, kWrappedSize> wrapped;
};

struct ScryptStanza {
  Bytes salt;
  unsigned work_factor;  ///< Saturated; the reader sets the limit.
  std::array<std::byte, kWrappedSize> wrapped;
};

struct Header {
  std::vector<X25519Stanza> x25519 = {};
  std::optional<ScryptStanza> scrypt = {};  ///< Then the only stanza.
  bool hybrid = false;                      ///< Has a post-quantum stanza, which we do not open.
  ByteView authenticated;                   ///< Up to and with `---`.
  Bytes mac;
  std::size_t size = 0;
};

/// Throws: corrupt for all that is not canonical; unsupported for another version.
Header parse_header(ByteView prefix);

/// A whole header for `file_key`, with its MAC.
std::string write_header(const SecretBytes& file_key, std::span<const Recipient> recipients,
                         Random& random);
std::string write_header(const SecretBytes& file_key, const SecretBytes& passphrase,
                         unsigned work_factor, Random& random);

Digest header_mac(const SecretBytes& file_key, ByteView authenticated);

/// The key that wraps a file key for whoever knows `passphrase`.
SecretBytes scrypt_wrap_key(const SecretBytes& passphrase, ByteView salt, unsigned work_factor);

/// The key that wraps a file key for the owner of `recipient`.
SecretBytes x25519_wrap_key(const SecretBytes& shared, ByteView share, const Recipient& recipient);

}  // namespace age
}  // namespace v0
}  // namespace atp
