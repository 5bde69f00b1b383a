// SPDX-License-Identifier: Apache-2.0
/// The grammar of object keys, in documents and in stores alike. Thread-safe.
#pragma once

#include <string_view>

#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {

/// Elements of `[A-Za-z0-9._=-]` joined by `/`; none empty, none beginning with a dot, none over
/// 200 bytes; at most 1,000 bytes in all. So a key is never a URI, an absolute path or a way up.
ATP_EXPORT bool is_key(std::string_view text);

/// One element of a key.
ATP_EXPORT bool is_key_element(std::string_view text);

}  // namespace v0
}  // namespace atp
