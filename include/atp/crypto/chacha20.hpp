// SPDX-License-Identifier: Apache-2.0
/// The ChaCha20 key stream (RFC 8439, section 2.4), from which record salts are cut. Thread-safe.
#pragma once

#include <cstdint>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {

/// Fills `out` with the key stream of `key` (32 bytes), nonce 0, counter 0, from byte `offset`, a
/// multiple of 64, on. Throws: invalid_argument past the end of the stream (2^38 bytes).
ATP_EXPORT void chacha20_stream(ByteView key, std::uint64_t offset, MutableByteView out);

}  // namespace v0
}  // namespace atp
