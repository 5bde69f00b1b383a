// SPDX-License-Identifier: Apache-2.0
/// Names of C2SP tlog-tiles.md.
#pragma once

#include <cstdint>
#include <string>

#include "ledger/tiled_tree.hpp"

namespace atp {
inline namespace v0 {
namespace ledger {

/// `x001/x234/067`, with `.p/<width>` where the tile is not full.
inline std::string tile_number(std::uint64_t number, std::uint64_t width) {
  std::string text;
  for (std::uint64_t rest = number;; rest /= 1000) {
    std::string digits = std::to_string(rest % 1000);
    digits.insert(0, 3 - digits.size(), '0');
    text.insert(0, text.empty() ? digits : "x" + digits + "/");
    if (rest < 1000) break;
  }
  return width == kTileWidth ? text : text + ".p/" + std::to_string(width);
}

inline std::string hash_tile(unsigned level, std::uint64_t number, std::uint64_t width) {
  return "tile/" + std::to_string(level) + "/" + tile_number(number, width);
}

inline std::string entry_bundle(std::uint64_t number, std::uint64_t width) {
  return "tile/entries/" + tile_number(number, width);
}

}  // namespace ledger
}  // namespace v0
}  // namespace atp
