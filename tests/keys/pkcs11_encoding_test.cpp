// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs11_encoding.hpp"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "atp/core/random.hpp"

namespace atp {
namespace {

using pkcs11::ec_point;
using pkcs11::ecdsa_der_from_raw;
using Raw = std::array<std::byte, pkcs11::kSignatureSize>;

/// From hexadecimal digits, filled with zeros from the left.
Raw raw_of(const std::string& r, const std::string& s) {
  const auto number = [](const std::string& digits) {
    return std::string(64 - digits.size(), '0') + digits;
  };
  const Bytes bytes = *from_hex(number(r) + number(s));
  Raw raw;
  std::ranges::copy(bytes, raw.begin());
  return raw;
}

std::string der_of(const std::string& r, const std::string& s) {
  return to_hex(ecdsa_der_from_raw(raw_of(r, s)));
}

/// r || s as OpenSSL reads them; nothing unless OpenSSL writes the same DER.
std::optional<Raw> read_by_openssl(const Bytes& der) {
  const auto* cursor = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(
      d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(der.size())), ECDSA_SIG_free);
  Bytes written(der.size());
  auto* out = reinterpret_cast<unsigned char*>(written.data());
  if (!signature || i2d_ECDSA_SIG(signature.get(), nullptr) != static_cast<int>(der.size()) ||
      i2d_ECDSA_SIG(signature.get(), &out) <= 0 || written != der) {
    return std::nullopt;
  }
  Raw raw;
  auto* bytes = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), bytes, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), bytes + 32, 32);
  return raw;
}

TEST(EcdsaDer, EachNumberIsAsShortAsItCanBeAndPositive) {
  EXPECT_EQ(der_of("", ""), "3006020100020100");
  EXPECT_EQ(der_of("01", "7f"), "300602010102017f");
  EXPECT_EQ(der_of("80", "ff"), "300802020080020200ff");
  EXPECT_EQ(der_of("0080", "0100"),
            "300802020080"
            "02020100");
  const std::string high(64, 'f');
  EXPECT_EQ(der_of(high, high), "3046022100" + high + "022100" + high);
  const std::string low = "7f" + std::string(62, '0');
  EXPECT_EQ(der_of(low, "80" + std::string(62, '0')),
            "30450220" + low + "02210080" + std::string(62, '0'));
}

TEST(EcdsaDer, OpensslReadsAndWritesTheSame) {
  SystemRandom random;
  for (std::size_t zeros_r = 0; zeros_r <= 32; ++zeros_r) {
    for (std::size_t zeros_s = 0; zeros_s <= 32; ++zeros_s) {
      for (const std::byte first : {std::byte{0x01}, std::byte{0x7f}, std::byte{0x80}}) {
        Raw raw;
        random.fill(raw);
        std::fill_n(raw.begin(), zeros_r, std::byte{0});
        std::fill_n(raw.begin() + 32, zeros_s, std::byte{0});
        if (zeros_r < 32) raw[zeros_r] = first;
        if (zeros_s < 32) raw[32 + zeros_s] = first;
        EXPECT_EQ(read_by_openssl(ecdsa_der_from_raw(raw)), raw);
      }
    }
  }
}

TEST(EcPoint, IsTakenFromItsOctetStringOrAsItIs) {
  const auto point = [](const std::string& hex, std::size_t size) {
    const Bytes bytes = *from_hex(hex);
    const auto found = ec_point(bytes, size);
    return found ? std::optional(to_hex(*found)) : std::nullopt;
  };
  const std::string bare(64, 'a');
  EXPECT_EQ(point(bare, 32), bare);
  EXPECT_EQ(point("0420" + bare, 32), bare);
  // A raw point may begin as an octet string does.
  EXPECT_EQ(point("0420" + bare.substr(4), 32), "0420" + bare.substr(4));
  for (const std::string& other :
       {"0320" + bare, "0421" + bare, "041f" + bare, "04" + bare, "0420" + bare + "00",
        "048120" + bare, "0420" + bare.substr(2), std::string("0420"), std::string()}) {
    EXPECT_EQ(point(other, 32), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace atp
