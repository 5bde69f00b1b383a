// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/ledger.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "atp/core/error.hpp"
#include "atp/merkle/tree.hpp"
#include "atp/model/acts.hpp"
#include "atp/storage/layout.hpp"
#include "ledger/lines.hpp"
#include "ledger/scan.hpp"
#include "ledger/stored_tiles.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::uint64_t kTerm = 0;

}  // namespace

LedgerReading read_ledger(ObjectStore& store, const TrustPolicy* trust, const TenantId& tenant,
                          EntriesFrom entries) {
  LedgerReading reading;
  static_cast<LedgerHead&>(reading) =
      scan_ledger(store, trust, tenant, {.entries = entries},
                  [&](LedgerEntry&& entry) { reading.entries.push_back(std::move(entry)); });
  return reading;
}

std::vector<Digest> LedgerReading::leaves(std::uint64_t size) const {
  std::vector<Digest> hashes;
  hashes.reserve(size);
  for (const LedgerEntry& entry : std::span(entries).first(size)) {
    hashes.push_back(Rfc9162Hasher::leaf(as_bytes(entry.stored)));
  }
  return hashes;
}

Ledger::Ledger(ObjectStore& store, const TrustPolicy& trust, TenantId tenant, LedgerReading reading)
    : store_(&store),
      trust_(&trust),
      tenant_(std::move(tenant)),
      reading_(std::move(reading)),
      tiled_(reading_.tree) {}

Ledger Ledger::load(ObjectStore& store, const TrustPolicy& trust, const TenantId& tenant,
                    EntriesFrom entries) {
  LedgerReading reading = read_ledger(store, &trust, tenant, entries);
  if (!reading.problems.empty()) throw_problem(reading.problems.front());
  return Ledger(store, trust, tenant, std::move(reading));
}

std::optional<Ledger> Ledger::resume(ObjectStore& store, const TrustPolicy& trust,
                                     const TenantId& tenant, const KnownHead& known) {
  const std::uint64_t size = known.tree.size();
  LedgerReading reading;
  auto last = ledger::read_entry(store, &trust, tenant, known.origin, size - 1, reading.problems);
  if (!last || known.last_leaf != Rfc9162Hasher::leaf(as_bytes(last->stored))) return std::nullopt;
  // Of version 1 it leads to nothing, and only who has read all of it can check its summary.
  if (last->statement.header.format_version < 2) return std::nullopt;
  const Time last_entry_at = last->statement.header.created_at;
  const Checkpoint expected{.origin = known.origin, .size = size, .root = known.tree.root()};
  const auto note =
      find_small_object(store, layout::ledger_checkpoint(tenant, kTerm, size), kCheckpointLimit);
  if (!note ||
      open_checkpoint(as_text(*note), trust.keys_of(KeyRole::ledger, last_entry_at)) != expected) {
    return std::nullopt;
  }
  reading.origin = known.origin;
  reading.tree = known.tree;
  reading.last_entry_at = last_entry_at;
  reading.binding = BindingTrail::behind(last->statement);
  reading.newest_checkpoint = expected;
  reading.newest_note = as_text(*note);
  reading.entries.push_back(std::move(*last));
  ledger::Scan(store, &trust, tenant, reading, {}, [&](LedgerEntry&& entry) {
    reading.entries.push_back(std::move(entry));
  }).read_all();
  if (!reading.problems.empty()) throw_problem(reading.problems.front());
  Ledger ledger(store, trust, tenant, std::move(reading));
  ledger.first_ = size - 1;
  ledger.tiled_ = known.tree;
  return ledger;
}

LedgerEntry Ledger::entry(std::uint64_t index) const {
  if (index >= size()) {
    throw Error(
        ErrorKind::invalid_argument, origin(),
        "has " + std::to_string(size()) + " entries, and none of index " + std::to_string(index));
  }
  if (index >= first_) return reading_.entries[index - first_];
  std::vector<Problem> problems;
  auto entry = ledger::read_entry(*store_, trust_, tenant_, origin(), index, problems);
  if (!entry) throw_problem(problems.front());
  return std::move(*entry);
}

void Ledger::reach_back(Time since) {
  // A single entry that is dated back, or of a clock that was behind, ends nothing.
  constexpr std::uint64_t kBlock = 64;
  constexpr std::chrono::days kClockMargin{1};
  const auto is_older = [&](const LedgerEntry& entry) {
    return entry.statement.header.created_at < since - kClockMargin;
  };
  const auto has_come = [&] {
    const auto& entries = reading_.entries;
    return entries.size() >= kBlock &&
           std::all_of(entries.begin(), entries.begin() + kBlock, is_older);
  };
  while (first_ > 0 && !has_come()) reach_back_to(first_ - std::min(first_, kBlock));
}

void Ledger::reach_back_to(std::uint64_t from) {
  if (from < first_) {
    std::vector<LedgerEntry> entries;
    for (std::uint64_t index = from; index < first_; ++index) entries.push_back(entry(index));
    std::ranges::move(reading_.entries, std::back_inserter(entries));
    reading_.entries = std::move(entries);
    first_ = from;
  }
}

const std::vector<LedgerEntry>& Ledger::entries() {
  if (first_ == 0) return reading_.entries;
  Ledger whole = load(*store_, *trust_, tenant_);
  if (whole.size() < size() ||
      merkle::root<Rfc9162Hasher>(whole.reading_.leaves(size())) != root() ||
      whole.origin() != origin()) {
    throw Error(ErrorKind::corrupt, layout::ledger_entries(tenant_, term()),
                "the first " + std::to_string(size()) +
                    " entries are not those of its checkpoint: one of them was rewritten");
  }
  whole.reading_.entries.resize(size());
  reading_.entries = std::move(whole.reading_.entries);
  first_ = 0;
  return reading_.entries;
}

