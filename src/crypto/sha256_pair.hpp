// SPDX-License-Identifier: Apache-2.0
/// Two kinds of hashing over the same bytes, side by side: each record for its leaf, all of them
/// for the segment. Together they take little longer than one. Belongs to one thread at a time.
#pragma once

#include "atp/core/bytes.hpp"
#include "atp/crypto/sha256.hpp"

namespace atp {
inline namespace v0 {
namespace crypto {

class Sha256Pair {
 public:
  /// By the end of `finish`, `running` has taken `bytes`; until then nobody else may use it.
  Sha256Pair(Sha256& running, ByteView bytes);

  /// SHA-256 of `prefix` and `message`, one behind the other.
  Digest hash(ByteView prefix, ByteView message);

  void finish();

 private:
  void take(std::size_t size);
  void set_message(ByteView prefix, ByteView message);

  Sha256& running_;
  ByteView bytes_;  ///< What `running` has not taken yet; where there is any, it is between blocks.
  Bytes message_;   ///< The padded one.
};

}  // namespace crypto
}  // namespace v0
}  // namespace atp
