// SPDX-License-Identifier: Apache-2.0
/// What a fuzz target shares with the others: its entry point and its one way to fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "atp/core/bytes.hpp"
#include "atp/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace atp::fuzz {

inline ByteView input(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

/// Stops the run: what was parsed does not hold.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::cerr << "does not hold: " << what << '\n';
  std::abort();
}

/// Runs a parser; bytes it refuses with `Error` are no finding.
template <class Parse>
void parse(Parse parser) {
  try {
    parser();
  } catch (const Error&) {
  }
}

}  // namespace atp::fuzz