void Ledger::for_each_binding(const std::function<bool(const Statement&)>& each) {
  const auto read = [this](std::uint64_t index, std::uint64_t from) {
    Statement statement = entry(index).statement;
    if (is_binding(statement)) return statement;
    throw Error(ErrorKind::corrupt, layout::ledger_entry(tenant_, term(), from),
                "leads to entry " + std::to_string(index) + ", which is not a binding one");
  };
  const auto each_before = [&](std::uint64_t end) {
    const auto& whole = entries();
    for (std::uint64_t index = end; index-- > 0;) {
      const Statement& statement = whole[index].statement;
      if (is_binding(statement) && !each(statement)) return;
    }
  };
  if (wants_summary()) return each_before(size());
  std::uint64_t from = size() - 1;
  for (auto index = reading_.binding.newest(); index;) {
    const Statement statement = read(*index, from);
    if (!each(statement)) return;
    from = *index;
    index = statement.binding_before;
    if (statement.action != acts::kSummedUp.action) continue;
    if (!statement.binding_acts) return each_before(from);
    const std::vector<std::uint64_t>& old = *statement.binding_acts;
    for (auto act = old.rbegin(); act != old.rend(); ++act) {
      if (!each(read(*act, from))) return;
    }
  }
}

Digest Ledger::root_at(std::uint64_t size) const {
  return ledger::StoredTree(*store_, tenant_, this->size(), root())->root_at(size);
}

std::vector<Digest> Ledger::consistency_proof(std::uint64_t size) const {
  return ledger::StoredTree(*store_, tenant_, this->size(), root())->consistency_proof(size);
}

void Ledger::refresh() {
  ledger::Scan scan(*store_, trust_, tenant_, reading_, {},
                    [&](LedgerEntry&& entry) { reading_.entries.push_back(std::move(entry)); });
  scan.read_entries();
  if (!reading_.problems.empty()) throw_problem(reading_.problems.front());
}

bool Ledger::try_append(Statement statement, const Signers& signers, const PutOptions& options) {
  statement.header.tenant = tenant_;
  statement.index = size();
  if (size() > 0) statement.origin = origin();
  reading_.binding.complete(statement);
  if (const auto mismatch = reading_.binding.mismatch(statement)) {
    throw Error(ErrorKind::precondition_failed, origin(),
                "expected " + mismatch->expected + ", found " + mismatch->found);
  }
  const std::string key = layout::ledger_entry(tenant_, term(), size());
  const std::string stored = sign_document(statement, signers);
  require_capabilities(*store_, {.atomic_create = true});
  try {
    put_object(*store_, key, as_bytes(stored), options);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::already_exists) return false;
    throw;
  }
  reading_.origin = statement.origin;
  reading_.last_entry_at = statement.header.created_at;
  reading_.binding.take(statement);
  reading_.tree.push(Rfc9162Hasher::leaf(as_bytes(stored)));
  reading_.entries.push_back({std::move(statement), stored});
  return true;
}

void Ledger::put_checkpoint(const Signers& ledger_signers, const PutOptions& options) {
  const Checkpoint checkpoint{.origin = origin(), .size = size(), .root = root()};
  const std::string key = layout::ledger_checkpoint(tenant_, term(), size());
  std::string note = sign_checkpoint(checkpoint, ledger_signers);
  try {
    put_same_object(*store_, key, as_bytes(note), options);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::already_exists) throw;
    note = as_text(get_object(*store_, key, kCheckpointLimit));
    const auto found = open_checkpoint(note, trust_->keys_of(KeyRole::ledger));
    if (found != checkpoint) {
      throw Error(found ? ErrorKind::corrupt : ErrorKind::untrusted, key,
                  "expected root " + checkpoint.root.hex() + ", found " +
                      (found ? "root " + found->root.hex() : "a note no trusted key signed") +
                      ": the ledger has forked");
    }
  }
  reading_.newest_checkpoint = checkpoint;
  reading_.newest_note = std::move(note);
  put_tiles();
}

/// Tiles are derived: what keeps them from being put keeps nothing else. The next ones make up for
/// the last.
void Ledger::put_tiles() {
  if (tiled_.size() / ledger::kPartialStep == size() / ledger::kPartialStep) return;
  const auto stored = [this](std::uint64_t index) {
    if (index >= first_) return reading_.entries[index - first_].stored;
    return std::string(as_text(
        require_object(*store_, layout::ledger_entry(tenant_, kTerm, index), kStatementLimit)));
  };
  try {
    ledger::put_tiles(*store_, tenant_, tiled_, size(), stored);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
  }
  tiled_ = reading_.tree;
}

bool is_origin(std::string_view origin, std::string_view domain) {
  constexpr std::size_t kTokenSize = 16;
  if (!origin.starts_with(domain)) return false;
  origin.remove_prefix(domain.size());
  if (origin.size() < kTokenSize + 3 || origin.front() != '/' || origin[kTokenSize + 1] != '/') {
    return false;
  }
  const std::string_view token = origin.substr(1, kTokenSize);
  const bool is_hex = std::ranges::all_of(
      token, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return is_hex && ledger::parse_decimal(origin.substr(kTokenSize + 2)).has_value();
}

std::string make_origin(const std::string& domain, Random& random) {
  return domain + "/" + random_hex(random, 8) + "/" + std::to_string(kTerm);
}

}  // namespace v0
}  // namespace atp
