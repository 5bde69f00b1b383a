// SPDX-License-Identifier: Apache-2.0
#include "atp/core/progress.hpp"

#include "atp/core/error.hpp"

namespace atp {

void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::cancelled, "", "a stop was requested");
}

}  // namespace atp
