// SPDX-License-Identifier: Apache-2.0
/// OpenSSL's state of a running SHA-256. The EVP interface allocates one for every hash; leaves
/// come by the million.
#pragma once

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <cstddef>

namespace atp {
inline namespace v0 {
namespace crypto {

inline SHA256_CTX& sha256_context(std::byte* state) {
  return *reinterpret_cast<SHA256_CTX*>(state);
}

}  // namespace crypto
}  // namespace v0
}  // namespace atp
