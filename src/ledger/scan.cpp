// SPDX-License-Identifier: Apache-2.0
#include "ledger/scan.hpp"

#include "atp/core/error.hpp"
#include "atp/core/parallel.hpp"
#include "atp/model/acts.hpp"
#include "atp/model/signed_document.hpp"
#include "atp/storage/layout.hpp"

namespace atp {
inline namespace v0 {
namespace ledger {
namespace {

constexpr std::uint64_t kTerm = 0;
constexpr std::size_t kBatch = 512;
constexpr std::size_t kKeysPerPage = 488 * kBatch;

Problem integrity(std::string subject, std::string expected, std::string found) {
  return {Problem::Kind::integrity, std::move(subject), std::move(expected), std::move(found)};
}

/// Why `statement` cannot stand at `index`; nothing where it can.
std::optional<Problem> misplaced(const Statement& statement, const std::string& key,
                                 std::uint64_t index, const std::string& origin,
                                 const TrustPolicy* trust) {
  if (statement.index != index) {
    return integrity(key, "index " + std::to_string(index),
                     "index " + std::to_string(statement.index));
  }
  if (!origin.empty() && statement.origin != origin) {
    return integrity(key, "origin " + origin, "origin " + statement.origin);
  }
  if (trust != nullptr && !is_origin(statement.origin, trust->domain)) {
    return Problem{Problem::Kind::trust, key,
                   "an origin " + trust->domain + "/<16 hexadecimal digits>/<term>",
                   "origin " + statement.origin};
  }
  if ((statement.action == acts::kLedgerOpened.action) != (index == 0)) {
    return integrity(key, index == 0 ? "ledger.opened" : "another action than ledger.opened",
                     statement.action);
  }
  return std::nullopt;
}

}  // namespace

std::optional<LedgerEntry> read_entry(ObjectStore& store, const TrustPolicy* trust,
                                      const TenantId& tenant, const std::string& origin,
                                      std::uint64_t index, std::vector<Problem>& problems) {
  const std::string key = layout::ledger_entry(tenant, kTerm, index);
  const auto bytes = find_small_object(store, key, kStatementLimit);
  if (!bytes) {
    problems.push_back(integrity(key, "a statement", "none, or one over the limit"));
    return std::nullopt;
  }
  auto checked = check_document<Statement>(as_text(*bytes), trust, tenant);
  if (!checked.document) {
    problems.push_back(problem_of(key, checked));
    return std::nullopt;
  }
  if (auto problem = misplaced(*checked.document, key, index, origin, trust)) {
    problems.push_back(std::move(*problem));
    return std::nullopt;
  }
  return LedgerEntry{std::move(*checked.document), std::string(as_text(*bytes))};
}

CheckpointCursor::CheckpointCursor(ObjectStore& store, const TenantId& tenant, std::uint64_t above,
                                   std::vector<Problem>& problems)
    : store_(store),
      prefix_(layout::ledger_checkpoints(tenant, kTerm)),
      problems_(problems),
      after_(above == 0 ? "" : layout::ledger_checkpoint(tenant, kTerm, above)) {
  fetch();
}

bool CheckpointCursor::fetch() {
  if (!after_) return false;
  ListPageOfKeys page = list_keys(store_, prefix_, *after_, kKeysPerPage);
  keys_ = std::move(page.keys);
  after_ = std::move(page.next);
  next_ = 0;
  return true;
}

std::optional<std::uint64_t> CheckpointCursor::size() {
  for (;; advance()) {
    while (next_ == keys_.size()) {
      if (!fetch()) return std::nullopt;
    }
    if (const auto size = layout::find_number(key(), 4)) return size;
    problems_.push_back(integrity(key(), "a size of 20 digits", "another name"));
  }
}

void Scan::read_all() {
  if (options_.entries == EntriesFrom::bundles) find_bundles();
  CheckpointCursor cursor(store_, tenant_, head_.tree.size(),
                          head_.problems);  // Others may append while we read.
  due_ = &cursor;
  check_due();
  bool sound = read_entries();
  while (sound && cursor.size()) {
    const std::uint64_t before = head_.tree.size();
    sound = read_entries();  // A checkpoint comes after its entries: they may be there by now.
    if (head_.tree.size() > before) continue;
    check_checkpoint(cursor.key(), *cursor.size());
    cursor.advance();
  }
  due_ = nullptr;
}

bool Scan::read_entries() {
  const std::string prefix = layout::ledger_entries(tenant_, kTerm);
  std::uint64_t index = head_.tree.size();
  std::string after = index == 0 ? "" : layout::ledger_entry(tenant_, kTerm, index - 1);
  for (;;) {
    const ListPageOfKeys page = list_keys(store_, prefix, after, kKeysPerPage);
    std::span<const std::string> keys(page.keys);
    std::span<const ListedInfo> infos(page.infos);
    while (!keys.empty()) {
      std::size_t fitting = 0;
      while (fitting < std::min(kBatch, keys.size()) &&
             keys[fitting] == layout::ledger_entry(tenant_, kTerm, index + fitting)) {
        ++fitting;
      }
      if (!read_batch(keys.first(fitting), infos.first(std::min(fitting, infos.size()))))
        return false;
      index += fitting;
      keys = keys.subspan(fitting);
      infos = infos.subspan(std::min(fitting, infos.size()));
      if (fitting > 0) continue;
      add(integrity(layout::ledger_entry(tenant_, kTerm, index), "an entry",
                    "none, but " + keys.front()));
      return false;
    }
    if (!page.next) return true;
    after = *page.next;
  }
}

/// The newest checkpoint by a trusted key. What it says is held against the entries later.
void Scan::find_bundles() {
  std::string newest;
  for_each_key(store_, layout::ledger_checkpoints(tenant_, kTerm),
               [&](const std::string& key) { newest = key; });
  if (newest.empty()) return;
  const Bytes note = find_small_object(store_, newest, kCheckpointLimit).value_or(Bytes());
  const auto checkpoint = trust_ ? open_checkpoint(as_text(note), trust_->keys_of(KeyRole::ledger))
                                 : parse_checkpoint(as_text(note));
  if (!checkpoint) return;
  tree_.emplace(newest, checkpoint->size, checkpoint->root,
                std::vector{tiles_.source(StoredTiles::From::stored),
                            tiles_.source(StoredTiles::From::stored_below)});
  tree_size_ = checkpoint->size;
}

void Scan::read_bundles(std::span<const ListedInfo> infos,
                        std::vector<std::optional<std::string>>& stored) {
  const std::uint64_t first = head_.tree.size();
  const std::uint64_t end = std::min(tree_size_, first + stored.size());
  const std::uint64_t begin_number = (first + kTileWidth - 1) / kTileWidth;
  const std::uint64_t end_number = std::max(begin_number, end / kTileWidth);
  struct Bundle {
    std::vector<std::string> entries = {};
    Digest root = {};
  };
  std::vector<std::optional<Bundle>> bundles(end_number - begin_number);
  parallel_for(bundles.size(), options_.workers, options_.stop, [&](std::size_t i) {
    auto entries = tiles_.read_bundle(begin_number + i);
    if (!entries) return;
    merkle::Frontier<Rfc9162Hasher> tree;
    for (const std::string& entry : *entries) tree.push(Rfc9162Hasher::leaf(as_bytes(entry)));
    bundles[i] = Bundle{*std::move(entries), tree.root()};
  });
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    if (!bundles[i] || bundles[i]->root != tree_->node_at(kTileHeight, begin_number + i)) continue;
    const std::size_t at = (begin_number + i) * kTileWidth - first;
    const auto has_its_size = [&](std::size_t j) {
      const auto size = at + j < infos.size() ? infos[at + j].size : std::nullopt;
      return !size || *size == bundles[i]->entries[j].size();
    };
    for (std::size_t j = 0; j < kTileWidth; ++j) {
      if (!has_its_size(j)) continue;
      stored[at + j] = std::move(bundles[i]->entries[j]);
      ++head_.from_bundles;
    }
  }
}

bool Scan::read_batch(std::span<const std::string> keys, std::span<const ListedInfo> infos) {
  std::vector<std::optional<std::string>> stored(keys.size());
  if (tree_) {
    try {
      read_bundles(infos, stored);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      tree_.reset();  // Its tiles are missing or wrong: entries do without.
    }
  }
  std::vector<Loaded> loaded(keys.size());
  parallel_for(keys.size(), options_.workers, options_.stop, [&](std::size_t i) {
    if (!stored[i]) {
      const auto bytes = find_small_object(store_, keys[i], kStatementLimit);
      if (!bytes) return;
      stored[i] = as_text(*bytes);
    }
    loaded[i] = check_document<Statement>(*stored[i], trust_, tenant_);
  });
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!take_in(keys[i], stored[i].value_or(""), loaded[i])) return false;
  }
  return true;
}

