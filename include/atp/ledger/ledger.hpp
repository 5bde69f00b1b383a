// SPDX-License-Identifier: Apache-2.0
/// One append-only log per tenant. The create-only object `entries/<index>` is the append, the
/// fence and the linearization point; checkpoints say what the log was at a size.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/core/progress.hpp"
#include "atp/core/random.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/ledger/binding_trail.hpp"
#include "atp/ledger/note.hpp"
#include "atp/merkle/frontier.hpp"
#include "atp/model/problem.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

struct LedgerEntry {
  Statement statement;
  std::string stored;
};

/// A tenant's ledger as the store has it, without its entries. Without problems, all of it is
/// verified (signatures only where a trust policy was given).
struct LedgerHead {
  std::string origin;                    ///< Empty for a tenant without entries.
  merkle::Frontier<Rfc9162Hasher> tree;  ///< Of every stored entry up to the first unsound one.
  std::optional<Time> last_entry_at = {};
  BindingTrail binding = {};  ///< Behind the same entries.
  std::optional<Checkpoint> newest_checkpoint = {};
  std::string newest_note;         ///< The same as the signed note that is stored.
  std::uint64_t checkpoints = 0;   ///< How many were looked at and hold.
  std::uint64_t from_bundles = 0;  ///< Entries that were read out of bundles, not of their objects.
  std::vector<Problem> problems = {};
};

/// What the stored bytes of entries are read from.
enum class EntriesFrom {
  objects,  ///< Each from its own.
  /// 256 at a time from bundles that lead to the newest checkpoint by a trusted key. That each
  /// entry is there, and of the same size where listings tell it, is seen; what it holds is not.
  bundles,
};

struct ScanLedgerOptions {
  unsigned workers = 1;  ///< 0: two more than cores.
  std::stop_token stop = {};
  ProgressSink* progress = nullptr;
  std::optional<Time> now = {};  ///< For an audit, by the caller's clock; absent: nothing is ahead.
  EntriesFrom entries = EntriesFrom::objects;
  /// Gets each checkpoint that holds, in order.
  std::function<void(const Checkpoint&, std::string_view note)> on_checkpoint = {};
};

/// Reads every entry and checkpoint: indices without gaps, one origin under the trust policy's
/// domain, signatures, the trail of binding entries, and the root of every checkpoint recomputed. A
/// checkpoint over more entries than there are is a cut-off tail. Sound entries go to `each` in
/// their order; memory does not grow with the ledger. Throws: cancelled, unavailable, and what
/// `each` throws.
ATP_EXPORT LedgerHead scan_ledger(ObjectStore& store, const TrustPolicy* trust,
                                  const TenantId& tenant, const ScanLedgerOptions& options,
                                  const std::function<void(LedgerEntry&&)>& each);

struct LedgerReading : LedgerHead {
  std::vector<LedgerEntry> entries = {};  ///< Those that could be read, from the first on.

  /// The hashes of the first `size` entries, at most all of them (RFC 9162, section 2.1.1).
  ATP_EXPORT std::vector<Digest> leaves(std::uint64_t size) const;
};

/// The same with all entries in memory.
ATP_EXPORT LedgerReading read_ledger(ObjectStore& store, const TrustPolicy* trust,
                                     const TenantId& tenant,
                                     EntriesFrom entries = EntriesFrom::objects);

/// How far a ledger had come when somebody verified it, in their memory.
struct KnownHead {
  std::string origin;
  merkle::Frontier<Rfc9162Hasher> tree;  ///< Of at least one entry.
  std::optional<Digest> last_leaf = {};  ///< Hash of the last entry (RFC 9162, section 2.1.1).
};

/// A sound ledger that can be appended to. One object belongs to one thread at a time.
class ATP_EXPORT Ledger {
 public:
  /// Reads all of it. Throws: corrupt or untrusted, for the first problem `read_ledger` finds.
  static Ledger load(ObjectStore& store, const TrustPolicy& trust, const TenantId& tenant,
                     EntriesFrom entries = EntriesFrom::objects);

  /// Reads the last entry that `known` has seen, and what came after it; the entries before are not
  /// looked at, so that the cost does not grow with the ledger. `known` is believed only where the
  /// store still has that entry, and a checkpoint over exactly that by a trusted key. Else nothing:
  /// `load` tells what is wrong. Throws: corrupt or untrusted for the first problem in what came
  /// after, which includes any entry or checkpoint above the first entry that is missing.
  static std::optional<Ledger> resume(ObjectStore& store, const TrustPolicy& trust,
                                      const TenantId& tenant, const KnownHead& known);

