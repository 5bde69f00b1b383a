// SPDX-License-Identifier: Apache-2.0
#include "atp/core/random.hpp"

#include <sys/random.h>

#include <cerrno>

#include "core/system_error.hpp"

namespace atp {
inline namespace v0 {

void SystemRandom::fill(MutableByteView out) {
  while (!out.empty()) {
    const ssize_t count = ::getrandom(out.data(), out.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(errno, "randomness", "getrandom");
    out = out.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace v0
}  // namespace atp
