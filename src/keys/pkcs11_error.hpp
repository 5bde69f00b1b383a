// SPDX-License-Identifier: Apache-2.0
/// The one place where a CK_RV becomes an `Error`. Thread-safe.
#pragma once

#include <p11-kit/pkcs11.h>

#include <string>
#include <string_view>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace pkcs11 {

/// `temporary` where a new session may mend it. `call` is the function that returned `result`.
Error token_error(CK_RV result, std::string subject, std::string_view call);

}  // namespace pkcs11
}  // namespace v0
}  // namespace atp
