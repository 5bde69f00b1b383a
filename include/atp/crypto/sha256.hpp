// SPDX-License-Identifier: Apache-2.0
/// SHA-256 (FIPS 180-4) and the hasher of RFC 9162 trees.
#pragma once

#include <cstddef>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {
namespace crypto {
class Sha256Pair;
}

/// One running hash; copy it to fork the state. One object belongs to one thread at a time.
class ATP_EXPORT Sha256 {
 public:
  Sha256();
  Sha256& update(ByteView bytes);
  /// The digest of all that was given; the object is then as new.
  Digest finish();

 private:
  friend class crypto::Sha256Pair;
  alignas(16) std::byte state_[128];
};

ATP_EXPORT Digest sha256(ByteView bytes);

/// The hash functions of RFC 9162, section 2.1.1.
struct ATP_EXPORT Rfc9162Hasher {
  /// SHA-256 of nothing.
  static Digest empty();
  /// SHA-256(0x00 || entry).
  static Digest leaf(ByteView entry);
  /// SHA-256(0x01 || left || right).
  static Digest node(const Digest& left, const Digest& right);
};

}  // namespace v0
}  // namespace atp
