// SPDX-License-Identifier: Apache-2.0
// The index of a package, behind its SHA-256.
// covers: src/segment/package_index.cpp
#include <algorithm>

#include "atp/segment/package_index.hpp"
#include "fuzz.hpp"

using atp::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const atp::ByteView bytes = atp::fuzz::input(data, size);
  atp::fuzz::parse([&] {
    const atp::PackageIndex index = atp::decode_index(bytes);
    const atp::Bytes known = atp::encode_index(index);
    require(known.size() <= size && std::ranges::equal(known, bytes.first(known.size())),
            "what is known of an index has one encoding");
    const atp::PackageIndex again = atp::decode_index(known);
    require(again.frames == index.frames, "an encoded index is the index");
    require(atp::merkle_root(again) == atp::merkle_root(index), "an index has one root");
  });
  return 0;
}
