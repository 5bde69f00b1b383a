// SPDX-License-Identifier: Apache-2.0
/// The grammar of object keys, in documents and in stores alike. Thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {

/// Of a key in a document, and of one that every store takes: so there is room before it for the
/// prefix of a shared bucket, since S3 and Azure end at 1,024 bytes with it.
inline constexpr std::size_t kKeyLimit = 512;

/// Of a key as a driver gets it, with what a front such as `prefix_store` puts before it.
inline constexpr std::size_t kStoredKeyLimit = 1000;

/// Elements of `[A-Za-z0-9._=-]` joined by `/`; none empty, none beginning with a dot, none over
/// 200 bytes; at most `kKeyLimit` bytes in all. So a key is never a URI, an absolute path or a way
/// up.
ATP_EXPORT bool is_key(std::string_view text);

/// The same, up to `kStoredKeyLimit` bytes.
ATP_EXPORT bool is_stored_key(std::string_view text);

/// One element of a key.
ATP_EXPORT bool is_key_element(std::string_view text);

}  // namespace v0
}  // namespace atp
