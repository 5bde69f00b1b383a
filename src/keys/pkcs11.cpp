// SPDX-License-Identifier: Apache-2.0
#include "atp/keys/pkcs11.hpp"

#include <algorithm>
#include <mutex>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "keys/pkcs11_encoding.hpp"
#include "keys/pkcs11_session.hpp"
#include "keys/secret_files.hpp"

namespace atp {
inline namespace v0 {
namespace {

using pkcs11::Module;
using pkcs11::Session;
using pkcs11::Uri;

// Neither a document nor a note: what signs it has signed nothing that anybody takes.
constexpr std::string_view kProbe = "libatpbackup probes a key in a token";

struct KeyKind {
  KeyAlgorithm algorithm;
  CK_KEY_TYPE type;
  CK_MECHANISM_TYPE mechanism;
  std::size_t point_size;
};

constexpr KeyKind kEd25519{KeyAlgorithm::ed25519, CKK_EC_EDWARDS, CKM_EDDSA, 32};
constexpr KeyKind kEs256{KeyAlgorithm::es256, CKK_EC, CKM_ECDSA, 65};

/// The CKA_EC_PARAMS in use: an object identifier, or the name that PKCS#11 3.0 gives the curve.
struct Curve {
  KeyKind kind;
  std::string_view parameters;
};

constexpr Curve kCurves[] = {
    {kEs256, "06082a8648ce3d030107"},            // 1.2.840.10045.3.1.7
    {kEd25519, "06032b6570"},                    // 1.3.101.112
    {kEd25519, "06092b06010401da470f01"},        // 1.3.6.1.4.1.11591.15.1, of OpenPGP cards
    {kEd25519, "130c656477617264733235353139"},  // edwards25519
};

KeyKind kind_of_key(const Session& session, const std::string& uri) {
  const auto type = session.attribute(session.key(), CKA_KEY_TYPE).value_or(Bytes());
  const auto parameters = session.attribute(session.key(), CKA_EC_PARAMS).value_or(Bytes());
  for (const Curve& curve : kCurves) {
    const ByteView wanted = std::as_bytes(std::span(&curve.kind.type, 1));
    if (std::ranges::equal(type, wanted) && to_hex(parameters) == curve.parameters)
      return curve.kind;
  }
  throw Error(ErrorKind::unsupported, uri, "expected a key of ed25519 or p-256, found another");
}

/// Such a key is of no use to who signs without a human.
void refuse_repeated_login(const Session& session, const std::string& uri) {
  const auto always = session.attribute(session.key(), CKA_ALWAYS_AUTHENTICATE);
  if (always && std::ranges::any_of(*always, [](std::byte each) { return each != std::byte{0}; }))
    throw Error(ErrorKind::unsupported, uri,
                "expected a key for many signatures, found one that wants the pin with each");
}

/// Of the public key beside the private one, else what the private one says of it.
std::optional<Bytes> point_attribute(const Session& session, const KeyKind& kind) {
  const auto id = session.attribute(session.key(), CKA_ID);
  if (id && !id->empty()) {
    const auto beside =
        session.find({CKO_PUBLIC_KEY, kind.type, "", std::string(as_text(*id))}, "public key");
    if (beside) return session.attribute(*beside, CKA_EC_POINT);
  }
  return session.attribute(session.key(), CKA_EC_POINT);
}

PublicKey key_of_point(const KeyKind& kind, ByteView attribute) {
  const ByteView point = pkcs11::ec_point(attribute, kind.point_size).value_or(attribute);
  return kind.algorithm == KeyAlgorithm::ed25519 ? PublicKey::from_ed25519(point)
                                                 : PublicKey::from_p256(point);
}

/// Of whatever algorithm the token says: the probe tells.
PublicKey read_public_key(const Session& session, const KeyKind& kind, const std::string& uri) {
  try {
    if (const auto point = point_attribute(session, kind)) return key_of_point(kind, *point);
    const auto spki = session.attribute(session.key(), CKA_PUBLIC_KEY_INFO);
    if (spki && !spki->empty()) return PublicKey::from_spki(*spki);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_argument) throw;
    throw Error(ErrorKind::corrupt, uri, "public key: " + error.message());
  }
  throw Error(ErrorKind::not_found, uri, "expected the public key in the token, found none");
}

class TokenSigner final : public Signer {
 public:
  TokenSigner(std::string_view uri, const Uri& key, SecretBytes pin)
      : key_(key),
        pin_(std::move(pin)),
        module_(key_.module_path, std::string(uri)),
        session_(std::make_unique<Session>(module_, key_, pin_)),
        kind_(kind_of_key(*session_, module_.subject())),
        public_key_(read_public_key(*session_, kind_, module_.subject())) {
    refuse_repeated_login(*session_, module_.subject());
    const ByteView probe = as_bytes(kProbe);
    if (!public_key_.verify(probe, signature_of(probe)))
      throw Error(ErrorKind::corrupt, module_.subject(),
                  "expected a public key of the private one in the token, found another's");
  }

  const PublicKey& public_key() const override { return public_key_; }

  Bytes sign(ByteView message) const override {
    if (!module_.is_of_this_process())
      throw Error(ErrorKind::unavailable, module_.subject(),
                  "expected the process that opened the token, found a fork of it");
    Bytes signature = signature_of(message);
    if (public_key_.verify(message, signature)) return signature;
    throw Error(ErrorKind::unavailable, module_.subject(),
                "expected a signature of the key in the token, found a faulty one");
  }

 private:
  Bytes signature_of(ByteView message) const {
    if (kind_.algorithm == KeyAlgorithm::ed25519) return token_signature(message);
    const Bytes raw = token_signature(sha256(message).view());
    return pkcs11::ecdsa_der_from_raw(std::span<const std::byte, pkcs11::kSignatureSize>(raw));
  }

  /// Always of `kSignatureSize`.
  Bytes token_signature(ByteView input) const {
    const std::scoped_lock lock(mutex_);
    Bytes signature = sign_in_session(input);
    if (signature.size() == pkcs11::kSignatureSize) return signature;
    throw Error(ErrorKind::unavailable, module_.subject(),
                "expected 64 bytes of a signature, found " + std::to_string(signature.size()));
  }

  /// After any failure the session may be amid something: it is not used again.
  Bytes sign_in_session(ByteView input) const {
    for (bool again = true;; again = false) {
      try {
        if (!session_) reopen();
        return session_->sign(kind_.mechanism, input);
      } catch (const Error& error) {
        session_.reset();
        if (!again || !error.temporary()) throw;
      }
    }
  }

  void reopen() const {
    if (pin_refused_)
      throw Error(ErrorKind::unauthenticated, module_.subject(),
                  "the token refused the pin before: it is not tried again");
    try {
      module_.initialise();
      session_ = std::make_unique<Session>(module_, key_, pin_);
    } catch (const Error& error) {
      pin_refused_ = error.kind() == ErrorKind::unauthenticated;
      throw;
    }
  }

  const Uri key_;
  const SecretBytes pin_;
  const Module module_;
  mutable std::mutex mutex_;  // Of what follows.
  mutable bool pin_refused_ = false;
  mutable std::unique_ptr<Session> session_;
  const KeyKind kind_;
  const PublicKey public_key_;
};

/// Without the line feed that may end it. Nothing where there is more than a line, or none.
std::optional<std::string_view> one_line(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.empty() || text.find_first_of(std::string_view("\n\r\0", 3)) != std::string_view::npos)
    return std::nullopt;
  return text;
}

SecretBytes read_pin(FileSystem& files, const std::string& path) {
  const SecretBytes contents = read_secret_file(files, path);
  const auto pin = one_line(contents.text());
  if (!pin) throw Error(ErrorKind::invalid_argument, path, "expected one line, the pin");
  return SecretBytes(as_bytes(*pin));
}

}  // namespace

std::shared_ptr<const Signer> open_pkcs11_signer(FileSystem& files, std::string_view uri) {
  const Uri key = pkcs11::parse_uri(uri);
  SecretBytes pin;
  if (!key.pin_source.empty()) pin = read_pin(files, key.pin_source);
  return std::make_shared<TokenSigner>(uri, key, std::move(pin));
}

std::shared_ptr<const Signer> load_pkcs11_signer(FileSystem& files, const Path& path) {
  const SecretBytes contents = keys::read_trusted_file(files, path);
  const auto uri = one_line(contents.text());
  if (!uri) throw Error(ErrorKind::invalid_argument, path.string(), "expected one line, a uri");
  return keys::in_file(path, [&] { return open_pkcs11_signer(files, *uri); });
}

}  // namespace v0
}  // namespace atp
