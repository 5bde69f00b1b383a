// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/published_ledger.hpp"

#include "atp/core/error.hpp"
#include "ledger/tile_paths.hpp"
#include "ledger/tiled_tree.hpp"

namespace atp {
inline namespace v0 {
namespace {

ledger::TiledTree::Source files_of(FileSystem& files, const Path& folder) {
  return [&files, folder](unsigned level, std::uint64_t number, std::uint64_t width) {
    const Path exact = folder / ledger::hash_tile(level, number, width);
    const Path full = folder / ledger::hash_tile(level, number, ledger::kTileWidth);
    // A partial tile may be gone once the full one is there.
    const Path& path = !files.status(exact) && files.status(full) ? full : exact;
    return ledger::parse_tile(read_file(files, path, ledger::kTileLimit), width);
  };
}

}  // namespace

PublishedLedger::PublishedLedger(FileSystem& files, const Path& folder, const TrustPolicy& trust) {
  const Path path = folder / "checkpoint";
  note_ = as_text(read_file(files, path, kCheckpointLimit));
  auto checkpoint = open_checkpoint(note_, trust.keys_of(KeyRole::ledger));
  if (!checkpoint) {
    throw Error(ErrorKind::untrusted, path.string(),
                "expected a checkpoint signed by a trusted ledger key, found none");
  }
  checkpoint_ = std::move(*checkpoint);
  tree_ = std::make_unique<ledger::TiledTree>(folder.string(), checkpoint_.size, checkpoint_.root,
                                              std::vector{files_of(files, folder)});
}
PublishedLedger::~PublishedLedger() = default;
PublishedLedger::PublishedLedger(PublishedLedger&&) noexcept = default;
PublishedLedger& PublishedLedger::operator=(PublishedLedger&&) noexcept = default;

PublishedLedger::Prefix PublishedLedger::prefix(std::uint64_t size) {
  Prefix prefix{.proof = tree_->consistency_proof(size)};
  prefix.root = tree_->root_at(size);
  return prefix;
}

merkle::Proof PublishedLedger::inclusion_proof(std::uint64_t index, const Digest& leaf_hash) {
  return tree_->inclusion_proof(index, leaf_hash);
}

}  // namespace v0
}  // namespace atp
