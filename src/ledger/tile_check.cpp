// SPDX-License-Identifier: Apache-2.0
#include "ledger/tile_check.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/storage/layout.hpp"
#include "ledger/entry_bundle.hpp"
#include "ledger/stored_tiles.hpp"

namespace atp {
inline namespace v0 {
namespace ledger {
namespace {

constexpr std::uint64_t kTerm = 0;
constexpr std::size_t kNamed = 100;

}  // namespace

TileCheck::TileCheck(ObjectStore& store, const TenantId& tenant, Mending mending)
    : store_(store),
      tenant_(tenant),
      mending_(mending),
      tree_([this](unsigned level, std::uint64_t number, const Hashes& hashes) {
        compare_tile(level, number, hashes);
      }) {}

void TileCheck::push(const std::string& stored) {
  append_to_bundle(bundle_, stored);
  tree_.push(Rfc9162Hasher::leaf(as_bytes(stored)));
  if (tree_.size() % kTileWidth != 0) return;
  compare(layout::entry_bundle(tenant_, kTerm, tree_.size() / kTileWidth - 1), bundle_);
  bundle_.clear();
}

void TileCheck::finish() {
  for (unsigned level = 0; level < tree_.edge().size(); ++level) {
    std::span<const Digest> hashes = tree_.edge()[level];
    if (level == 0) hashes = hashes.first(hashes.size() - hashes.size() % kPartialStep);
    if (!hashes.empty()) compare_tile(level, full_tiles(tree_.size(), level), hashes);
  }
}

void TileCheck::compare_tile(unsigned level, std::uint64_t number, std::span<const Digest> hashes) {
  compare(layout::ledger_tile(tenant_, kTerm, level, number, hashes.size()), print_tile(hashes));
}

void TileCheck::compare(const std::string& key, ByteView bytes) {
  const auto stored = find_small_object(store_, key, bytes.size());
  if (stored && std::ranges::equal(*stored, bytes)) {
    ++sound_;
  } else if (!stored && !store_.stat(key)) {
    if (mending_ == Mending::look) {
      ++missing_;
    } else {
      put_object(store_, key, bytes, {});
      ++put_;
    }
  } else if (mending_ == Mending::mend && replace(key, bytes)) {
    ++replaced_;
  } else {
    if (++wrong_count_ > kNamed) return;
    wrong_.push_back({Problem::Kind::integrity, key,
                      "SHA-256 " + sha256(bytes).hex() + ", which its entries make",
                      stored ? "SHA-256 " + sha256(*stored).hex() : "more bytes"});
  }
}

/// False where the store keeps what is there.
bool TileCheck::replace(const std::string& key, ByteView bytes) {
  try {
    store_.remove(key);
  } catch (const Error& error) {
    const bool kept = error.kind() == ErrorKind::retained || error.kind() == ErrorKind::on_hold;
    if (!kept) throw;
    return false;
  }
  put_object(store_, key, bytes, {});
  return true;
}

}  // namespace ledger
}  // namespace v0
}  // namespace atp
