// SPDX-License-Identifier: Apache-2.0
#include "atp/crypto/signature.hpp"

#include <algorithm>

#include "atp/crypto/sha256.hpp"
#include "crypto/wycheproof.hpp"

namespace atp {
namespace {

using test::error_kind;
using test::for_each_case;
using test::hex;
using test::hex_at;
using test::is_valid;

// Made with `openssl genpkey` for this test; they sign nothing else.
constexpr std::string_view kEs256Pem = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJ5nVgL3kohYDnVvY
KhLG+7HpecaTpiu3xe8allW1pkmhRANCAAQRfoQql84Mmc3koQDt3EfA8Q4FM9xh
XOF7POH4YToC2g3OnH4GnoJKdQhLXVXzBdS/JerP5FDeBFTisRFL2os2
-----END PRIVATE KEY-----
)";
constexpr std::string_view kSec1Pem = R"(-----BEGIN EC PRIVATE KEY-----
MHcCAQEEICeZ1YC95KIWA51b2CoSxvux6XnGk6Yrt8XvGpZVtaZJoAoGCCqGSM49
AwEHoUQDQgAEEX6EKpfODJnN5KEA7dxHwPEOBTPcYVzhezzh+GE6AtoNzpx+Bp6C
SnUIS11V8wXUvyXqz+RQ3gRU4rERS9qLNg==
-----END EC PRIVATE KEY-----
)";
constexpr std::string_view kP384Pem = R"(-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBHM8Xutc83F2FWVvo1
6GcosoRQHj9JbWtcaThwNXDh1RvTSscElrfNDTAdG3qJ7W6hZANiAAQB7CEeBolp
9LvwdGuKRsx6xrWVRwiawxkIraQV/pDb90+6JZKTdljEauU1gFbxIcn0nsLc4myT
4hBbHChtPMyTR9+KAv0lzu3uqwC1Hk1gGKAPDIZcRWdPFILmfRYf6+Y=
-----END PRIVATE KEY-----
)";
constexpr std::string_view kEncryptedPem = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiM9Xu1nJksEQICA+gw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEENV2IaOIOTgndQSRVJJfdOAEgZC+
UjQLd5d/q2G+NZSJwbjXxdNUpN6d74n4oNYntBCDeUKpefMtKyiyZXg9MgJubirs
cdc5cge520JeT6N/BYKSZncualLlh8LwkefRr7e4EiHeH0Ew0dI6tTKF8DPiT6+X
wmwSad4aq8krF4nAgR857atM6jB6vyfnt5dIzfBnZwo/7PuG2Gr/9HsMofcRASk=
-----END ENCRYPTED PRIVATE KEY-----
)";

SecretBytes secret(std::string_view text) { return SecretBytes(as_bytes(text)); }

std::optional<ErrorKind> import_error(std::string_view point) {
  return error_kind([&] { PublicKey::from_ed25519(hex(point)); });
}

std::optional<ErrorKind> pem_error(std::string_view pem) {
  return error_kind([&] { signer_from_pem(secret(pem)); });
}

class WycheproofSignatures : public test::VectorTest {
 protected:
  static std::size_t run(const char* file, KeyAlgorithm algorithm) {
    return for_each_case(file, [&](const auto& group, const auto& test) {
      const PublicKey key = PublicKey::from_spki(hex_at(group, "publicKeyDer"));
      EXPECT_EQ(key.algorithm(), algorithm);
      EXPECT_EQ(key.verify(hex_at(test, "msg"), hex_at(test, "sig")), is_valid(test));
    });
  }
};

TEST_F(WycheproofSignatures, T048_Ed25519AcceptsValidSignaturesOnly) {
  EXPECT_EQ(run("ed25519_test.json", KeyAlgorithm::ed25519), 151u);
}

TEST_F(WycheproofSignatures, T048_Es256AcceptsValidStrictDerOnly) {
  EXPECT_EQ(run("ecdsa_secp256r1_sha256_test.json", KeyAlgorithm::es256), 484u);
}

TEST(PublicKeyImport, T048_LowOrderEd25519PointsAreRefused) {
  for (const char* point : {
           "0100000000000000000000000000000000000000000000000000000000000000",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0000000000000000000000000000000000000000000000000000000000000080",
           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
       })
    EXPECT_EQ(import_error(point), ErrorKind::invalid_argument) << point;
}