  const TenantId& tenant() const { return tenant_; }
  std::uint64_t term() const { return 0; }
  const std::string& origin() const { return reading_.origin; }
  std::uint64_t size() const { return reading_.tree.size(); }
  Digest root() const { return reading_.tree.root(); }
  std::vector<Digest> frontier() const { return reading_.tree.nodes(); }

  /// The index of the first entry at hand: 0 after `load`.
  std::uint64_t first() const { return first_; }
  /// The entries at hand, from `first()` to the last.
  const std::vector<LedgerEntry>& tail() const { return reading_.entries; }
  /// Has every entry from `index` on at hand, each checked by itself (signature, place, origin).
  /// Throws: corrupt, untrusted.
  void reach_back_to(std::uint64_t index);
  /// The same back to 64 entries in a row that were made before `since`, by their own word, and by
  /// more than the day that the clocks of those who write one ledger may be apart.
  void reach_back(Time since);
  /// The entry `index`; where it is not at hand, it is read and checked by itself. Throws:
  /// invalid_argument from `size()` on; corrupt, untrusted.
  LedgerEntry entry(std::uint64_t index) const;
  /// Every entry. Where some are not at hand, all are read and verified, which costs as much as
  /// `load`. Throws: as `load`; corrupt where they do not lead to this head.
  const std::vector<LedgerEntry>& entries();
  /// The binding entries, the newest first, until `each` says no more: each is read by itself, so
  /// that the cost is theirs and not the ledger's. Where a ledger ends with entries of version 1,
  /// or its summary has no list, all are read. Throws: corrupt where an entry leads to one that is
  /// not binding; untrusted.
  void for_each_binding(const std::function<bool(const Statement&)>& each);
  /// The newest checkpoint as the signed note that is stored; empty before the first.
  const std::string& newest_note() const { return reading_.newest_note; }
  bool has_checkpoint() const {
    return reading_.newest_checkpoint && reading_.newest_checkpoint->size == size();
  }
  /// The root when the ledger had `size` entries, out of a few tiles; where they are missing or
  /// wrong, out of entries. Throws: invalid_argument over `size()`; corrupt where nothing that is
  /// stored leads to the present root.
  Digest root_at(std::uint64_t size) const;
  /// That it goes on from its first `size` entries (RFC 9162, section 2.1.4.1). Throws: likewise,
  /// and invalid_argument for 0.
  std::vector<Digest> consistency_proof(std::uint64_t size) const;

  /// Reads what others have appended since. Throws: corrupt, untrusted.
  void refresh();

  /// Whether the next entry must be `ledger.summed_up`: all so far are of version 1, and what is
  /// appended is not.
  bool wants_summary() const { return reading_.binding.wants_summary(); }

  /// Signs and appends `statement` at exactly `size()`, whose tenant, origin, index and trail are
  /// set here. False where another writer took that index: `refresh`, look at what came, decide
  /// again. Throws: precondition_failed for another act where the ledger wants its summary, and the
  /// reverse.
  bool try_append(Statement statement, const Signers& signers, const PutOptions& options);

  /// Puts a signed note of the present size, where there is none yet; an equal one is success.
  /// Then the tiles and entry bundles that have come since; where they cannot be put, others do
  /// without. Throws: corrupt for one with another root (a fork), untrusted for one that no trusted
  /// key signed.
  void put_checkpoint(const Signers& ledger_signers, const PutOptions& options);

 private:
  Ledger(ObjectStore& store, const TrustPolicy& trust, TenantId tenant, LedgerReading reading);
  void put_tiles();

  ObjectStore* store_;
  const TrustPolicy* trust_;
  TenantId tenant_;
  LedgerReading reading_;
  merkle::Frontier<Rfc9162Hasher> tiled_;  ///< Up to here tiles are put, or were when it was read.
  std::uint64_t first_ = 0;
};

/// Whether `origin` is `<domain>/<16 lower-case hexadecimal digits>/<term>`.
ATP_EXPORT bool is_origin(std::string_view origin, std::string_view domain);

/// A random origin for a tenant's first term: `<domain>/<16 hex>/0`.
ATP_EXPORT std::string make_origin(const std::string& domain, Random& random);

}  // namespace v0
}  // namespace atp
