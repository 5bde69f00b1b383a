// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs11_encoding.hpp"

namespace atp {
inline namespace v0 {
namespace pkcs11 {
namespace {

constexpr std::byte kInteger{0x02};
constexpr std::byte kOctetString{0x04};
constexpr std::byte kSequence{0x30};
constexpr std::byte kSign{0x80};

/// A number of at most 32 bytes.
void append_integer(Bytes& der, ByteView number) {
  while (number.size() > 1 && number.front() == std::byte{0}) number = number.subspan(1);
  const bool padded = (number.front() & kSign) != std::byte{0};
  der.push_back(kInteger);
  der.push_back(static_cast<std::byte>(number.size() + (padded ? 1 : 0)));
  if (padded) der.push_back(std::byte{0});
  der.insert(der.end(), number.begin(), number.end());
}

}  // namespace

Bytes ecdsa_der_from_raw(std::span<const std::byte, kSignatureSize> raw) {
  Bytes der{kSequence, std::byte{0}};
  append_integer(der, raw.first<kSignatureSize / 2>());
  append_integer(der, raw.last<kSignatureSize / 2>());
  der[1] = static_cast<std::byte>(der.size() - 2);
  return der;
}

std::optional<ByteView> ec_point(ByteView attribute, std::size_t size) {
  if (attribute.size() == size) return attribute;
  if (attribute.size() != size + 2 || attribute[0] != kOctetString ||
      attribute[1] != static_cast<std::byte>(size)) {
    return std::nullopt;
  }
  return attribute.subspan(2);
}

}  // namespace pkcs11
}  // namespace v0
}  // namespace atp
