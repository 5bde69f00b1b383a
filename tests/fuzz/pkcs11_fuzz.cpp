// SPDX-License-Identifier: Apache-2.0
// What names a key in a token, and what the token says of it.
// covers: src/keys/pkcs11_uri.cpp src/keys/pkcs11_encoding.cpp
#include <algorithm>
#include <string>

#include "fuzz.hpp"
#include "keys/pkcs11_encoding.hpp"
#include "keys/pkcs11_uri.hpp"

using atp::fuzz::require;
using atp::pkcs11::Uri;

namespace {

/// With every byte encoded: the one spelling that needs no list of characters.
std::string attribute(const std::string& name, const std::string& value) {
  if (value.empty()) return "";
  std::string text = name + "=";
  for (const char c : value) {
    const auto byte = static_cast<std::byte>(c);
    text += "%" + atp::to_hex({&byte, 1});
  }
  return text;
}

std::string print(const Uri& uri) {
  std::string text = "pkcs11:";
  for (const auto& [name, value] : {std::pair{"token", uri.token},
                                    {"serial", uri.serial},
                                    {"manufacturer", uri.manufacturer},
                                    {"model", uri.model},
                                    {"object", uri.object},
                                    {"id", uri.id},
                                    {"type", uri.type}}) {
    if (!value.empty() && !text.ends_with(':')) text += ";";
    text += attribute(name, value);
  }
  text += "?" + attribute("module-path", uri.module_path);
  if (!uri.pin_source.empty()) text += "&" + attribute("pin-source", uri.pin_source);
  return text;
}

void check_uri(std::string_view text) {
  atp::fuzz::parse([&] {
    const Uri uri = atp::pkcs11::parse_uri(text);
    require(uri.module_path.starts_with('/'), "a module is at an absolute path");
    require(uri.pin_source.empty() || uri.pin_source.starts_with('/'), "and so is a pin");
    const std::string printed = print(uri);
    if (printed.size() <= 4096)
      require(atp::pkcs11::parse_uri(printed) == uri, "a printed uri is the uri");
  });
}

void check_encodings(atp::ByteView bytes) {
  for (const std::size_t size : {32u, 65u}) {
    const auto point = atp::pkcs11::ec_point(bytes, size);
    if (point) require(point->size() == size, "a point has its size");
  }
  if (bytes.size() < atp::pkcs11::kSignatureSize) return;
  const auto raw = bytes.first<atp::pkcs11::kSignatureSize>();
  const atp::Bytes der = atp::pkcs11::ecdsa_der_from_raw(raw);
  require(der.size() >= 8 && der.size() <= 72, "der is a few bytes longer or shorter");
  require(static_cast<std::size_t>(der[1]) == der.size() - 2, "a sequence says its length");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = atp::fuzz::input(data, size);
  check_uri(atp::as_text(bytes));
  check_encodings(bytes);
  return 0;
}
