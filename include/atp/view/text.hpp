// SPDX-License-Identifier: Apache-2.0
/// What results have in common as JSON. The headers of this folder give each result of the library
/// one form, in camelCase, that the command prints and the Python module reads; times are RFC 3339
/// in UTC, digests hexadecimal, what is absent null. Members may be added; none changes its name or
/// its meaning. Functions are pure, and throw invalid_argument only for numbers of 2^53 and above.
#pragma once

#include <string>
#include <string_view>

#include "atp/core/error.hpp"
#include "atp/core/export.hpp"
#include "atp/model/json.hpp"

namespace atp {
inline namespace v0 {

/// `text` as a JSON string takes it. UTF-8 text without U+007F stays as it is. In any other, such
/// as the name of a file in Latin-1, each byte that is no printable ASCII becomes `=XX`: for people
/// to see, since nobody can tell it from a name that has `=XX` in clear.
ATP_EXPORT std::string json_text(std::string_view text);

/// kind, subject, message.
ATP_EXPORT Json::Object to_json(const Error& error);

}  // namespace v0
}  // namespace atp
