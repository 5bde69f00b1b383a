// SPDX-License-Identifier: Apache-2.0
/// Records for the benchmarks.
#pragma once

#include <cstdint>
#include <string>

namespace atp::bench {

/// About 700 bytes, different in each record.
inline std::string record(std::uint64_t number) {
  const std::string mixed = std::to_string(number * 0x9E3779B97F4A7C15 | std::uint64_t{1} << 63);
  std::string text = R"({"time":"2026-01-01T00:00:00Z","action":"Document.Read","sequence":)" +
                     std::to_string(number) + R"(,"payload":{)";
  for (int i = 0; i < 18; ++i) {
    text += "\"field" + std::to_string(i) + "\":\"value " + mixed.substr(i % 4, 12) + "\",";
  }
  return text + R"("end":true}})" + "\n";
}

inline std::string records(std::size_t size) {
  std::string text;
  for (std::uint64_t number = 0; text.size() < size; ++number) text += record(number);
  return text;
}

}  // namespace atp::bench
