// SPDX-License-Identifier: Apache-2.0
/// What the age envelope is built from, for this layer's sources and tests only. Functions are
/// thread-safe.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "atp/core/bytes.hpp"

struct evp_cipher_ctx_st;

namespace atp {
inline namespace v0 {
namespace crypto {

/// Lets libsodium choose its implementations; every user of libsodium calls it first.
void prepare_sodium();

bool equal_in_constant_time(ByteView a, ByteView b);

/// RFC 7748 on 32-byte strings; nothing where the shared secret is all zeros.
std::optional<SecretBytes> x25519(ByteView scalar, ByteView point);
std::array<std::byte, 32> x25519_base(ByteView scalar);

Digest hmac_sha256(ByteView key, ByteView message);
/// RFC 5869. Throws: invalid_argument for a `size` of 0 or above 255 * 32.
SecretBytes hkdf_sha256(ByteView key, ByteView salt, ByteView info, std::size_t size);

/// RFC 7914 with N = 2^`work_factor`, r = 8, p = 1: 32 bytes. Throws: unavailable.
SecretBytes scrypt(ByteView passphrase, ByteView salt, unsigned work_factor);

/// The AEAD of RFC 8439 under one key. One object belongs to one thread at a time.
class ChaCha20Poly1305 {
 public:
  static constexpr std::size_t kKeySize = 32;
  static constexpr std::size_t kNonceSize = 12;
  static constexpr std::size_t kTagSize = 16;

  /// Throws: invalid_argument where the key is not 32 bytes.
  explicit ChaCha20Poly1305(ByteView key);

  /// Writes cipher text and tag, `plain.size() + kTagSize` bytes. Throws: invalid_argument where
  /// the nonce is not 12 bytes.
  void seal(ByteView nonce, ByteView plain, MutableByteView sealed, ByteView associated = {});
  /// Writes `sealed.size() - kTagSize` bytes; false, and zeros there, where the tag does not fit.
  [[nodiscard]] bool open(ByteView nonce, ByteView sealed, MutableByteView plain,
                          ByteView associated = {});

 private:
  struct FreeContext {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  void start(ByteView nonce, ByteView associated, int encrypt);

  std::unique_ptr<evp_cipher_ctx_st, FreeContext> context_;
};

}  // namespace crypto
}  // namespace v0
}  // namespace atp
