// SPDX-License-Identifier: Apache-2.0
#include "crypto/bech32.hpp"

#include <algorithm>
#include <array>

namespace atp {
inline namespace v0 {
namespace crypto {
namespace {

constexpr std::string_view kLower = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::string_view kUpper = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kDataDigits = 52;
constexpr std::size_t kChecksumDigits = 6;
constexpr std::size_t kDigits = kDataDigits + kChecksumDigits;

std::string_view alphabet(LetterCase letters) {
  return letters == LetterCase::lower ? kLower : kUpper;
}

class Checksum {
 public:
  explicit Checksum(std::string_view prefix) {
    for (const char c : prefix) add(lower(c) >> 5);
    add(0);
    for (const char c : prefix) add(lower(c) & 31);
  }

  void add(std::uint32_t digit) {
    constexpr std::array<std::uint32_t, 5> generator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                                        0x3d4233dd, 0x2a1462b3};
    const std::uint32_t top = value_ >> 25;
    value_ = (value_ & 0x1ffffff) << 5 ^ digit;
    for (std::size_t i = 0; i < generator.size(); ++i) {
      if (top >> i & 1) value_ ^= generator[i];
    }
  }

  std::uint32_t value() const { return value_; }

 private:
  static std::uint32_t lower(char c) {
    return static_cast<std::uint32_t>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  }

  std::uint32_t value_ = 1;
};

}  // namespace

SecretBytes bech32_encode(std::string_view prefix, LetterCase letters, ByteView key) {
  SecretBytes text(prefix.size() + 1 + kDigits);
  auto out = std::ranges::copy(as_bytes(prefix), text.mutable_view().begin()).out;
  *out++ = std::byte{'1'};
  const auto print = [&](std::uint32_t digit) {
    *out++ = static_cast<std::byte>(alphabet(letters)[digit]);
  };

  Checksum checksum(prefix);
  std::uint32_t pending = 0;
  unsigned bits = 0;
  const auto emit = [&](std::uint32_t digit) {
    checksum.add(digit);
    print(digit);
  };
  for (const std::byte byte : key) {
    pending = (pending << 8 | std::to_integer<std::uint32_t>(byte)) & 0xfff;
    for (bits += 8; bits >= 5;) emit(pending >> (bits -= 5) & 31);
  }
  emit(pending << (5 - bits) & 31);

  for (std::size_t i = 0; i < kChecksumDigits; ++i) checksum.add(0);
  for (unsigned i = kChecksumDigits; i-- > 0;) print((checksum.value() ^ 1) >> (5 * i) & 31);
  return text;
}

std::optional<SecretBytes> bech32_decode(std::string_view prefix, LetterCase letters,
                                         std::string_view text) {
  if (text.size() != prefix.size() + 1 + kDigits || !text.starts_with(prefix)) return {};
  if (text[prefix.size()] != '1') return {};
  SecretBytes key(kKeySize);
  Checksum checksum(prefix);
  std::uint32_t pending = 0;
  unsigned bits = 0;
  std::size_t filled = 0;
  for (std::size_t i = 0; i < kDigits; ++i) {
    const std::size_t digit = alphabet(letters).find(text[prefix.size() + 1 + i]);
    if (digit == std::string_view::npos) return {};
    checksum.add(static_cast<std::uint32_t>(digit));
    if (i >= kDataDigits) continue;
    pending = (pending << 5 | static_cast<std::uint32_t>(digit)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    key.mutable_view()[filled++] = static_cast<std::byte>(pending >> bits & 0xff);
  }
  const std::uint32_t padding = pending & ((1u << bits) - 1);
  if (padding != 0 || checksum.value() != 1) return {};
  return key;
}

}  // namespace crypto
}  // namespace v0
}  // namespace atp
