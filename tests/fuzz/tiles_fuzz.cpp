// SPDX-License-Identifier: Apache-2.0
// Tiles and entry bundles as somebody left them in a store.
// covers: src/ledger/entry_bundle.hpp src/ledger/tiled_tree.cpp
#include "ledger/entry_bundle.hpp"
#include "fuzz.hpp"

using atp::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const atp::ByteView bytes = atp::fuzz::input(data, size);
  if (const auto entries = atp::ledger::parse_bundle(bytes)) {
    atp::Bytes bundle;
    for (const std::string& entry : *entries) atp::ledger::append_to_bundle(bundle, entry);
    require(std::ranges::equal(bundle, bytes), "a bundle has one form");
  }
  for (const std::uint64_t width : {std::uint64_t{0}, std::uint64_t{1}, size / 32, size / 32 + 1}) {
    const auto hashes = atp::ledger::parse_tile(bytes, width);
    require(!hashes || hashes->size() == width, "as many hashes as were asked for");
    if (!hashes || width != size / 32) continue;
    require(std::ranges::equal(atp::ledger::print_tile(*hashes), bytes), "a tile has one form");
  }
  return 0;
}
