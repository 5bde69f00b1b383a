// SPDX-License-Identifier: Apache-2.0
#include "ledger/stored_tiles.hpp"

#include <algorithm>
#include <bit>

#include "atp/core/error.hpp"
#include "atp/core/progress.hpp"
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

class TileWriter {
 public:
  using EntryAt = std::function<std::string(std::uint64_t index)>;

  TileWriter(ObjectStore& store, const TenantId& tenant, const EntryAt& entry)
      : store_(store), tenant_(tenant), entry_(entry), tiles_(store, tenant) {}

  void go_on(const merkle::Frontier<Rfc9162Hasher>& from, std::uint64_t size) {
    TileBuilder tree(from.size(), edge_of(from),
                     [this](unsigned level, std::uint64_t number, const Hashes& hashes) {
                       put_full(level, number, hashes);
                     });
    for (std::uint64_t index = from.size(); index < size; ++index) tree.push(leaf(index));
    for (unsigned level = 0; level < tree.edge().size(); ++level) {
      const bool has_grown =
          level == 0 || full_tiles(from.size(), level - 1) != full_tiles(size, level - 1);
      const auto hashes = stored_edge(level, tree.edge()[level]);
      if (has_grown && !hashes.empty()) put(level, full_tiles(size, level), hashes);
    }
  }

 private:
  /// By level the last tile of that tree, as far up as they can be told. Tiles of another tree are
  /// passed over.
  std::vector<Hashes> edge_of(const merkle::Frontier<Rfc9162Hasher>& tree) {
    std::vector<Hashes> edge;
    for (unsigned level = 0; level < levels_of(tree.size()); ++level) {
      auto hashes = last_tile(tree, level);
      if (!hashes) break;
      edge.push_back(*std::move(hashes));
    }
    return edge;
  }

  std::optional<Hashes> last_tile(const merkle::Frontier<Rfc9162Hasher>& tree, unsigned level) {
    const std::uint64_t number = full_tiles(tree.size(), level);
    const std::uint64_t width = edge_width(tree.size(), level);
    if (width == 0) return Hashes();
    auto hashes = level == 0 ? tiles_.read(0, number, width, StoredTiles::From::stored)
                             : tiles_.find(level, number, width, width);
    if (hashes && is_edge_of(tree, level, *hashes)) return hashes;
    if (level > 0) return rebuilt(tree, level, number, width);
    hashes = tiles_.read(0, number, width, StoredTiles::From::entries);
    return hashes && is_edge_of(tree, level, *hashes) ? hashes : std::nullopt;
  }

  /// The tile before it had its newest hash, and that; what a run before was kept from putting.
  std::optional<Hashes> rebuilt(const merkle::Frontier<Rfc9162Hasher>& tree, unsigned level,
                                std::uint64_t number, std::uint64_t width) {
    const auto before = width > 1 ? tiles_.find(level, number, width - 1, width - 1) : Hashes();
    if (!before) return std::nullopt;
    const std::uint64_t newest = number * kTileWidth + width - 1;
    const auto with = [&](const std::optional<Hashes>& below) -> std::optional<Hashes> {
      if (!below) return std::nullopt;
      Hashes hashes = *before;
      hashes.push_back(root_of(*below));
      if (!is_edge_of(tree, level, hashes)) return std::nullopt;
      put(level, number, hashes);
      return hashes;
    };
    if (auto hashes = with(tiles_.find(level - 1, newest, kTileWidth, kTileWidth))) return hashes;
    if (level > 1) return std::nullopt;
    const auto leaves = tiles_.read(0, newest, kTileWidth, StoredTiles::From::entries);
    auto hashes = with(leaves);
    if (hashes) put_full(0, newest, *leaves);
    return hashes;
  }

  void put(unsigned level, std::uint64_t number, std::span<const Digest> hashes) {
    put_derived(store_, layout::ledger_tile(tenant_, kTerm, level, number, hashes.size()),
                print_tile(hashes));
  }

