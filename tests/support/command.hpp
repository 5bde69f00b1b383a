// SPDX-License-Identifier: Apache-2.0
/// Commands that tests run.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

namespace atp::test {

/// The standard output of a shell command.
inline std::string output_of(const std::string& command) {
  std::string output;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  char buffer[4096];
  while (const std::size_t size = fread(buffer, 1, sizeof buffer, pipe.get())) {
    output.append(buffer, size);
  }
  return output;
}

}  // namespace atp::test
