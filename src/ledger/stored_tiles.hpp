// SPDX-License-Identifier: Apache-2.0
/// The tiles and entry bundles of a ledger in its store.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "atp/core/ids.hpp"
#include "atp/merkle/frontier.hpp"
#include "atp/storage/object_store.hpp"
#include "ledger/tiled_tree.hpp"

namespace atp {
inline namespace v0 {
namespace ledger {

/// The last tile of the lowest level is put when it has grown by so many hashes: a reader asks for
/// the few entries beyond.
inline constexpr std::uint64_t kPartialStep = 4;

/// Of a last tile, the hashes that are put; of the lowest level perhaps none.
inline std::span<const Digest> stored_edge(unsigned level, std::span<const Digest> hashes) {
  return level > 0 ? hashes : hashes.first(hashes.size() - hashes.size() % kPartialStep);
}

class StoredTiles {
 public:
  StoredTiles(ObjectStore& store, const TenantId& tenant) : store_(store), tenant_(tenant) {}

  /// What hashes are taken from. Nothing of it is believed.
  enum class From {
    put,         ///< Tiles that were put; entries only for the last hashes of the lowest level.
    tiles,       ///< Tiles, and where one is missing what is below it.
    full_tiles,  ///< The same without tiles that are not full.
    entries,     ///< Every entry below.
  };
  /// The first `width` hashes of a tile; nothing where something is missing.
  std::optional<Hashes> read(unsigned level, std::uint64_t number, std::uint64_t width, From from);
  /// The stored bytes of the entries in a full bundle; nothing where it is missing or none.
  std::optional<std::vector<std::string>> read_bundle(std::uint64_t number);

  /// By level the last tile of that tree, as far up as they were put. Tiles of another tree are
  /// passed over.
  std::vector<Hashes> edge_of(const merkle::Frontier<Rfc9162Hasher>& tree);

  /// For a `TiledTree`; this must outlive them.
  TiledTree::Source source(From from);
  /// Every way there is.
  std::vector<TiledTree::Source> sources();

 private:
  std::optional<Hashes> find(unsigned level, std::uint64_t number, std::uint64_t stored_width,
                             std::uint64_t width);
  std::optional<Hashes> read_last(unsigned level, std::uint64_t number, std::uint64_t width);
  std::optional<Hashes> read_below(unsigned level, std::uint64_t number, std::uint64_t width,
                                   From from);
  bool add_leaves(Hashes& hashes, std::uint64_t number, std::uint64_t width);

  ObjectStore& store_;
  const TenantId& tenant_;
};

/// Puts the tiles and bundles that a ledger has more of since it had the entries of `from`.
/// `entry` gives the stored bytes of an entry. Where the tiles before are missing, what they alone
/// would tell is left out.
void put_tiles(ObjectStore& store, const TenantId& tenant,
               const merkle::Frontier<Rfc9162Hasher>& from, std::uint64_t size,
               const std::function<std::string(std::uint64_t index)>& entry);

}  // namespace ledger
}  // namespace v0
}  // namespace atp
