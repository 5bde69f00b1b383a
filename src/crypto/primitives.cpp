// SPDX-License-Identifier: Apache-2.0
#include "crypto/primitives.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sodium.h>

#include <algorithm>
#include <limits>

#include "crypto/openssl.hpp"

namespace atp {
inline namespace v0 {
namespace crypto {
namespace {

constexpr std::size_t kHkdfLimit = 255 * 32;

void require_size(ByteView bytes, std::size_t size, const char* what) {
  if (bytes.size() == size) return;
  throw Error(ErrorKind::invalid_argument, what,
              "expected " + std::to_string(size) + " bytes, found " + std::to_string(bytes.size()));
}

/// OpenSSL takes no null pointer, not even for nothing.
ByteView never_null(ByteView bytes) {
  static constexpr std::byte nothing{};
  return bytes.data() ? bytes : ByteView(&nothing, 0);
}

OSSL_PARAM octets(const char* name, ByteView bytes) {
  const ByteView value = never_null(bytes);
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::byte*>(value.data()),
                                           value.size());
}

int int_size(ByteView bytes) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw Error(ErrorKind::invalid_argument, "cryptography", "expected less than 2 GiB at once");
  return static_cast<int>(bytes.size());
}

}  // namespace

void prepare_sodium() {
  static const int result = sodium_init();
  if (result < 0) throw Error(ErrorKind::unavailable, "libsodium", "sodium_init failed");
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<SecretBytes> x25519(ByteView scalar, ByteView point) {
  require_size(scalar, crypto_scalarmult_SCALARBYTES, "x25519 scalar");
  require_size(point, crypto_scalarmult_BYTES, "x25519 point");
  prepare_sodium();
  SecretBytes shared(crypto_scalarmult_BYTES);
  if (crypto_scalarmult(data(shared.mutable_view()), data(scalar), data(point)) != 0) return {};
  return shared;
}

std::array<std::byte, 32> x25519_base(ByteView scalar) {
  require_size(scalar, crypto_scalarmult_SCALARBYTES, "x25519 scalar");
  prepare_sodium();
  std::array<std::byte, 32> point;
  crypto_scalarmult_base(data(MutableByteView(point)), data(scalar));
  return point;
}

Digest hmac_sha256(ByteView key, ByteView message) {
  Digest digest;
  require_openssl(HMAC(EVP_sha256(), never_null(key).data(), int_size(key), data(message),
                       message.size(), data(MutableByteView(digest.bytes)), nullptr),
                  "hmac");
  return digest;
}

SecretBytes hkdf_sha256(ByteView key, ByteView salt, ByteView info, std::size_t size) {
  if (size == 0 || size > kHkdfLimit)
    throw Error(ErrorKind::invalid_argument, "hkdf",
                "expected a size of 1 to 8160, found " + std::to_string(size));
  const Owned<EVP_KDF, EVP_KDF_free> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  require_openssl(kdf != nullptr, "hkdf");
  const Owned<EVP_KDF_CTX, EVP_KDF_CTX_free> context(EVP_KDF_CTX_new(kdf.get()));
  require_openssl(context != nullptr, "hkdf");
  char sha256[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256, 0),
      octets(OSSL_KDF_PARAM_KEY, key), octets(OSSL_KDF_PARAM_SALT, salt),
      octets(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
  SecretBytes derived(size);
  require_openssl(
      EVP_KDF_derive(context.get(), data(derived.mutable_view()), size, parameters) == 1, "hkdf");
  return derived;
}

SecretBytes scrypt(ByteView passphrase, ByteView salt, unsigned work_factor) {
  constexpr std::uint64_t r = 8;
  const std::uint64_t n = std::uint64_t{1} << work_factor;
  const std::uint64_t memory = 128 * r * (n + 8);
  SecretBytes key(32);
  require_openssl(EVP_PBE_scrypt(reinterpret_cast<const char*>(never_null(passphrase).data()),
                                 passphrase.size(), data(salt), salt.size(), n, r, 1, memory,
                                 data(key.mutable_view()), key.size()) == 1,
                  "scrypt");
  return key;
}

void ChaCha20Poly1305::FreeContext::operator()(evp_cipher_ctx_st* context) const {
  EVP_CIPHER_CTX_free(context);
}

ChaCha20Poly1305::ChaCha20Poly1305(ByteView key) : context_(EVP_CIPHER_CTX_new()) {
  require_size(key, kKeySize, "chacha20-poly1305 key");
  require_openssl(context_ && EVP_CipherInit_ex(context_.get(), EVP_chacha20_poly1305(), nullptr,
                                                data(key), nullptr, 1) == 1,
                  "chacha20-poly1305");
}

void ChaCha20Poly1305::start(ByteView nonce, ByteView associated, int encrypt) {
  require_size(nonce, kNonceSize, "chacha20-poly1305 nonce");
  int written = 0;
  require_openssl(
      EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, data(nonce), encrypt) == 1 &&
          (associated.empty() || EVP_CipherUpdate(context_.get(), nullptr, &written,
                                                  data(associated), int_size(associated)) == 1),
      "chacha20-poly1305");
}

void ChaCha20Poly1305::seal(ByteView nonce, ByteView plain, MutableByteView sealed,
                            ByteView associated) {
  require_size(sealed, plain.size() + kTagSize, "chacha20-poly1305 output");
  start(nonce, associated, 1);
  const MutableByteView tag = sealed.last(kTagSize);
  int written = 0;
  require_openssl(
      (plain.empty() || EVP_CipherUpdate(context_.get(), data(sealed), &written, data(plain),
                                         int_size(plain)) == 1) &&
          EVP_CipherFinal_ex(context_.get(), data(tag), &written) == 1 &&
          EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, tag.data()) == 1,
      "chacha20-poly1305");
}

bool ChaCha20Poly1305::open(ByteView nonce, ByteView sealed, MutableByteView plain,
                            ByteView associated) {
  if (sealed.size() < kTagSize) return false;
  const ByteView cipher_text = sealed.first(sealed.size() - kTagSize);
  require_size(plain, cipher_text.size(), "chacha20-poly1305 output");
  start(nonce, associated, 0);
  std::array<std::byte, kTagSize> tag;
  std::ranges::copy(sealed.last(kTagSize), tag.begin());
  int written = 0;
  require_openssl(
      EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1 &&
          (cipher_text.empty() || EVP_CipherUpdate(context_.get(), data(plain), &written,
                                                   data(cipher_text), int_size(cipher_text)) == 1),
      "chacha20-poly1305");
  std::byte nothing;
  if (EVP_CipherFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(&nothing), &written) == 1)
    return true;
  ERR_clear_error();
  wipe(plain);
  return false;
}

}  // namespace crypto
}  // namespace v0
}  // namespace atp
