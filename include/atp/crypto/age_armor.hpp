// SPDX-License-Identifier: Apache-2.0
/// The text form of age files (C2SP age.md, ASCII armor), as `age -a` writes it.
#pragma once

#include <string_view>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {
namespace age {

/// The age file in `text`; white space around it and CRLF are taken, nothing else beside the one
/// encoding. Thread-safe. Throws: corrupt.
ATP_EXPORT Bytes decode_armor(std::string_view text);

}  // namespace age
}  // namespace v0
}  // namespace atp
