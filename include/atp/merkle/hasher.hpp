// SPDX-License-Identifier: Apache-2.0
/// What a Merkle tree asks of its hash function.
#pragma once

#include <concepts>

#include "atp/core/bytes.hpp"

namespace atp {
inline namespace v0 {
namespace merkle {

/// `leaf` and `node` must not have a common input (RFC 9162 puts 0x00 and 0x01 in front), or an
/// inner node could be shown as an entry. A hash is a `Digest`, 32 bytes by its type: whoever
/// parses a proof refuses hashes of other lengths, empty ones above all.
template <class H>
concept Hasher = requires(ByteView entry, const Digest& left, const Digest& right) {
  { H::empty() } -> std::same_as<Digest>;
  { H::leaf(entry) } -> std::same_as<Digest>;
  { H::node(left, right) } -> std::same_as<Digest>;
};

}  // namespace merkle
}  // namespace v0
}  // namespace atp
