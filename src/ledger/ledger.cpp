// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/ledger.hpp"

#include "atp/core/error.hpp"
#include "atp/storage/layout.hpp"

namespace atp::inline v0 {
namespace {

constexpr std::uint64_t kTerm = 0;
constexpr std::uint64_t kCheckpointLimit = 64 << 10;

std::optional<std::uint64_t> checkpoint_size(const std::string& key) {
  try {
    return parse_sequence(layout::element(key, 4));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_argument) throw;
    return std::nullopt;
  }
}

Problem integrity(std::string subject, std::string expected, std::string found) {
  return {Problem::Kind::integrity, std::move(subject), std::move(expected), std::move(found)};
}

/// Why `entry` cannot stand at `index`; nothing where it can.
std::optional<Problem> misplaced(const Statement& statement, const std::string& key,
                                 std::uint64_t index, const std::string& origin) {
  if (statement.index != index) {
    return integrity(key, "index " + std::to_string(index),
                     "index " + std::to_string(statement.index));
  }
  if (!origin.empty() && statement.origin != origin) {
    return integrity(key, "origin " + origin, "origin " + statement.origin);
  }
  if ((statement.action == "ledger.opened") != (index == 0)) {
    return integrity(key, index == 0 ? "ledger.opened" : "another action than ledger.opened",
                     statement.action);
  }
  return std::nullopt;
}

class Reader {
 public:
  Reader(ObjectStore& store, const TrustPolicy* trust, const TenantId& tenant,
         LedgerReading& reading)
      : store_(store), trust_(trust), tenant_(tenant), reading_(reading) {}

  /// Entries from where `reading` ends, up to the first that is missing or cannot be believed.
  void read_entries() {
    const std::string prefix = layout::ledger_entries(tenant_, kTerm);
    std::uint64_t index = reading_.entries.size();
    std::string after = index == 0 ? "" : layout::ledger_entry(tenant_, kTerm, index - 1);
    while (true) {
      const ListPageOfKeys page = store_.list(prefix, after);
      for (const std::string& key : page.keys) {
        const std::string expected = layout::ledger_entry(tenant_, kTerm, index);
        if (key != expected) {
          reading_.problems.push_back(integrity(expected, "an entry", "none, but " + key));
          return;
        }
        if (!read_entry(key, index++)) return;
      }
      if (!page.next) return;
      after = *page.next;
    }
  }

  /// Before the entries are: another process may append while we read.
  std::vector<std::string> list_checkpoints() {
    std::vector<std::string> keys;
    for_each_key(store_, layout::ledger_checkpoints(tenant_, kTerm),
                 [&](const std::string& key) { keys.push_back(key); });
    return keys;
  }

  /// Every checkpoint against the roots that the entries gave.
  void read_checkpoints(const std::vector<std::string>& keys) {
    const bool entries_are_sound = reading_.problems.empty();
    merkle::Frontier<Rfc9162Hasher> tree;
    for (const std::string& key : keys) {
      const auto size = checkpoint_size(key);
      if (!size) {
        reading_.problems.push_back(integrity(key, "a size of 20 digits", "another name"));
        continue;
      }
      while (tree.size() < std::min<std::uint64_t>(*size, reading_.entries.size())) {
        tree.push(Rfc9162Hasher::leaf(as_bytes(reading_.entries[tree.size()].stored)));
      }
      if (*size > tree.size() && !entries_are_sound) return;
      read_checkpoint(key, *size, tree);
    }
  }

 private:
  bool read_entry(const std::string& key, std::uint64_t index) {
    const auto bytes = find_small_object(store_, key, kStatementLimit);
    if (!bytes) {
      reading_.problems.push_back(integrity(key, "a statement", "none, or one over the limit"));
      return false;
    }
    auto checked = check_document<Statement>(as_text(*bytes), trust_, tenant_);
    if (!checked.document) {
      reading_.problems.push_back(problem_of(key, checked));
      return false;
    }
    if (auto problem = misplaced(*checked.document, key, index, reading_.origin)) {
      reading_.problems.push_back(std::move(*problem));
      return false;
    }
    reading_.origin = checked.document->origin;
    reading_.tree.push(Rfc9162Hasher::leaf(*bytes));
    reading_.entries.push_back({std::move(*checked.document), std::string(as_text(*bytes))});
    return true;
  }

