// SPDX-License-Identifier: Apache-2.0
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sodium.h>

#include <algorithm>

#include "atp/crypto/sha256.hpp"
#include "atp/crypto/signature.hpp"
#include "crypto/openssl.hpp"
#include "crypto/primitives.hpp"

namespace atp {
inline namespace v0 {
namespace {

using crypto::data;
using crypto::Owned;
using OwnedKey = Owned<EVP_PKEY, EVP_PKEY_free>;

// A SubjectPublicKeyInfo in DER up to the point: each algorithm has one only, since P-256 is taken
// as a named curve and uncompressed.
constexpr std::array<unsigned char, 12> kEd25519Prefix = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                          0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
constexpr std::array<unsigned char, 26> kEs256Prefix = {
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
constexpr std::size_t kEd25519PointSize = 32;
constexpr std::size_t kEs256PointSize = 65;
constexpr std::byte kUncompressed{4};

[[noreturn]] void refuse_key(const std::string& message) {
  throw Error(ErrorKind::invalid_argument, "public key", message);
}

OwnedKey load_spki(ByteView spki) {
  const unsigned char* cursor = data(spki);
  OwnedKey key(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(spki.size())));
  ERR_clear_error();
  return key;
}

/// The point, where `der` is `prefix` and as many bytes as a point has.
template <std::size_t N>
std::optional<ByteView> point_after(const std::array<unsigned char, N>& prefix, std::size_t size,
                                    ByteView der) {
  const ByteView head = std::as_bytes(std::span(prefix));
  if (der.size() != N + size || !std::ranges::equal(der.first(N), head)) return {};
  return der.subspan(N);
}

Bytes spki_of(std::span<const unsigned char> prefix, ByteView point) {
  const ByteView head = std::as_bytes(prefix);
  Bytes spki(head.begin(), head.end());
  spki.insert(spki.end(), point.begin(), point.end());
  return spki;
}

void check_ed25519_point(ByteView point) {
  if (point.size() != kEd25519PointSize)
    refuse_key("expected 32 bytes of an ed25519 point, found " + std::to_string(point.size()));
  crypto::prepare_sodium();
  if (crypto_core_ed25519_is_valid_point(data(point)) != 1)
    refuse_key("expected a canonical ed25519 point of prime order, found another");
}

bool verify_ed25519(ByteView point, ByteView message, ByteView signature) {
  if (signature.size() != crypto_sign_BYTES) return false;
  crypto::prepare_sodium();
  return crypto_sign_verify_detached(data(signature), data(message), message.size(), data(point)) ==
         0;
}

bool verify_es256(ByteView spki, ByteView message, ByteView signature) {
  const OwnedKey key = load_spki(spki);
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  crypto::require_openssl(
      key && context &&
          EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1,
      "es256 verification");
  const bool valid = EVP_DigestVerify(context.get(), data(signature), signature.size(),
                                      data(message), message.size()) == 1;
  ERR_clear_error();
  return valid;
}

}  // namespace

std::string_view to_string(KeyAlgorithm algorithm) {
  return algorithm == KeyAlgorithm::ed25519 ? "Ed25519" : "ES256";
}

PublicKey::PublicKey(KeyAlgorithm algorithm, Bytes spki, Bytes point)
    : algorithm_(algorithm),
      spki_(std::move(spki)),
      point_(std::move(point)),
      id_(sha256(spki_).hex()) {}

PublicKey PublicKey::from_spki(ByteView der) {
  if (const auto point = point_after(kEd25519Prefix, kEd25519PointSize, der))
    return from_ed25519(*point);
  const auto point = point_after(kEs256Prefix, kEs256PointSize, der);
  if (!point || point->front() != kUncompressed)
    refuse_key("expected der of an ed25519 key or of an uncompressed p-256 one, found " +
               std::to_string(der.size()) + " other bytes");
  if (!load_spki(der)) refuse_key("expected a point on p-256, found another");
  return PublicKey(KeyAlgorithm::es256, Bytes(der.begin(), der.end()),
                   Bytes(point->begin(), point->end()));
}

PublicKey PublicKey::from_pem(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----\n";
  constexpr std::string_view kEnd = "-----END PUBLIC KEY-----\n";
  std::optional<Bytes> der;
  if (pem.starts_with(kBegin) && pem.ends_with(kEnd) && pem.size() >= kBegin.size() + kEnd.size()) {
    std::string base64(pem.substr(kBegin.size(), pem.size() - kBegin.size() - kEnd.size()));
    std::erase(base64, '\n');
    der = from_base64(base64);
  }
  if (!der) refuse_key("expected one PUBLIC KEY block of pem and nothing else");
  return from_spki(*der);
}

PublicKey PublicKey::from_ed25519(ByteView point) {
  check_ed25519_point(point);
  return PublicKey(KeyAlgorithm::ed25519, spki_of(kEd25519Prefix, point),
                   Bytes(point.begin(), point.end()));
}

PublicKey PublicKey::from_p256(ByteView point) { return from_spki(spki_of(kEs256Prefix, point)); }

bool PublicKey::verify(ByteView message, ByteView signature) const {
  return algorithm_ == KeyAlgorithm::ed25519 ? verify_ed25519(point_, message, signature)
                                             : verify_es256(spki_, message, signature);
}

}  // namespace v0
}  // namespace atp
