// SPDX-License-Identifier: Apache-2.0
/// The tiles and entry bundles of a ledger in its store.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
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

/// Puts what is derived. What is there already stays, whatever it is.
void put_derived(ObjectStore& store, const std::string& key, ByteView bytes);

/// What is read of tiles. One that cannot be read is as good as missing: where it is the store that
/// does not answer, the entries show it.
class StoredTiles {
 public:
  /// `store` must outlive it.
  StoredTiles(ObjectStore& store, TenantId tenant, std::stop_token stop = {})
      : store_(store), tenant_(std::move(tenant)), stop_(std::move(stop)) {}

  /// What hashes are taken from. Nothing of it is believed.
  enum class From {
    stored,        ///< Tiles alone; entries only for the last hashes of the lowest level.
    stored_below,  ///< What is below the tile, of that as `stored` says.
    tiles,         ///< The tile, and where it is missing what is below it.
    below,         ///< What is below the tile, of that as `tiles` says.
    entries,       ///< Every entry below.
  };
  /// The first `width` hashes of a tile; nothing where something is missing. Throws: cancelled, and
  /// what keeps an entry from being read.
  std::optional<Hashes> read(unsigned level, std::uint64_t number, std::uint64_t width, From from);
  /// The tile that was put with `stored_width` hashes, and no other way.
  std::optional<Hashes> find(unsigned level, std::uint64_t number, std::uint64_t stored_width,
                             std::uint64_t width);
  /// The stored bytes of the entries in a full bundle; nothing where it is missing or none.
  std::optional<std::vector<std::string>> read_bundle(std::uint64_t number);

  /// For a `TiledTree`; this must outlive it.
  TiledTree::Source source(From from);

 private:
  std::optional<Bytes> find_derived(const std::string& key, std::uint64_t limit);
  std::optional<Hashes> read_last(unsigned level, std::uint64_t number, std::uint64_t width);
  std::optional<Hashes> read_below(unsigned level, std::uint64_t number, std::uint64_t width,
                                   From from);
  bool add_leaves(Hashes& hashes, std::uint64_t number, std::uint64_t width);

  ObjectStore& store_;
  const TenantId tenant_;
  const std::stop_token stop_;
};

/// The tree of a ledger as it was signed at a size, out of its store.
class StoredTree {
 public:
  StoredTree(ObjectStore& store, const TenantId& tenant, std::uint64_t size, const Digest& root,
             std::stop_token stop = {});
  StoredTree(const StoredTree&) = delete;
  StoredTree& operator=(const StoredTree&) = delete;

  TiledTree* operator->() { return &tree_; }

 private:
  StoredTiles tiles_;
  TiledTree tree_;
};

/// Puts the tiles and bundles that a ledger has more of since it had the entries of `from`, and the
/// last ones before where they were not put. `entry` gives the stored bytes of an entry. What only
/// older tiles would tell, where those are missing, is left out.
void put_tiles(ObjectStore& store, const TenantId& tenant,
               const merkle::Frontier<Rfc9162Hasher>& from, std::uint64_t size,
               const std::function<std::string(std::uint64_t index)>& entry);

}  // namespace ledger
}  // namespace v0
}  // namespace atp
