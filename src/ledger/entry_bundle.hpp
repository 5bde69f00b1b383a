// SPDX-License-Identifier: Apache-2.0
/// Entries one after the other, each behind its length in two bytes, big endian (C2SP
/// tlog-tiles.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/ledger/ledger.hpp"
#include "ledger/tiled_tree.hpp"

namespace atp {
inline namespace v0 {
namespace ledger {

inline constexpr std::uint64_t kBundleLimit = kTileWidth * (2 + kStatementLimit);

inline void append_to_bundle(Bytes& bundle, const std::string& entry) {
  const auto size = static_cast<std::uint16_t>(entry.size());  // kStatementLimit
  bundle.push_back(static_cast<std::byte>(size >> 8));
  bundle.push_back(static_cast<std::byte>(size & 0xFF));
  const ByteView bytes = as_bytes(entry);
  bundle.insert(bundle.end(), bytes.begin(), bytes.end());
}

/// The entries of a full bundle; nothing where these bytes are none.
inline std::optional<std::vector<std::string>> parse_bundle(ByteView bytes) {
  std::vector<std::string> entries;
  while (!bytes.empty()) {
    if (bytes.size() < 2) return std::nullopt;
    const std::size_t size =
        std::to_integer<std::size_t>(bytes[0]) << 8 | std::to_integer<std::size_t>(bytes[1]);
    bytes = bytes.subspan(2);
    if (bytes.size() < size || entries.size() == kTileWidth) return std::nullopt;
    entries.emplace_back(as_text(bytes.first(size)));
    bytes = bytes.subspan(size);
  }
  if (entries.size() != kTileWidth) return std::nullopt;
  return entries;
}

}  // namespace ledger
}  // namespace v0
}  // namespace atp
