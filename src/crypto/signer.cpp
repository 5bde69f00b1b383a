// SPDX-License-Identifier: Apache-2.0
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>

#include <algorithm>

#include "atp/crypto/signature.hpp"
#include "crypto/openssl.hpp"
#include "crypto/primitives.hpp"

namespace atp {
inline namespace v0 {
namespace {

using crypto::data;
using crypto::der_of;
using crypto::Owned;
using crypto::require_openssl;
using OwnedKey = Owned<EVP_PKEY, EVP_PKEY_free>;

constexpr std::size_t kPemLimit = 65536;
constexpr std::string_view kPemBegin = "-----BEGIN PRIVATE KEY-----\n";
constexpr std::string_view kPemEnd = "\n-----END PRIVATE KEY-----\n";
// RFC 8410, section 7: a PKCS#8 structure up to the 32 bytes of the seed.
constexpr std::array<unsigned char, 16> kPkcs8Prefix = {
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

[[noreturn]] void refuse_pem(const char* message) {
  ERR_clear_error();
  throw Error(ErrorKind::invalid_argument, "private key", message);
}

class Ed25519Signer final : public Signer {
 public:
  static std::shared_ptr<const Signer> from_seed(const SecretBytes& seed) {
    crypto::prepare_sodium();
    SecretBytes secret(crypto_sign_SECRETKEYBYTES);
    std::array<std::byte, crypto_sign_PUBLICKEYBYTES> point;
    crypto_sign_seed_keypair(data(MutableByteView(point)), data(secret.mutable_view()),
                             data(seed.view()));
    return std::make_shared<Ed25519Signer>(PublicKey::from_ed25519(point), std::move(secret));
  }

  Ed25519Signer(PublicKey public_key, SecretBytes secret)
      : public_key_(std::move(public_key)), secret_(std::move(secret)) {}

  const PublicKey& public_key() const override { return public_key_; }

  Bytes sign(ByteView message) const override {
    Bytes signature(crypto_sign_BYTES);
    crypto_sign_detached(data(MutableByteView(signature)), nullptr, data(message), message.size(),
                         data(secret_.view()));
    return signature;
  }

 private:
  PublicKey public_key_;
  SecretBytes secret_;
};

class Es256Signer final : public Signer {
 public:
  Es256Signer(PublicKey public_key, OwnedKey key)
      : public_key_(std::move(public_key)), key_(std::move(key)) {}

  const PublicKey& public_key() const override { return public_key_; }

  Bytes sign(ByteView message) const override {
    const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
    Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())));
    std::size_t size = signature.size();
    require_openssl(
        context &&
            EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
            EVP_DigestSign(context.get(), data(MutableByteView(signature)), &size, data(message),
                           message.size()) == 1,
        "es256 signature");
    signature.resize(size);
    return signature;
  }

 private:
  PublicKey public_key_;
  OwnedKey key_;
};

int refuse_passphrase(char*, int, int, void*) { return -1; }

/// The DER between the lines of a `PRIVATE KEY` block.
SecretBytes pkcs8_of(const SecretBytes& pem) {
  if (pem.empty() || pem.size() > kPemLimit)
    refuse_pem("expected pem of at most 64 KiB, found nothing or more");
  const Owned<BIO, BIO_free> input(
      BIO_new_mem_buf(pem.view().data(), static_cast<int>(pem.size())));
  require_openssl(input != nullptr, "private key");
  unsigned char* der = nullptr;
  long size = 0;
  if (PEM_bytes_read_bio_secmem(&der, &size, nullptr, PEM_STRING_PKCS8INF, input.get(),
                                refuse_passphrase, nullptr) != 1)
    refuse_pem("expected an unencrypted pkcs#8 key in pem");
  SecretBytes copy(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
  OPENSSL_secure_clear_free(der, static_cast<std::size_t>(size));
  return copy;
}

OwnedKey load_pkcs8(const SecretBytes& der) {
  const unsigned char* cursor = data(der.view());
  const unsigned char* end = cursor + der.size();
  const Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &cursor, static_cast<long>(der.size())));
  if (!info || cursor != end) refuse_pem("expected one pkcs#8 structure");
  OwnedKey key(EVP_PKCS82PKEY(info.get()));
  if (!key) refuse_pem("expected an ed25519 or p-256 key");
  return key;
}

std::shared_ptr<const Signer> ed25519_signer(const EVP_PKEY* key) {
  SecretBytes seed(crypto_sign_SEEDBYTES);
  std::size_t size = seed.size();
  require_openssl(EVP_PKEY_get_raw_private_key(key, data(seed.mutable_view()), &size) == 1 &&
                      size == seed.size(),
                  "ed25519 key");
  return Ed25519Signer::from_seed(seed);
}

std::shared_ptr<const Signer> es256_signer(OwnedKey key) {
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!context || EVP_PKEY_check(context.get()) != 1)
    refuse_pem("expected a private and a public half that belong together");
  const Bytes spki = der_of(i2d_PUBKEY, key.get());
  require_openssl(!spki.empty(), "es256 key");
  return std::make_shared<Es256Signer>(PublicKey::from_spki(spki), std::move(key));
}

}  // namespace

SecretBytes generate_ed25519_pem(Random& random) {
  SecretBytes der(kPkcs8Prefix.size() + crypto_sign_SEEDBYTES);
  std::ranges::copy(std::as_bytes(std::span(kPkcs8Prefix)), der.mutable_view().begin());
  random.fill(der.mutable_view().last(crypto_sign_SEEDBYTES));

  SecretBytes base64(sodium_base64_ENCODED_LEN(der.size(), sodium_base64_VARIANT_ORIGINAL));
  sodium_bin2base64(reinterpret_cast<char*>(base64.mutable_view().data()), base64.size(),
                    data(der.view()), der.size(), sodium_base64_VARIANT_ORIGINAL);
  const ByteView line = base64.view().first(base64.size() - 1);

  SecretBytes pem(kPemBegin.size() + line.size() + kPemEnd.size());
  auto out = std::ranges::copy(as_bytes(kPemBegin), pem.mutable_view().begin()).out;
  out = std::ranges::copy(line, out).out;
  std::ranges::copy(as_bytes(kPemEnd), out);
  return pem;
}

std::shared_ptr<const Signer> signer_from_pem(const SecretBytes& pem) {
  OwnedKey key = load_pkcs8(pkcs8_of(pem));
  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_ED25519:
      return ed25519_signer(key.get());
    case EVP_PKEY_EC:
      return es256_signer(std::move(key));
    default:
      refuse_pem("expected an ed25519 or p-256 key");
  }
}

}  // namespace v0
}  // namespace atp
