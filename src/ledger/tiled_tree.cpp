// SPDX-License-Identifier: Apache-2.0
#include "ledger/tiled_tree.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/merkle/stored_tree.hpp"

namespace atp {
inline namespace v0 {
namespace ledger {

Digest root_of(std::span<const Digest> hashes) { return merkle::root<Rfc9162Hasher>(hashes); }

Bytes print_tile(std::span<const Digest> hashes) {
  Bytes bytes;
  bytes.reserve(hashes.size() * kHashSize);
  for (const Digest& hash : hashes) {
    bytes.insert(bytes.end(), hash.bytes.begin(), hash.bytes.end());
  }
  return bytes;
}

std::optional<Hashes> parse_tile(ByteView bytes, std::uint64_t width) {
  if (bytes.size() % kHashSize != 0 || bytes.size() / kHashSize < width) return std::nullopt;
  Hashes hashes(width);
  for (Digest& hash : hashes) {
    std::ranges::copy(bytes.first(kHashSize), hash.bytes.begin());
    bytes = bytes.subspan(kHashSize);
  }
  return hashes;
}

void TileBuilder::push(const Digest& leaf_hash) {
  add(0, leaf_hash);
  ++size_;
}

void TileBuilder::add(unsigned level, const Digest& hash) {
  if (level == edge_.size()) {
    if (!is_whole_) return;
    edge_.emplace_back();
  }
  edge_[level].push_back(hash);
  if (edge_[level].size() < kTileWidth) return;
  const Hashes full = std::exchange(edge_[level], {});
  on_full_(level, full_tiles(size_, level), full);
  add(level + 1, root_of(full));
}

void TiledTree::refuse() const {
  throw Error(
      ErrorKind::corrupt, subject_,
      "does not lead to root " + root_.hex() + " over " + std::to_string(size_) + " entries");
}

std::optional<std::vector<Hashes>> TiledTree::edge_from(const Source& source) const {
  std::vector<Hashes> edge(levels_of(size_));
  merkle::Frontier<Rfc9162Hasher> tree;
  for (auto level = static_cast<unsigned>(edge.size()); level-- > 0;) {
    const std::uint64_t width = edge_width(size_, level);
    if (width == 0) continue;
    auto hashes = source(level, full_tiles(size_, level), width);
    if (!hashes) return std::nullopt;
    for (const Digest& hash : *hashes) tree.push_subtree(level * kTileHeight, hash);
    edge[level] = *std::move(hashes);
  }
  if (tree.root() != root_) return std::nullopt;
  return edge;
}

const std::vector<Hashes>& TiledTree::edge() {
  if (edge_) return *edge_;
  for (const Source& source : sources_) {
    edge_ = edge_from(source);
    if (edge_) return *edge_;
  }
  refuse();
}

const Hashes& TiledTree::tile(unsigned level, std::uint64_t number) {
  if (number == full_tiles(size_, level)) return edge()[level];
  const auto known = tiles_.find({level, number});
  if (known != tiles_.end()) return known->second;
  const Digest expected = tile(level + 1, number / kTileWidth)[number % kTileWidth];
  for (const Source& source : sources_) {
    auto hashes = source(level, number, kTileWidth);
    if (hashes && root_of(*hashes) == expected) {
      return tiles_.emplace(std::pair(level, number), *std::move(hashes)).first->second;
    }
  }
  refuse();
}

/// Levels between those of the tiles are hashed together out of the tile below.
Digest TiledTree::node_at(unsigned level, std::uint64_t index) {
  const std::uint64_t below = std::uint64_t{1} << (level % kTileHeight);
  const std::uint64_t first = index * below;
  const Hashes& hashes = tile(level / kTileHeight, first / kTileWidth);
  return root_of(std::span(hashes).subspan(first % kTileWidth, below));
}

Digest TiledTree::root_at(std::uint64_t size) {
  if (size > size_) {
    throw Error(ErrorKind::invalid_argument, subject_,
                "has " + std::to_string(size_) + " entries, not " + std::to_string(size));
  }
  if (size == size_) return root_;
  const auto nodes = [this](unsigned level, std::uint64_t index) { return node_at(level, index); };
  return merkle::root_over<Rfc9162Hasher>(nodes, {0, size});
}

merkle::Proof TiledTree::consistency_proof(std::uint64_t size) {
  const auto nodes = [this](unsigned level, std::uint64_t index) { return node_at(level, index); };
  return merkle::consistency_proof<Rfc9162Hasher>(nodes, size_, size);
}

merkle::Proof TiledTree::inclusion_proof(std::uint64_t index, const Digest& leaf_hash) {
  const auto nodes = [this](unsigned level, std::uint64_t at) { return node_at(level, at); };
  merkle::Proof proof = merkle::inclusion_proof<Rfc9162Hasher>(nodes, size_, index);
  if (node_at(0, index) == leaf_hash) return proof;
  throw Error(
      ErrorKind::corrupt, subject_,
      "entry " + std::to_string(index) + " is not the one that root " + root_.hex() + " covers");
}

}  // namespace ledger
}  // namespace v0
}  // namespace atp
