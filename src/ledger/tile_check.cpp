// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/tile_check.hpp"

#include <algorithm>
#include <utility>

#include "atp/core/error.hpp"
#include "atp/storage/layout.hpp"
#include "ledger/entry_bundle.hpp"
#include "ledger/stored_tiles.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::uint64_t kTerm = 0;
constexpr std::size_t kNamed = 100;
/// A store that does not answer so often is not asked for all the others.
constexpr std::uint64_t kMostUnread = 10;

}  // namespace

class TileCheck::State {
 public:
  State(ObjectStore& store, TenantId tenant, Mending mending)
      : store_(store),
        tenant_(std::move(tenant)),
        mending_(mending),
        tree_([this](unsigned level, std::uint64_t number, const ledger::Hashes& hashes) {
          compare_tile(level, number, hashes);
        }) {}

  void push(const std::string& stored) {
    ledger::append_to_bundle(bundle_, stored);
    tree_.push(Rfc9162Hasher::leaf(as_bytes(stored)));
    if (tree_.size() % ledger::kTileWidth != 0) return;
    compare(layout::entry_bundle(tenant_, kTerm, tree_.size() / ledger::kTileWidth - 1), bundle_);
    bundle_.clear();
    for (unsigned level = 1; level < tree_.edge().size(); ++level) {
      const bool has_grown =
          tree_.size() % (std::uint64_t{1} << (level * ledger::kTileHeight)) == 0;
      if (has_grown) compare_last(level);
    }
  }

  TileFindings finish() {
    if (!tree_.edge().empty()) compare_last(0);
    return std::move(found_);
  }

 private:
  void compare_last(unsigned level) {
    const auto hashes = ledger::stored_edge(level, tree_.edge()[level]);
    if (!hashes.empty()) compare_tile(level, ledger::full_tiles(tree_.size(), level), hashes);
  }

  void compare_tile(unsigned level, std::uint64_t number, std::span<const Digest> hashes) {
    compare(layout::ledger_tile(tenant_, kTerm, level, number, hashes.size()),
            ledger::print_tile(hashes));
  }

  void compare(const std::string& key, ByteView bytes) {
    if (found_.unread >= kMostUnread) {
      ++found_.unread;
      return;
    }
    try {
      compare_or_throw(key, bytes);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      if (error.kind() == ErrorKind::corrupt) return add_wrong(key, bytes, error.message());
      ++found_.unread;
      if (!found_.trouble) found_.trouble = error;
    }
  }

  void compare_or_throw(const std::string& key, ByteView bytes) {
    const auto stored = find_small_object(store_, key, bytes.size());
    if (stored && std::ranges::equal(*stored, bytes)) {
      ++found_.sound;
    } else if (!stored && !store_.stat(key)) {
      if (mending_ == Mending::mend) ledger::put_derived(store_, key, bytes);
      ++(mending_ == Mending::mend ? found_.put : found_.missing);
    } else if (mending_ == Mending::mend && replace(key, bytes)) {
      ++found_.replaced;
    } else {
      add_wrong(key, bytes, stored ? "SHA-256 " + sha256(*stored).hex() : "more bytes");
    }
  }

  void add_wrong(const std::string& key, ByteView bytes, std::string found) {
    if (++found_.wrong > kNamed) return;
    found_.problems.push_back({Problem::Kind::integrity, key,
                               "SHA-256 " + sha256(bytes).hex() + ", which its entries make",
                               std::move(found)});
  }

  /// False where the store keeps what is there.
  bool replace(const std::string& key, ByteView bytes) {
    try {
      store_.remove(key);
    } catch (const Error& error) {
      const bool kept = error.kind() == ErrorKind::retained || error.kind() == ErrorKind::on_hold ||
                        error.kind() == ErrorKind::permission_denied;
      if (!kept) throw;
      return false;
    }
    ledger::put_derived(store_, key, bytes);
    return true;
  }

  ObjectStore& store_;
  const TenantId tenant_;
  const Mending mending_;
  TileFindings found_;
  ledger::TileBuilder tree_;
  Bytes bundle_;
};

TileCheck::TileCheck(ObjectStore& store, const TenantId& tenant, Mending mending)
    : state_(std::make_unique<State>(store, tenant, mending)) {}
TileCheck::~TileCheck() = default;

void TileCheck::push(const std::string& stored) { state_->push(stored); }
TileFindings TileCheck::finish() { return state_->finish(); }

}  // namespace v0
}  // namespace atp
