// SPDX-License-Identifier: Apache-2.0
// The text form of age files: accepted is one text for the bytes, but for white space around it
// and carriage returns before line feeds.
// covers: src/crypto/age_armor.cpp
#include <string>

#include "atp/crypto/age_armor.hpp"
#include "fuzz.hpp"

namespace {

std::string armored(const atp::Bytes& bytes) {
  std::string text = "-----BEGIN AGE ENCRYPTED FILE-----\n";
  std::string base64 = atp::to_base64(bytes);
  for (; !base64.empty(); base64.erase(0, 64)) text += base64.substr(0, 64) + "\n";
  return text + "-----END AGE ENCRYPTED FILE-----";
}

std::string plain_lines(std::string_view text) {
  std::string lines;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    lines += text[i];
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = atp::as_text(atp::fuzz::input(data, size));
  atp::fuzz::parse([&] {
    const std::string one = armored(atp::age::decode_armor(text));
    atp::fuzz::require(plain_lines(text).find(one) != std::string::npos, "bytes have one armor");
  });
  return 0;
}
