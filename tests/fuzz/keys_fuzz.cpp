// SPDX-License-Identifier: Apache-2.0
// Key files: signing keys, identities, recipients, public keys.
// covers: src/crypto/signer.cpp src/crypto/public_key.cpp src/crypto/age_keys.cpp
// covers: src/crypto/bech32.cpp
#include <string>

#include "atp/crypto/age.hpp"
#include "atp/crypto/signature.hpp"
#include "fuzz.hpp"

using atp::fuzz::parse;
using atp::fuzz::require;

namespace {

void check_signer(atp::ByteView bytes) {
  const atp::SecretBytes pem(bytes);
  const auto signer = atp::signer_from_pem(pem);
  const atp::Bytes signature = signer->sign(bytes);
  require(signer->public_key().verify(bytes, signature), "a signer's signature verifies");
}

void check_public_key(const atp::PublicKey& key, atp::ByteView bytes) {
  require(atp::PublicKey::from_spki(key.spki()) == key, "a public key has one encoding");
  require(!key.verify(bytes, bytes), "no bytes sign themselves");
}

void check_identity(const atp::age::Identity& identity) {
  const atp::SecretBytes text = identity.str();
  require(atp::age::Identity::parse(text.text()).recipient() == identity.recipient(),
          "a printed identity is the identity");
}

void check_recipient(std::string_view text) {
  require(atp::age::Recipient::parse(text).str() == text, "a recipient has one text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const atp::ByteView bytes = atp::fuzz::input(data, size);
  const std::string_view text = atp::as_text(bytes);
  parse([&] { check_signer(bytes); });
  parse([&] { check_public_key(atp::PublicKey::from_spki(bytes), bytes); });
  parse([&] { check_public_key(atp::PublicKey::from_ed25519(bytes), bytes); });
  parse([&] { check_identity(atp::age::Identity::parse(text)); });
  parse([&] { check_identity(atp::age::Identity::parse_file(text)); });
  parse([&] { check_recipient(text); });
  return 0;
}
