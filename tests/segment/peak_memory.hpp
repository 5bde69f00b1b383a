// SPDX-License-Identifier: Apache-2.0
/// How far a piece of code raises the process's resident memory.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

#include "support/sanitized.hpp"

namespace atp::test {

class PeakMemory {
 public:
  PeakMemory() {
    std::ofstream("/proc/self/clear_refs") << "5";
    start_ = figure("VmHWM:");
  }

  /// Bytes since construction; 0 under AddressSanitizer, which holds freed memory back.
  std::uint64_t growth() const { return kSanitized ? 0 : figure("VmHWM:") - start_; }

 private:
  static std::uint64_t figure(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
      if (word != name) continue;
      std::uint64_t kibibytes = 0;
      status >> kibibytes;
      return kibibytes * 1024;
    }
    return 0;
  }

  std::uint64_t start_;
};

}  // namespace atp::test
