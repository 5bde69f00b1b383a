// SPDX-License-Identifier: Apache-2.0
/// Ownership, errors and DER of OpenSSL objects, for the sources of crypto and net only.
#pragma once

#include <openssl/err.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "atp/core/bytes.hpp"
#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace crypto {

template <auto free_function>
struct FreeWith {
  template <class T>
  void operator()(T* pointer) const {
    free_function(pointer);
  }
};

template <class T, auto free_function>
using Owned = std::unique_ptr<T, FreeWith<free_function>>;

inline const unsigned char* data(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* data(MutableByteView bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

/// Throws what OpenSSL's error queue holds as `unavailable`, and empties the queue.
[[noreturn]] inline void throw_openssl(std::string_view operation) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  const std::string message = std::string("openssl failed: ") + (reason ? reason : "no reason");
  ERR_clear_error();
  throw Error(ErrorKind::unavailable, std::string(operation), message);
}

inline void require_openssl(bool ok, std::string_view operation) {
  if (!ok) throw_openssl(operation);
}

/// The DER that `print`, one of OpenSSL's i2d functions, makes of an object; empty if it has none.
template <class T, class Print>
Bytes der_of(Print print, const T* object) {
  Bytes der(static_cast<std::size_t>(std::max(print(object, nullptr), 0)));
  unsigned char* cursor = data(MutableByteView(der));
  if (!der.empty() && print(object, &cursor) != static_cast<int>(der.size())) der.clear();
  return der;
}

}  // namespace crypto
}  // namespace v0
}  // namespace atp
