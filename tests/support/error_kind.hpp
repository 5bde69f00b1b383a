// SPDX-License-Identifier: Apache-2.0
/// The kind of error that a call ends in, so that a test says it in one line.
#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "atp/core/error.hpp"

namespace atp {

/// For the messages of GoogleTest.
inline void PrintTo(ErrorKind kind, std::ostream* out) { *out << error_kind_info(kind).name; }

namespace test {

/// Nothing where `call` returns.
template <class Call>
std::optional<ErrorKind> error_kind(const Call& call) {
  try {
    call();
    return std::nullopt;
  } catch (const Error& error) {
    return error.kind();
  }
}

/// Of the error that `call` throws; nothing where it returns.
template <class Call>
std::optional<std::string> error_subject(const Call& call) {
  try {
    call();
    return std::nullopt;
  } catch (const Error& error) {
    return error.subject();
  }
}

/// What a reader calls signed bytes that were changed: by where, damage or a bad signature.
inline bool is_of_changed_bytes(std::optional<ErrorKind> kind) {
  return kind == ErrorKind::corrupt || kind == ErrorKind::untrusted ||
         kind == ErrorKind::unsupported;
}

}  // namespace test
}  // namespace atp
