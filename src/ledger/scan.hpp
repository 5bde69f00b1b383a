// SPDX-License-Identifier: Apache-2.0
/// A ledger read from the store in one pass: entries in batches, each checkpoint when the tree has
/// come to its size.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "atp/ledger/ledger.hpp"
#include "ledger/stored_tiles.hpp"
#include "ledger/tiled_tree.hpp"

namespace atp {
inline namespace v0 {
namespace ledger {

/// Checkpoints in order of their size, listed as they are needed.
class CheckpointCursor {
 public:
  /// Lists the first of those over more than `above` entries.
  CheckpointCursor(ObjectStore& store, const TenantId& tenant, std::uint64_t above,
                   std::vector<Problem>& problems);

  const std::string& key() const { return keys_[next_]; }
  /// Of the current one; nothing after the last.
  std::optional<std::uint64_t> size();
  void advance() { ++next_; }

 private:
  bool fetch();

  ObjectStore& store_;
  std::string prefix_;
  std::vector<Problem>& problems_;
  std::vector<std::string> keys_;
  std::size_t next_ = 0;
  std::optional<std::string> after_;  ///< Nothing once all are listed.
};

/// The entry `index` of the ledger `origin`, checked by itself; where it cannot be believed, the
/// problem is added.
std::optional<LedgerEntry> read_entry(ObjectStore& store, const TrustPolicy* trust,
                                      const TenantId& tenant, const std::string& origin,
                                      std::uint64_t index, std::vector<Problem>& problems);

class Scan {
 public:
  /// Goes on behind the entries that `head` has taken in.
  Scan(ObjectStore& store, const TrustPolicy* trust, const TenantId& tenant, LedgerHead& head,
       ScanLedgerOptions options, std::function<void(LedgerEntry&&)> each)
      : store_(store),
        trust_(trust),
        tenant_(tenant),
        head_(head),
        options_(std::move(options)),
        each_(std::move(each)),
        tiles_(store, tenant, options_.stop) {}

  /// Entries, up to the first that is missing or cannot be believed, and every checkpoint over more
  /// entries than `head` had.
  void read_all();
  /// The entries alone. False where one is missing or cannot be believed.
  bool read_entries();

 private:
  using Loaded = std::optional<CheckedDocument<Statement>>;

  void find_bundles();
  bool read_batch(std::span<const std::string> keys, std::span<const ListedInfo> infos);
  void read_bundles(std::span<const ListedInfo> infos,
                    std::vector<std::optional<std::string>>& stored);
  bool take_in(const std::string& key, const std::string& stored, Loaded& loaded);
  void check_due();
  void check_checkpoint(const std::string& key, std::uint64_t size);
  std::vector<PublicKey> keys_of_now() const;
  void add(Problem problem) { head_.problems.push_back(std::move(problem)); }

  ObjectStore& store_;
  const TrustPolicy* trust_;
  const TenantId& tenant_;
  LedgerHead& head_;
  ScanLedgerOptions options_;
  std::function<void(LedgerEntry&&)> each_;
  CheckpointCursor* due_ = nullptr;
  StoredTiles tiles_;
  std::optional<TiledTree> tree_ = {};  ///< That bundles must lead to; without one none is read.
  std::uint64_t tree_size_ = 0;
};

}  // namespace ledger
}  // namespace v0
}  // namespace atp
