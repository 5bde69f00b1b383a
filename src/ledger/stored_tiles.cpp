// SPDX-License-Identifier: Apache-2.0
#include "ledger/stored_tiles.hpp"

#include <algorithm>
#include <bit>

#include "atp/core/error.hpp"
#include "atp/storage/layout.hpp"
#include "ledger/entry_bundle.hpp"

namespace atp {
inline namespace v0 {
namespace ledger {
namespace {

constexpr std::uint64_t kTerm = 0;

/// Whether these are the hashes of the last tile of `level`.
bool is_edge_of(const merkle::Frontier<Rfc9162Hasher>& tree, unsigned level, const Hashes& hashes) {
  merkle::Frontier<Rfc9162Hasher> edge;
  for (const Digest& hash : hashes) edge.push(hash);
  const auto above = static_cast<std::ptrdiff_t>(std::popcount(full_tiles(tree.size(), level)));
  return std::ranges::equal(edge.nodes(),
                            std::span(tree.nodes()).subspan(above).first(edge.nodes().size()));
}

/// What is there already stays, whatever it is.
void put_once(ObjectStore& store, const std::string& key, ByteView bytes) {
  try {
    put_object(store, key, bytes, {});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::already_exists) throw;
  }
}

}  // namespace

std::optional<Hashes> StoredTiles::find(unsigned level, std::uint64_t number,
                                        std::uint64_t stored_width, std::uint64_t width) {
  const auto bytes = find_small_object(
      store_, layout::ledger_tile(tenant_, kTerm, level, number, stored_width), kTileLimit);
  return bytes ? parse_tile(*bytes, width) : std::nullopt;
}

bool StoredTiles::add_leaves(Hashes& hashes, std::uint64_t number, std::uint64_t width) {
  while (hashes.size() < width) {
    const std::uint64_t index = number * kTileWidth + hashes.size();
    const auto entry =
        find_small_object(store_, layout::ledger_entry(tenant_, kTerm, index), kStatementLimit);
    if (!entry) return false;
    hashes.push_back(Rfc9162Hasher::leaf(*entry));
  }
  return true;
}

std::optional<Hashes> StoredTiles::read_last(unsigned level, std::uint64_t number,
                                             std::uint64_t width) {
  if (level > 0) return find(level, number, width, width);
  const std::uint64_t stored = width - width % kPartialStep;
  auto hashes = stored > 0 ? find(level, number, stored, stored) : Hashes();
  if (!hashes || !add_leaves(*hashes, number, width)) return std::nullopt;
  return hashes;
}

std::optional<Hashes> StoredTiles::read_below(unsigned level, std::uint64_t number,
                                              std::uint64_t width, From from) {
  Hashes hashes;
  if (level == 0) {
    const bool whole = from == From::put && width == kTileWidth;
    if (whole || !add_leaves(hashes, number, width)) return std::nullopt;
    return hashes;
  }
  for (std::uint64_t i = 0; i < width; ++i) {
    const auto below = read(level - 1, number * kTileWidth + i, kTileWidth, from);
    if (!below) return std::nullopt;
    hashes.push_back(root_of(*below));
  }
  return hashes;
}

std::optional<Hashes> StoredTiles::read(unsigned level, std::uint64_t number, std::uint64_t width,
                                        From from) {
  if (width < kTileWidth && (from == From::put || from == From::tiles)) {
    if (auto last = read_last(level, number, width)) return last;
  }
  if (from != From::entries) {
    if (auto full = find(level, number, kTileWidth, width)) return full;
  }
  return read_below(level, number, width, from);
}

std::optional<std::vector<std::string>> StoredTiles::read_bundle(std::uint64_t number) {
  const auto bytes =
      find_small_object(store_, layout::entry_bundle(tenant_, kTerm, number), kBundleLimit);
  return bytes ? parse_bundle(*bytes) : std::nullopt;
}

std::vector<Hashes> StoredTiles::edge_of(const merkle::Frontier<Rfc9162Hasher>& tree) {
  const auto last_tile = [&](unsigned level, From from) -> std::optional<Hashes> {
    const std::uint64_t width = edge_width(tree.size(), level);
    if (width == 0) return Hashes();
    auto hashes = read(level, full_tiles(tree.size(), level), width, from);
    return hashes && is_edge_of(tree, level, *hashes) ? hashes : std::nullopt;
  };
  std::vector<Hashes> edge;
  for (unsigned level = 0; level < levels_of(tree.size()); ++level) {
    auto hashes = last_tile(level, From::put);
    if (!hashes && level == 0) hashes = last_tile(level, From::full_tiles);
    if (!hashes) break;
    edge.push_back(*std::move(hashes));
  }
  return edge;
}

TiledTree::Source StoredTiles::source(From from) {
  return [this, from](unsigned level, std::uint64_t number, std::uint64_t width) {
    return read(level, number, width, from);
  };
}

std::vector<TiledTree::Source> StoredTiles::sources() {
  return {source(From::tiles), source(From::full_tiles), source(From::entries)};
}

void put_tiles(ObjectStore& store, const TenantId& tenant,
               const merkle::Frontier<Rfc9162Hasher>& from, std::uint64_t size,
               const std::function<std::string(std::uint64_t index)>& entry) {
  const auto put = [&](unsigned level, std::uint64_t number, std::span<const Digest> hashes) {
    put_once(store, layout::ledger_tile(tenant, kTerm, level, number, hashes.size()),
             print_tile(hashes));
  };
  const auto put_bundle = [&](std::uint64_t number, const Hashes& leaves) {
    Bytes bundle;
    for (std::uint64_t i = 0; i < kTileWidth; ++i) {
      const std::string stored = entry(number * kTileWidth + i);
      if (Rfc9162Hasher::leaf(as_bytes(stored)) != leaves[i]) return;
      append_to_bundle(bundle, stored);
    }
    put_once(store, layout::entry_bundle(tenant, kTerm, number), bundle);
  };
  TileBuilder tree(from.size(), StoredTiles(store, tenant).edge_of(from),
                   [&](unsigned level, std::uint64_t number, const Hashes& hashes) {
                     put(level, number, hashes);
                     if (level == 0) put_bundle(number, hashes);
                   });
  for (std::uint64_t index = from.size(); index < size; ++index) {
    tree.push(Rfc9162Hasher::leaf(as_bytes(entry(index))));
  }
  for (unsigned level = 0; level < tree.edge().size(); ++level) {
    const auto hashes = stored_edge(level, tree.edge()[level]);
    const bool is_known =
        level > 0 && full_tiles(from.size(), level - 1) == full_tiles(size, level - 1);
    if (!hashes.empty() && !is_known) put(level, full_tiles(size, level), hashes);
  }
}

}  // namespace ledger
}  // namespace v0
}  // namespace atp
