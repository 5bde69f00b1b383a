// SPDX-License-Identifier: Apache-2.0
// Wycheproof on what the age envelope is built from.
#include "crypto/primitives.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "crypto/wycheproof.hpp"

namespace atp::crypto {
namespace {

using test::error_kind;
using test::for_each_case;
using test::hex_at;
using test::is_valid;

class Wycheproof : public test::VectorTest {};

bool has_flag(const boost::json::object& test, std::string_view flag) {
  return std::ranges::any_of(test.at("flags").as_array(),
                             [&](const auto& value) { return value.as_string() == flag; });
}

TEST_F(Wycheproof, X25519GivesTheSecretAndRefusesAllZeros) {
  std::size_t refused = 0;
  const std::size_t cases = for_each_case("x25519_test.json", [&](const auto&, const auto& test) {
    const auto shared = x25519(hex_at(test, "private"), hex_at(test, "public"));
    if (has_flag(test, "ZeroSharedSecret")) {
      EXPECT_FALSE(shared);
      ++refused;
      return;
    }
    ASSERT_TRUE(shared);
    EXPECT_EQ(to_hex(shared->view()), test.at("shared").as_string());
  });
  EXPECT_EQ(cases, 518u);
  EXPECT_GT(refused, 0u);
}

TEST_F(Wycheproof, HkdfSha256GivesTheKeyOrRefusesTheSize) {
  const std::size_t cases =
      for_each_case("hkdf_sha256_test.json", [](const auto&, const auto& test) {
        const auto derive = [&] {
          return hkdf_sha256(hex_at(test, "ikm"), hex_at(test, "salt"), hex_at(test, "info"),
                             test.at("size").template to_number<std::size_t>());
        };
        if (is_valid(test))
          EXPECT_EQ(to_hex(derive().view()), test.at("okm").as_string());
        else
          EXPECT_EQ(error_kind(derive), ErrorKind::invalid_argument);
      });
  EXPECT_EQ(cases, 86u);
}

TEST_F(Wycheproof, HmacSha256GivesTheTag) {
  const std::size_t cases =
      for_each_case("hmac_sha256_test.json", [](const auto& group, const auto& test) {
        const Digest digest = hmac_sha256(hex_at(test, "key"), hex_at(test, "msg"));
        const auto bits = group.at("tagSize").template to_number<std::size_t>();
        EXPECT_EQ(equal_in_constant_time(digest.view().first(bits / 8), hex_at(test, "tag")),
                  is_valid(test));
      });
  EXPECT_EQ(cases, 174u);
}

TEST_F(Wycheproof, ChaCha20Poly1305SealsAndOpensWhatIsValidOnly) {
  const std::size_t cases =
      for_each_case("chacha20_poly1305_test.json", [](const auto& group, const auto& test) {
        ChaCha20Poly1305 cipher(hex_at(test, "key"));
        const Bytes nonce = hex_at(test, "iv");
        const Bytes associated = hex_at(test, "aad");
        const Bytes message = hex_at(test, "msg");
        Bytes sealed = hex_at(test, "ct");
        const Bytes tag = hex_at(test, "tag");
        sealed.insert(sealed.end(), tag.begin(), tag.end());
        Bytes plain(sealed.size() - tag.size(), std::byte{0xff});
        Bytes again(message.size() + ChaCha20Poly1305::kTagSize);
        if (group.at("ivSize").template to_number<int>() != 96) {
          EXPECT_FALSE(is_valid(test));
          EXPECT_EQ(error_kind([&] { cipher.seal(nonce, message, again, associated); }),
                    ErrorKind::invalid_argument);
          return;
        }
        EXPECT_EQ(cipher.open(nonce, sealed, plain, associated), is_valid(test));
        EXPECT_EQ(plain, is_valid(test) ? message : Bytes(plain.size()));
        cipher.seal(nonce, message, again, associated);
        EXPECT_EQ(again == sealed, is_valid(test));
      });
  EXPECT_EQ(cases, 325u);
}

TEST(ChaCha20Poly1305, RefusesAnInputShorterThanATag) {
  ChaCha20Poly1305 cipher(Bytes(32));
  EXPECT_FALSE(cipher.open(Bytes(12), Bytes(15), {}));
}

TEST(ChaCha20Poly1305, RefusesAKeyOfAnotherSize) {
  EXPECT_EQ(error_kind([] { ChaCha20Poly1305 cipher(Bytes(16)); }), ErrorKind::invalid_argument);
}

TEST(Scrypt, MatchesRfc7914) {
  // Section 12, third example, has the only parameters with r = 8 and p = 1, and gives 64 bytes:
  // PBKDF2 yields the same first 32.
  EXPECT_EQ(to_hex(scrypt(as_bytes("pleaseletmein"), as_bytes("SodiumChloride"), 14).view()),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
}

TEST(EqualInConstantTime, ComparesSizeAndBytes) {
  EXPECT_TRUE(equal_in_constant_time(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("abc"), as_bytes("ab")));
}

}  // namespace
}  // namespace atp::crypto
