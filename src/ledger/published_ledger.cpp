// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/published_ledger.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/merkle/proof.hpp"
#include "atp/merkle/stored_tree.hpp"
#include "ledger/tile_paths.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::uint64_t kTileLimit = ledger::kTileWidth * ledger::kHashSize;

Digest hash_in(const Bytes& tile, std::uint64_t index) {
  Digest hash;
  std::copy_n(tile.begin() + static_cast<std::ptrdiff_t>(index * ledger::kHashSize),
              ledger::kHashSize, hash.bytes.begin());
  return hash;
}

}  // namespace

PublishedLedger::PublishedLedger(FileSystem& files, Path folder, const TrustPolicy& trust)
    : files_(&files), folder_(std::move(folder)) {
  const Path path = folder_ / "checkpoint";
  note_ = as_text(read_file(files, path, kCheckpointLimit));
  auto checkpoint = open_checkpoint(note_, trust.keys_of(KeyRole::ledger));
  if (!checkpoint) {
    throw Error(ErrorKind::untrusted, path.string(),
                "expected a checkpoint signed by a trusted ledger key, found none");
  }
  checkpoint_ = std::move(*checkpoint);
}

PublishedLedger::Prefix PublishedLedger::prefix(std::uint64_t size) {
  const auto nodes = [this](unsigned level, std::uint64_t index) { return node_at(level, index); };
  Prefix prefix{.proof = merkle::consistency_proof<Rfc9162Hasher>(nodes, checkpoint_.size, size)};
  prefix.root = merkle::root_over<Rfc9162Hasher>(nodes, {0, size});
  if (merkle::verify_consistency<Rfc9162Hasher>(size, checkpoint_.size, prefix.proof, prefix.root,
                                                checkpoint_.root)) {
    return prefix;
  }
  throw Error(ErrorKind::corrupt, folder_.string(),
              "its tiles do not give the root of its checkpoint, " + checkpoint_.root.hex());
}

merkle::Proof PublishedLedger::inclusion_proof(std::uint64_t index, const Digest& leaf_hash) {
  const auto nodes = [this](unsigned level, std::uint64_t at) { return node_at(level, at); };
  auto proof = merkle::inclusion_proof<Rfc9162Hasher>(nodes, checkpoint_.size, index);
  if (merkle::verify_inclusion<Rfc9162Hasher>(index, checkpoint_.size, leaf_hash, proof,
                                              checkpoint_.root)) {
    return proof;
  }
  throw Error(ErrorKind::corrupt, folder_.string(),
              "its tiles do not lead from entry " + std::to_string(index) +
                  " to the root of its checkpoint");
}

/// Levels between those of the tiles are hashed together out of the tile below.
Digest PublishedLedger::node_at(unsigned level, std::uint64_t index) {
  const unsigned tile_level = level / ledger::kTileHeight;
  const std::uint64_t below = std::uint64_t{1} << (level % ledger::kTileHeight);
  const std::uint64_t first = index * below;
  const Bytes& hashes = tile(tile_level, first / ledger::kTileWidth);
  merkle::Frontier<Rfc9162Hasher> tree;
  for (std::uint64_t i = first % ledger::kTileWidth, end = i + below; i < end; ++i) {
    tree.push(hash_in(hashes, i));
  }
  return tree.root();
}

const Bytes& PublishedLedger::tile(unsigned level, std::uint64_t number) {
  const auto known = tiles_.find({level, number});
  if (known != tiles_.end()) return known->second;
  const std::uint64_t width = ledger::tile_width(checkpoint_.size, level, number);
  const Path exact = folder_ / ledger::hash_tile(level, number, width);
  const Path full = folder_ / ledger::hash_tile(level, number, ledger::kTileWidth);
  // A partial tile may be gone once the full one is there.
  const Path& path = !files_->status(exact) && files_->status(full) ? full : exact;
  Bytes bytes = read_file(*files_, path, kTileLimit);
  if (bytes.size() < width * ledger::kHashSize) {
    throw Error(ErrorKind::corrupt, path.string(),
                "expected " + std::to_string(width) + " hashes, found " +
                    std::to_string(bytes.size()) + " bytes");
  }
  return tiles_.emplace(std::pair(level, number), std::move(bytes)).first->second;
}

}  // namespace v0
}  // namespace atp