  /// The bundle first: where the tile is there, so is its bundle.
  void put_full(unsigned level, std::uint64_t number, const Hashes& hashes) {
    if (level == 0) put_bundle(number, hashes);
    put(level, number, hashes);
  }

  void put_bundle(std::uint64_t number, const Hashes& leaves) {
    Bytes bundle;
    for (std::uint64_t i = 0; i < kTileWidth; ++i) {
      const std::string stored = entry_(number * kTileWidth + i);
      if (Rfc9162Hasher::leaf(as_bytes(stored)) != leaves[i]) return;
      append_to_bundle(bundle, stored);
    }
    put_derived(store_, layout::entry_bundle(tenant_, kTerm, number), bundle);
  }

  Digest leaf(std::uint64_t index) const { return Rfc9162Hasher::leaf(as_bytes(entry_(index))); }

  ObjectStore& store_;
  const TenantId& tenant_;
  const EntryAt& entry_;
  StoredTiles tiles_;
};

}  // namespace

void put_derived(ObjectStore& store, const std::string& key, ByteView bytes) {
  try {
    put_object(store, key, bytes, {});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::already_exists) throw;
  }
}

std::optional<Bytes> StoredTiles::find_derived(const std::string& key, std::uint64_t limit) {
  throw_if_stopped(stop_);
  try {
    return find_small_object(store_, key, limit);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    return std::nullopt;
  }
}

std::optional<Hashes> StoredTiles::find(unsigned level, std::uint64_t number,
                                        std::uint64_t stored_width, std::uint64_t width) {
  const auto bytes =
      find_derived(layout::ledger_tile(tenant_, kTerm, level, number, stored_width), kTileLimit);
  return bytes ? parse_tile(*bytes, width) : std::nullopt;
}

bool StoredTiles::add_leaves(Hashes& hashes, std::uint64_t number, std::uint64_t width) {
  while (hashes.size() < width) {
    throw_if_stopped(stop_);
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
    if (!add_leaves(hashes, number, width)) return std::nullopt;
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
  if (from == From::entries) return read_below(level, number, width, from);
  if (from == From::below) return read_below(level, number, width, From::tiles);
  if (from == From::stored_below) return read_below(level, number, width, From::stored);
  if (width < kTileWidth) {
    if (auto last = read_last(level, number, width)) return last;
  }
  if (auto full = find(level, number, kTileWidth, width)) return full;
  const bool is_lowest = level == 0 && width == kTileWidth;
  if (from == From::stored && is_lowest) return std::nullopt;
  return read_below(level, number, width, from);
}

std::optional<std::vector<std::string>> StoredTiles::read_bundle(std::uint64_t number) {
  const auto bytes = find_derived(layout::entry_bundle(tenant_, kTerm, number), kBundleLimit);
  return bytes ? parse_bundle(*bytes) : std::nullopt;
}

TiledTree::Source StoredTiles::source(From from) {
  return [this, from](unsigned level, std::uint64_t number, std::uint64_t width) {
    return read(level, number, width, from);
  };
}

StoredTree::StoredTree(ObjectStore& store, const TenantId& tenant, std::uint64_t size,
                       const Digest& root, std::stop_token stop)
    : tiles_(store, tenant, std::move(stop)),
      tree_(layout::ledger_entries(tenant, kTerm), size, root,
            {tiles_.source(StoredTiles::From::tiles), tiles_.source(StoredTiles::From::below),
             tiles_.source(StoredTiles::From::entries)}) {}

void put_tiles(ObjectStore& store, const TenantId& tenant,
               const merkle::Frontier<Rfc9162Hasher>& from, std::uint64_t size,
               const std::function<std::string(std::uint64_t index)>& entry) {
  TileWriter(store, tenant, entry).go_on(from, size);
}

}  // namespace ledger
}  // namespace v0
}  // namespace atp
