// SPDX-License-Identifier: Apache-2.0
/// Public keys that verify and signers that sign: Ed25519 (RFC 8032) and ES256 (ECDSA P-256 with
/// SHA-256, ASN.1 DER signatures). Values and signers are thread-safe.
#pragma once

#include <memory>
#include <string>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/core/random.hpp"

namespace atp {
inline namespace v0 {

enum class KeyAlgorithm { ed25519, es256 };

/// `Ed25519` or `ES256`, as trust policies spell it.
ATP_EXPORT std::string_view to_string(KeyAlgorithm algorithm);

/// A public key; its algorithm is its own and never a document's to choose.
class ATP_EXPORT PublicKey {
 public:
  /// From a DER SubjectPublicKeyInfo (RFC 5280; RFC 8410 for Ed25519) in its one encoding.
  /// Refuses Ed25519 points that are not of prime order (low order among them) or not canonically
  /// encoded, P-256 points compressed or off the curve.
  /// Throws: invalid_argument.
  static PublicKey from_spki(ByteView der);
  /// From a `PUBLIC KEY` block of PEM (RFC 7468), as `openssl pkey -pubout` prints it; the same are
  /// refused. Throws: invalid_argument.
  static PublicKey from_pem(std::string_view pem);
  /// From the 32 bytes of an Ed25519 point; refuses the same points. Throws: invalid_argument.
  static PublicKey from_ed25519(ByteView point);
  /// From the 65 bytes of an uncompressed point on P-256. Throws: invalid_argument.
  static PublicKey from_p256(ByteView point);

  KeyAlgorithm algorithm() const { return algorithm_; }
  ByteView spki() const { return spki_; }
  /// The 32 bytes of an Ed25519 point, the 65 of an uncompressed P-256 point.
  ByteView point() const { return point_; }
  /// SHA-256 of the SubjectPublicKeyInfo, as 64 hexadecimal digits.
  const std::string& id() const { return id_; }

  /// False for every malformed signature, too. Ed25519: no S of L or more, no low-order R.
  bool verify(ByteView message, ByteView signature) const;

  bool operator==(const PublicKey& other) const { return spki_ == other.spki_; }

 private:
  PublicKey(KeyAlgorithm algorithm, Bytes spki, Bytes point);

  KeyAlgorithm algorithm_;
  Bytes spki_;
  Bytes point_;
  std::string id_;
};

class ATP_EXPORT Signer {
 public:
  virtual ~Signer() = default;
  virtual const PublicKey& public_key() const = 0;
  /// Ed25519: 64 bytes. ES256: ASN.1 DER. Throws: unavailable.
  virtual Bytes sign(ByteView message) const = 0;
};

/// Who signs in a role: one, and while keys overlap also the one it replaces, so that verifiers who
/// know either believe it. Refers to them.
class Signers {
 public:
  Signers(const Signer& current, const Signer* replaced = nullptr)  // NOLINT: one is the rule.
      : current_(&current), replaced_(replaced) {}
  const Signer& current() const { return *current_; }
  /// Null unless keys overlap.
  const Signer* replaced() const { return replaced_; }

 private:
  const Signer* current_;
  const Signer* replaced_;
};

/// A fresh Ed25519 private key as unencrypted PKCS#8 PEM, as `openssl pkey` reads it.
ATP_EXPORT SecretBytes generate_ed25519_pem(Random& random);

/// From an unencrypted PKCS#8 PEM private key, Ed25519 or P-256. Throws: invalid_argument;
/// the message never holds a byte of the key.
ATP_EXPORT std::shared_ptr<const Signer> signer_from_pem(const SecretBytes& pem);

}  // namespace v0
}  // namespace atp