  void read_checkpoint(const std::string& key, std::uint64_t size,
                       const merkle::Frontier<Rfc9162Hasher>& tree) {
    const Bytes note = find_small_object(store_, key, kCheckpointLimit).value_or(Bytes());
    const auto checkpoint =
        trust_ ? open_checkpoint(as_text(note), keys_after(size)) : parse_checkpoint(as_text(note));
    if (!checkpoint) {
      reading_.problems.push_back(
          {Problem::Kind::trust, key, "a checkpoint signed by a trusted ledger key", "none"});
      return;
    }
    if (checkpoint->size != size || checkpoint->origin != reading_.origin) {
      reading_.problems.push_back(
          integrity(key, "origin " + reading_.origin + ", size " + std::to_string(size),
                    "origin " + checkpoint->origin + ", size " + std::to_string(checkpoint->size)));
      return;
    }
    if (size > tree.size()) {
      reading_.problems.push_back(integrity(key, std::to_string(size) + " entries",
                                            std::to_string(tree.size()) + " readable entries"));
      return;
    }
    if (checkpoint->root != tree.root()) {
      reading_.problems.push_back(
          integrity(key, "root " + checkpoint->root.hex(), "root " + tree.root().hex()));
      return;
    }
    reading_.newest_checkpoint = checkpoint;
  }

  /// A checkpoint has no time of its own: it was signed after the last entry that it covers.
  std::vector<PublicKey> keys_after(std::uint64_t size) const {
    const std::uint64_t covered = std::min<std::uint64_t>(size, reading_.entries.size());
    if (covered == 0) return trust_->keys_of(KeyRole::ledger);
    return trust_->keys_of(KeyRole::ledger,
                           reading_.entries[covered - 1].statement.header.created_at);
  }

  ObjectStore& store_;
  const TrustPolicy* trust_;
  const TenantId& tenant_;
  LedgerReading& reading_;
};

}  // namespace

LedgerReading read_ledger(ObjectStore& store, const TrustPolicy* trust, const TenantId& tenant) {
  LedgerReading reading;
  Reader reader(store, trust, tenant, reading);
  const std::vector<std::string> checkpoints = reader.list_checkpoints();
  reader.read_entries();
  reader.read_checkpoints(checkpoints);
  return reading;
}

Ledger::Ledger(ObjectStore& store, const TrustPolicy& trust, TenantId tenant, LedgerReading reading)
    : store_(&store), trust_(&trust), tenant_(std::move(tenant)), reading_(std::move(reading)) {}

Ledger Ledger::load(ObjectStore& store, const TrustPolicy& trust, const TenantId& tenant) {
  LedgerReading reading = read_ledger(store, &trust, tenant);
  if (!reading.problems.empty()) throw_problem(reading.problems.front());
  return Ledger(store, trust, tenant, std::move(reading));
}

Digest Ledger::root_at(std::uint64_t size) const {
  if (size > this->size()) {
    throw Error(ErrorKind::invalid_argument, reading_.origin,
                "has " + std::to_string(this->size()) + " entries, not " + std::to_string(size));
  }
  merkle::Frontier<Rfc9162Hasher> tree;
  for (std::uint64_t i = 0; i < size; ++i) {
    tree.push(Rfc9162Hasher::leaf(as_bytes(reading_.entries[i].stored)));
  }
  return tree.root();
}

void Ledger::refresh() {
  Reader(*store_, trust_, tenant_, reading_).read_entries();
  if (!reading_.problems.empty()) throw_problem(reading_.problems.front());
}

bool Ledger::try_append(Statement statement, const Signer& signer, const PutOptions& options) {
  statement.header.tenant = tenant_;
  statement.index = size();
  if (size() > 0) statement.origin = origin();
  const std::string key = layout::ledger_entry(tenant_, term(), size());
  const std::string stored = sign_document(statement, signer);
  if (stored.size() > kStatementLimit) {
    throw Error(ErrorKind::invalid_argument, key,
                "a statement of " + std::to_string(stored.size()) + " bytes is over the limit");
  }
  try {
    put_object(*store_, key, as_bytes(stored), options);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::already_exists) return false;
    throw;
  }
  reading_.origin = statement.origin;
  reading_.tree.push(Rfc9162Hasher::leaf(as_bytes(stored)));
  reading_.entries.push_back({std::move(statement), stored});
  return true;
}

void Ledger::put_checkpoint(const Signer& ledger_signer, const PutOptions& options) {
  const Checkpoint checkpoint{.origin = origin(), .size = size(), .root = root()};
  const std::string key = layout::ledger_checkpoint(tenant_, term(), size());
  const std::string note = sign_checkpoint(checkpoint, ledger_signer);
  try {
    put_same_object(*store_, key, as_bytes(note), options);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::already_exists) throw;
    const Bytes stored = get_object(*store_, key, kCheckpointLimit);
    const auto found = open_checkpoint(as_text(stored), trust_->keys_of(KeyRole::ledger));
    if (found != checkpoint) {
      throw Error(found ? ErrorKind::corrupt : ErrorKind::untrusted, key,
                  "expected root " + checkpoint.root.hex() + ", found " +
                      (found ? "root " + found->root.hex() : "a note no trusted key signed") +
                      ": the ledger has forked");
    }
  }
  reading_.newest_checkpoint = checkpoint;
}

std::string make_origin(const std::string& domain, Random& random) {
  return domain + "/" + random_hex(random, 8) + "/" + std::to_string(kTerm);
}

}  // namespace atp::inline v0
