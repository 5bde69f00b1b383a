// SPDX-License-Identifier: Apache-2.0
// Base64 and hexadecimal: bytes have one text, and only that text is accepted.
// covers: src/core/bytes.cpp
#include "fuzz.hpp"

using atp::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const atp::ByteView bytes = atp::fuzz::input(data, size);
  const std::string_view text = atp::as_text(bytes);
  const atp::Bytes copy(bytes.begin(), bytes.end());
  require(atp::from_base64(atp::to_base64(bytes)) == copy, "base64 of bytes decodes to them");
  require(atp::from_hex(atp::to_hex(bytes)) == copy, "hexadecimal of bytes decodes to them");
  if (const auto decoded = atp::from_base64(text)) {
    require(atp::to_base64(*decoded) == text, "base64 has one spelling");
  }
  if (const auto decoded = atp::from_hex(text)) {
    require(atp::to_hex(*decoded) == text, "hexadecimal has one spelling");
  }
  if (const auto digest = atp::Digest::from_hex(text)) {
    require(digest->hex() == text, "a digest has one spelling");
  }
  return 0;
}
