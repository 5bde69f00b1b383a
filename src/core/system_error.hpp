// SPDX-License-Identifier: Apache-2.0
/// The one place where errno becomes an `Error`. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {

/// `number` is an errno value; `call` the system call that set it.
Error system_error(int number, std::string subject, std::string_view call);

}  // namespace v0
}  // namespace atp