bool Scan::take_in(const std::string& key, const std::string& stored, Loaded& loaded) {
  if (!loaded) {
    add(integrity(key, "a statement", "none, or one over the limit"));
    return false;
  }
  if (!loaded->document) {
    add(problem_of(key, *loaded));
    return false;
  }
  Statement& statement = *loaded->document;
  if (auto problem = misplaced(statement, key, head_.tree.size(), head_.origin, trust_)) {
    add(std::move(*problem));
    return false;
  }
  if (const auto mismatch = head_.binding.mismatch(statement)) {
    add(integrity(key, mismatch->expected, mismatch->found));
    return false;
  }
  head_.origin = statement.origin;
  head_.last_entry_at = statement.header.created_at;
  head_.binding.take(statement);
  head_.tree.push(Rfc9162Hasher::leaf(as_bytes(stored)));
  each_({std::move(statement), stored});
  check_due();
  return true;
}

void Scan::check_due() {
  if (due_ == nullptr) return;
  while (due_->size() && *due_->size() <= head_.tree.size()) {
    check_checkpoint(due_->key(), *due_->size());
    due_->advance();
  }
}

void Scan::check_checkpoint(const std::string& key, std::uint64_t size) {
  const Bytes note = find_small_object(store_, key, kCheckpointLimit).value_or(Bytes());
  const auto checkpoint =
      trust_ ? open_checkpoint(as_text(note), keys_of_now()) : parse_checkpoint(as_text(note));
  if (!checkpoint) {
    add({Problem::Kind::trust, key, "a checkpoint signed by a trusted ledger key", "none"});
    return;
  }
  if (checkpoint->size != size || checkpoint->origin != head_.origin) {
    add(integrity(key, "origin " + head_.origin + ", size " + std::to_string(size),
                  "origin " + checkpoint->origin + ", size " + std::to_string(checkpoint->size)));
    return;
  }
  if (size > head_.tree.size()) {
    add(integrity(key, std::to_string(size) + " entries",
                  std::to_string(head_.tree.size()) + " readable entries"));
    return;
  }
  if (checkpoint->root != head_.tree.root()) {
    add(integrity(key, "root " + checkpoint->root.hex(), "root " + head_.tree.root().hex()));
    return;
  }
  head_.newest_checkpoint = checkpoint;
  head_.newest_note = as_text(note);
  ++head_.checkpoints;
  if (options_.on_checkpoint) options_.on_checkpoint(*checkpoint, as_text(note));
}

/// A checkpoint has no time of its own: it was signed after the last entry that it covers.
std::vector<PublicKey> Scan::keys_of_now() const {
  if (!head_.last_entry_at) return trust_->keys_of(KeyRole::ledger);
  return trust_->keys_of(KeyRole::ledger, *head_.last_entry_at);
}

}  // namespace ledger

LedgerHead scan_ledger(ObjectStore& store, const TrustPolicy* trust, const TenantId& tenant,
                       const ScanLedgerOptions& options,
                       const std::function<void(LedgerEntry&&)>& each) {
  LedgerHead head;
  ProgressMeter progress(options.progress, {.stage = "ledger"});
  ledger::Scan(store, trust, tenant, head, options, [&](LedgerEntry&& entry) {
    each(std::move(entry));
    progress.add(0, 1);
  }).read_all();
  return head;
}

}  // namespace v0
}  // namespace atp