TEST(PublicKeyImport, T048_NonCanonicalEd25519PointsAreRefused) {
  // y of p to p + 18, either sign of x: each has a canonical twin.
  for (int low = 0xed; low <= 0xff; ++low) {
    for (const char* top : {"7f", "ff"}) {
      const std::byte first{static_cast<unsigned char>(low)};
      std::string middle(60, 'f');
      EXPECT_EQ(import_error(to_hex({&first, 1}) + middle + top), ErrorKind::invalid_argument);
    }
  }
  EXPECT_EQ(import_error("0100000000000000000000000000000000000000000000000000000000000080"),
            ErrorKind::invalid_argument);
  EXPECT_EQ(import_error("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
            ErrorKind::invalid_argument);
}

TEST(PublicKeyImport, T048_Ed25519PointsOffTheCurveAreRefused) {
  EXPECT_EQ(import_error("0200000000000000000000000000000000000000000000000000000000000000"),
            ErrorKind::invalid_argument);
  EXPECT_EQ(import_error("00"), ErrorKind::invalid_argument);
}

TEST(PublicKeyImport, T048_SpkiInAnyOtherEncodingIsRefused) {
  const PublicKey key = signer_from_pem(secret(kEs256Pem))->public_key();
  const Bytes der(key.spki().begin(), key.spki().end());
  EXPECT_EQ(PublicKey::from_spki(der), key);
  const auto refused = [](const Bytes& bytes) {
    return error_kind([&] { PublicKey::from_spki(bytes); }) == ErrorKind::invalid_argument;
  };
  Bytes longer = der;
  longer.push_back(std::byte{0});
  EXPECT_TRUE(refused(longer));
  EXPECT_TRUE(refused(Bytes(der.begin(), der.end() - 1)));
  EXPECT_TRUE(refused({}));

  Bytes off_curve = der;
  off_curve.back() ^= std::byte{1};
  EXPECT_TRUE(refused(off_curve));

  Bytes compressed(der.begin(), der.begin() + 59);
  compressed[1] = std::byte{0x39};
  compressed[24] = std::byte{0x22};
  compressed[26] = (der.back() & std::byte{1}) | std::byte{2};
  EXPECT_TRUE(refused(compressed));

  Bytes ber = der;
  ber[1] = std::byte{0x81};
  ber.insert(ber.begin() + 2, std::byte{0x59});
  EXPECT_TRUE(refused(ber));
}

TEST(PublicKeyImport, T048_AP256PointIsUncompressedAndOnTheCurve) {
  const PublicKey key = signer_from_pem(secret(kEs256Pem))->public_key();
  const Bytes point(key.point().begin(), key.point().end());
  EXPECT_EQ(PublicKey::from_p256(point), key);
  Bytes off_curve = point;
  off_curve.back() ^= std::byte{1};
  Bytes compressed(point.begin(), point.begin() + 33);
  compressed[0] = (point.back() & std::byte{1}) | std::byte{2};
  Bytes hybrid = point;
  hybrid[0] = (point.back() & std::byte{1}) | std::byte{6};
  Bytes longer = point;
  longer.push_back(std::byte{0});
  for (const Bytes& other : {off_curve, compressed, hybrid, longer,
                             Bytes(point.begin(), point.end() - 1), Bytes{std::byte{0}}, Bytes()}) {
    EXPECT_EQ(error_kind([&] { PublicKey::from_p256(other); }), ErrorKind::invalid_argument);
  }
}

TEST(PublicKeyImport, T048_EveryFlippedBitOfAnEd25519SpkiHeadIsRefused) {
  SystemRandom random;
  const PublicKey key = signer_from_pem(generate_ed25519_pem(random))->public_key();
  for (std::size_t bit = 0; bit < 12 * 8; ++bit) {
    Bytes der(key.spki().begin(), key.spki().end());
    der[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_EQ(error_kind([&] { PublicKey::from_spki(der); }), ErrorKind::invalid_argument) << bit;
  }
}

TEST(PublicKeyId, IsTheDigestOfTheSpki) {
  const PublicKey key = signer_from_pem(secret(kEs256Pem))->public_key();
  EXPECT_EQ(key.id(), sha256(key.spki()).hex());
  EXPECT_EQ(key.point().size(), 65u);
  EXPECT_EQ(to_string(key.algorithm()), "ES256");
}

TEST(Ed25519, MatchesRfc8032AndRfc8410) {
  // The key of RFC 8410, section 10.3.
  const auto signer =
      signer_from_pem(secret("-----BEGIN PRIVATE KEY-----\n"
                             "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                             "-----END PRIVATE KEY-----\n"));
  EXPECT_EQ(to_base64(signer->public_key().spki()),
            "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=");
  const Bytes signature = signer->sign(as_bytes("message"));
  EXPECT_EQ(signature.size(), 64u);
  EXPECT_EQ(signer->sign(as_bytes("message")), signature);
  EXPECT_TRUE(signer->public_key().verify(as_bytes("message"), signature));
  EXPECT_FALSE(signer->public_key().verify(as_bytes("Message"), signature));
}

TEST(Ed25519, T048_LowOrderRWithZeroSIsRefused) {
  SystemRandom random;
  const PublicKey key = signer_from_pem(generate_ed25519_pem(random))->public_key();
  Bytes signature(64);
  EXPECT_FALSE(key.verify(as_bytes("message"), signature));
  signature[0] = std::byte{1};
  EXPECT_FALSE(key.verify(as_bytes("message"), signature));
}

TEST(Ed25519, T048_EveryFlippedBitOfASignatureIsRefused) {
  SystemRandom random;
  const auto signer = signer_from_pem(generate_ed25519_pem(random));
  const Bytes signature = signer->sign(as_bytes("message"));
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    Bytes changed = signature;
    changed[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_FALSE(signer->public_key().verify(as_bytes("message"), changed)) << bit;
  }
}

TEST(Es256, SignsWhatItsPublicKeyVerifies) {
  const auto signer = signer_from_pem(secret(kEs256Pem));
  const Bytes signature = signer->sign(as_bytes("message"));
  EXPECT_TRUE(signer->public_key().verify(as_bytes("message"), signature));
  EXPECT_FALSE(signer->public_key().verify(as_bytes("Message"), signature));
  Bytes trailing = signature;
  trailing.push_back(std::byte{0});
  EXPECT_FALSE(signer->public_key().verify(as_bytes("message"), trailing));
}

TEST(PublicKey, T048_ASignatureOfAnotherAlgorithmIsRefused) {
  SystemRandom random;
  const auto ed25519 = signer_from_pem(generate_ed25519_pem(random));
  const auto es256 = signer_from_pem(secret(kEs256Pem));
  EXPECT_FALSE(ed25519->public_key().verify(as_bytes("m"), es256->sign(as_bytes("m"))));
  EXPECT_FALSE(es256->public_key().verify(as_bytes("m"), ed25519->sign(as_bytes("m"))));
}

TEST(GenerateEd25519Pem, WritesTheSeedHandedIn) {
  class Counting final : public Random {
   public:
    void fill(MutableByteView out) override {
      for (std::byte& byte : out) byte = static_cast<std::byte>(next_++);
    }

   private:
    int next_ = 0;
  } random;
  EXPECT_EQ(generate_ed25519_pem(random).text(),
            "-----BEGIN PRIVATE KEY-----\n"
            "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
            "-----END PRIVATE KEY-----\n");
}

TEST(SignerFromPem, RefusesAnythingButOneUnencryptedKeyWeSignWith) {
  EXPECT_EQ(pem_error(""), ErrorKind::invalid_argument);
  EXPECT_EQ(pem_error("no key"), ErrorKind::invalid_argument);
  EXPECT_EQ(pem_error(kSec1Pem), ErrorKind::invalid_argument);
  EXPECT_EQ(pem_error(kP384Pem), ErrorKind::invalid_argument);
  EXPECT_EQ(pem_error(kEncryptedPem), ErrorKind::invalid_argument);
  EXPECT_EQ(pem_error(kEs256Pem.substr(0, 100)), ErrorKind::invalid_argument);
}

}  // namespace
}  // namespace atp
