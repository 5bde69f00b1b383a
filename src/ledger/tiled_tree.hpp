// SPDX-License-Identifier: Apache-2.0
/// A ledger's tree in tiles of 256 hashes (C2SP tlog-tiles.md): built leaf by leaf, and read from
/// wherever its tiles are.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "atp/crypto/sha256.hpp"
#include "atp/merkle/frontier.hpp"
#include "atp/merkle/tree.hpp"

namespace atp {
inline namespace v0 {
namespace ledger {

inline constexpr unsigned kTileHeight = 8;
inline constexpr std::uint64_t kTileWidth = 1 << kTileHeight;
inline constexpr std::size_t kHashSize = sizeof(Digest);
inline constexpr std::uint64_t kTileLimit = kTileWidth * kHashSize;

using Hashes = std::vector<Digest>;

/// How many tiles of `level` are full in a tree with `size` leaves: the number of the one that is
/// not.
constexpr std::uint64_t full_tiles(std::uint64_t size, unsigned level) {
  const unsigned shift = (level + 1) * kTileHeight;
  return shift < 64 ? size >> shift : 0;
}

/// How many hashes that one has.
constexpr std::uint64_t edge_width(std::uint64_t size, unsigned level) {
  return (size >> (level * kTileHeight)) % kTileWidth;
}

/// How many levels a tree with `size` leaves has.
constexpr unsigned levels_of(std::uint64_t size) {
  unsigned levels = 0;
  for (; size > 0; size >>= kTileHeight) ++levels;
  return levels;
}

/// The root over the hashes of a tile.
Digest root_of(std::span<const Digest> hashes);

Bytes print_tile(std::span<const Digest> hashes);
/// The first `width` hashes; nothing where the bytes are fewer, or no whole number of hashes.
std::optional<Hashes> parse_tile(ByteView bytes, std::uint64_t width);

/// Takes leaves in order and gives out each tile that becomes full.
class TileBuilder {
 public:
  using OnFull = std::function<void(unsigned level, std::uint64_t number, const Hashes&)>;

  explicit TileBuilder(OnFull on_full) : on_full_(std::move(on_full)) {}
  /// Goes on with a tree of `size` leaves, of which `edge` has, by level, the hashes of the tile
  /// that is not full. Of what is above the levels of `edge` nothing is known, or built.
  TileBuilder(std::uint64_t size, std::vector<Hashes> edge, OnFull on_full)
      : on_full_(std::move(on_full)),
        size_(size),
        edge_(std::move(edge)),
        is_whole_(edge_.size() >= levels_of(size)) {}

  void push(const Digest& leaf_hash);

  std::uint64_t size() const { return size_; }
  const std::vector<Hashes>& edge() const { return edge_; }

 private:
  void add(unsigned level, const Digest& hash);

  OnFull on_full_;
  std::uint64_t size_ = 0;
  std::vector<Hashes> edge_;
  bool is_whole_ = true;
};

/// The tree under a root that is believed. Tiles need not be: each is compared with the hash above
/// it, and where it is not the one, the next source is asked.
class TiledTree {
 public:
  /// The first `width` hashes of a tile; nothing where this source does not have them.
  using Source =
      std::function<std::optional<Hashes>(unsigned level, std::uint64_t number, std::uint64_t)>;

  /// `subject` is that of errors.
  TiledTree(std::string subject, std::uint64_t size, const Digest& root,
            std::vector<Source> sources)
      : subject_(std::move(subject)), size_(size), root_(root), sources_(std::move(sources)) {}

  /// The root over leaves `[index << level, (index + 1) << level)`, all of them in the tree.
  /// Throws: corrupt where no source leads to the root; what sources throw.
  Digest node_at(unsigned level, std::uint64_t index);

  /// The root when the tree had `size` leaves, and that it goes on from there. Throws: as
  /// `node_at`; invalid_argument for more leaves than it has, and for a proof from none.
  Digest root_at(std::uint64_t size);
  merkle::Proof consistency_proof(std::uint64_t size);
  /// Throws: as `node_at`; corrupt where the leaf is another; invalid_argument for none of it.
  merkle::Proof inclusion_proof(std::uint64_t index, const Digest& leaf_hash);

 private:
  const Hashes& tile(unsigned level, std::uint64_t number);
  const std::vector<Hashes>& edge();
  std::optional<std::vector<Hashes>> edge_from(const Source& source) const;
  [[noreturn]] void refuse() const;

  std::string subject_;
  std::uint64_t size_;
  Digest root_;
  std::vector<Source> sources_;
  std::optional<std::vector<Hashes>> edge_;
  std::map<std::pair<unsigned, std::uint64_t>, Hashes> tiles_;
};

}  // namespace ledger
}  // namespace v0
}  // namespace atp
