// SPDX-License-Identifier: Apache-2.0
/// The URIs of RFC 7512 that name one private key, for this layer's sources and tests only.
/// Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace atp {
inline namespace v0 {
namespace pkcs11 {

/// Decoded; empty where the URI says nothing.
struct Uri {
  std::string token;
  std::string serial;
  std::string manufacturer;
  std::string model;
  std::string object;
  std::string id;  ///< Bytes.
  std::string type;
  std::string module_path;
  std::string pin_source;  ///< A path: without `file:`.

  bool operator==(const Uri&) const = default;
};

/// Throws: invalid_argument; the error never holds an attribute's value, which may be a secret.
Uri parse_uri(std::string_view text);

}  // namespace pkcs11
}  // namespace v0
}  // namespace atp
