// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/ledger_audit.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/core/parallel.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/ledger/cosignature.hpp"
#include "atp/ledger/tile_check.hpp"
#include "atp/merkle/tree.hpp"
#include "atp/model/acts.hpp"
#include "atp/storage/layout.hpp"
#include "atp/verify/ledger_tail.hpp"
#include "verify/anchors.hpp"
#include "verify/checks.hpp"
#include "verify/clock_check.hpp"
#include "verify/ledger_check.hpp"
#include "verify/signed_by_outsiders.hpp"

namespace atp {
inline namespace v0 {
namespace {

using verify::failed;
using verify::verified;

constexpr const char* kConsistency = "ledger.consistency";
constexpr const char* kDocument = "ledger.document";
constexpr const char* kPointTimestamp = "point.timestamp";
constexpr const char* kApproval = "ledger.approval";
constexpr const char* kIntent = "ledger.intent";
constexpr std::size_t kBatch = 512;

std::string place_of(const Checkpoint& checkpoint) {
  return checkpoint.origin + ", size " + std::to_string(checkpoint.size);
}

/// Whether the ledger begins with what the old checkpoint says.
Check consistency_of(const Checkpoint& old, const LedgerHead& head,
                     std::span<const Digest> leaves) {
  const std::string subject = place_of(old);
  if (old.origin != head.origin) {
    return failed(kConsistency, subject, "a ledger of origin " + old.origin,
                  head.origin.empty() ? "none" : head.origin);
  }
  if (old.size > leaves.size()) {
    return failed(kConsistency, subject, std::to_string(old.size) + " entries or more",
                  std::to_string(leaves.size()) +
                      ": the tail was cut off, or the store is an "
                      "older copy");
  }
  const Digest root = merkle::root<Rfc9162Hasher>(leaves.first(old.size));
  if (root != old.root) {
    return failed(kConsistency, subject, "root " + old.root.hex(),
                  "root " + root.hex() + ": what it covers was rewritten, or the ledger forked");
  }
  return verified(kConsistency, subject);
}

/// Its id; ids begin with their time.
std::optional<std::string> newest_stored_point(ObjectStore& store, const TenantId& tenant) {
  constexpr std::string_view kSuffix = ".json";
  std::string newest;
  const std::string prefix = layout::recovery_points(tenant);
  for_each_key(store, prefix, [&](const std::string& key) { newest = key; });
  if (!newest.ends_with(kSuffix)) return std::nullopt;
  return newest.substr(prefix.size(), newest.size() - prefix.size() - kSuffix.size());
}

/// The documents that entries name, a batch at a time.
class DocumentAudit {
 public:
  DocumentAudit(ObjectStore& store, const TrustPolicy& trust, const TenantId& tenant,
                const ScanLedgerOptions& options)
      : context_{store, &trust, tenant, options.workers, options.stop} {}

  void push(Statement statement) {
    const Act* act = find_act(statement.action);
    check_approval(statement, act);
    if (act == nullptr) return;  // A later version has written it.
    check_phase(statement, *act);
    if (act->subject == ActSubject::document) check_document(statement);
    if (*act != acts::kPointCompleted) return;  // Others name a point that one has completed.
    batch_.push_back(std::move(statement));
    if (batch_.size() == kBatch) flush();
  }

  void finish(std::vector<Check>& checks) {
    flush();
    for (const auto& [act, index] : intended_) {
      acts_.push_back(verify::not_checked(
          kIntent, layout::ledger_entry(context_.tenant, 0, index),
          act.second +
              " is neither done nor abandoned: it is running, or was cut short and the next "
              "backup says so"));
    }
    const bool sound = checks_.empty();
    if (sound && sound_ > 0) {
      checks_.push_back(verified(kDocument, layout::recovery_points(context_.tenant)));
    }
    if (sound) add_timestamps();
    std::ranges::move(acts_, std::back_inserter(checks));
    std::ranges::move(checks_, std::back_inserter(checks));
  }

  std::uint64_t sound() const { return sound_; }

 private:
  void flush() {
    std::vector<std::vector<Check>> found(batch_.size());
    parallel_for(batch_.size(), context_.workers, context_.stop,
                 [&](std::size_t i) { check(batch_[i], found[i]); });
    for (std::vector<Check>& each : found) {
      const bool sound = std::ranges::none_of(
          each, [](const Check& check) { return check.state == CheckState::failed; });
      if (sound) ++sound_;
      for (Check& check : each) take_in(std::move(check));
    }
    batch_.clear();
  }

  void check(const Statement& statement, std::vector<Check>& checks) const {
    if (!statement.subject_id || !statement.subject_sha256) {
      checks.push_back(failed(kDocument, entry_of(statement), "a point and its digest", "none"));
      return;
    }
    const std::string key = layout::recovery_point(context_.tenant, *statement.subject_id);
    const auto stored =
        verify::read_document<RecoveryPoint>(context_, kDocument, key, context_.tenant, checks);
    if (!stored) return;
    if (stored->sha256 != *statement.subject_sha256) {
      checks.push_back(failed(kDocument, key,
                              "SHA-256 " + statement.subject_sha256->hex() + ", which entry " +
                                  std::to_string(statement.index) + " names",
                              "SHA-256 " + stored->sha256.hex()));
    } else if (stored->document.recovery_point_id != *statement.subject_id) {
      checks.push_back(failed(kDocument, key, "point " + *statement.subject_id,
                              "point " + stored->document.recovery_point_id));
    } else {
      verify::check_timestamps_of(context_, kPointTimestamp, key, stored->sha256, checks);
    }
  }

  std::string entry_of(const Statement& statement) const {
    return layout::ledger_entry(context_.tenant, 0, statement.index);
  }

  /// An act that the policy has a rule for names its approvals. They are sealed: that they are
  /// there is looked at, what they say is their signers' and the executor's word.
  void check_approval(const Statement& statement, const Act* act) {
    if (!statement.approved_by) {
      if (act != nullptr && context_.trust->approvals.find_rule(act->rule) != nullptr) {
        acts_.push_back(
            verify::not_checked(kApproval, entry_of(statement),
                                "it names no approvals, though the policy has a rule for the act"));
      }
      return;
    }
    std::vector<Digest> named = statement.approved_by->approvals;
    named.push_back(statement.approved_by->request);
    for (const Digest& sha256 : named) {
      if (!has_document(kApproval, entry_of(statement), sha256)) return;
    }
    acts_.push_back(verify::attested(kApproval, entry_of(statement), "approvals that were opened",
                                     "they are there, and sealed", CheckClass::trust));
  }

  /// Nothing is let out or destroyed that was not intended, and no intent is ended twice.
  void check_phase(const Statement& statement, const Act& act) {
    if (act.phase == ActPhase::after) return;
    const std::string family(act.action.substr(0, act.action.rfind('.')));
    const std::string id = statement.subject_id.value_or("an act without id");
    if (act.phase != ActPhase::intended) {
      if (intended_.erase({family, id}) > 0) return;
      acts_.push_back(
          failed(kIntent, entry_of(statement), "an entry before that intends " + id, "none"));
    } else if (!intended_.emplace(std::pair(family, id), statement.index).second) {
      acts_.push_back(
          failed(kIntent, entry_of(statement), "an id that no such act under way has", id));
    }
  }

  /// That what the act is about is kept.
  void check_document(const Statement& statement) {
    if (statement.subject_sha256) {
      has_document(kDocument, entry_of(statement), *statement.subject_sha256);
    } else {
      acts_.push_back(failed(kDocument, entry_of(statement), "the digest of a document", "none"));
    }
  }

  /// Whether the sealed document is there; else a failed check is added.
  bool has_document(const char* check, const std::string& entry, const Digest& sha256) {
    const std::string folder = layout::documents(context_.tenant, sha256);
    if (!list_keys(context_.store, folder, "", 1).keys.empty()) return true;
    acts_.push_back(failed(check, entry, "a document " + folder, "none"));
    return false;
  }

  /// Each that fails, and of those that hold the number.
  void take_in(Check check) {
    if (check.state == CheckState::verified) {
      ++stamped_;
    } else if (check.state == CheckState::attested) {
      ++unstamped_;
    } else {
      checks_.push_back(std::move(check));
    }
  }

  void add_timestamps() {
    const std::string subject = layout::recovery_points(context_.tenant);
    if (unstamped_ > 0) {
      checks_.push_back(verify::attested(kPointTimestamp, subject, "a time-stamp of each point",
                                         std::to_string(unstamped_) + " have none yet",
                                         CheckClass::timestamp));
    } else if (stamped_ > 0) {
      checks_.push_back(verified(kPointTimestamp, subject));
    }
  }

  verify::Context context_;
  std::vector<Check> acts_;  ///< What is to be said of them.
  /// Intended and not ended yet, by act and id: the entry's index.
  std::map<std::pair<std::string, std::string>, std::uint64_t> intended_;
  std::vector<Statement> batch_;
  std::vector<Check> checks_;
  std::uint64_t stamped_ = 0;
  std::uint64_t unstamped_ = 0;
  std::uint64_t sound_ = 0;
};

}  // namespace

SignedCheckpoint newest_checkpoint(ObjectStore& store, const TenantId& tenant,
                                   const TrustPolicy& trust, const ScanLedgerOptions& options) {
  const LedgerHead head = scan_ledger(store, &trust, tenant, options, [](LedgerEntry&&) {});
  if (!head.problems.empty()) throw_problem(head.problems.front());
  if (!head.newest_checkpoint) {
    throw Error(ErrorKind::not_found, tenant.str(), "has no checkpoint");
  }
  return {*head.newest_checkpoint,
          with_stored_cosignatures(store, tenant, head.newest_checkpoint->size, head.newest_note,
                                   trust)};
}

Consistency check_consistency(ObjectStore& store, const TenantId& tenant, const TrustPolicy& trust,
                              std::string_view old_note, const ScanLedgerOptions& options) {
  Consistency result;
  std::vector<Check>& checks = result.report.checks;
  result.old_checkpoint = open_checkpoint(old_note, trust.keys_of(KeyRole::ledger));
  if (!result.old_checkpoint) {
    checks.push_back(failed("checkpoint.old", "old checkpoint",
                            "a note signed by a trusted ledger key", "none", CheckClass::trust));
    return result;
  }
  const Checkpoint& old = *result.old_checkpoint;
  checks.push_back(verified("checkpoint.old", place_of(old)));
  std::vector<Digest> leaves;
  const LedgerHead head =
      scan_ledger(store, &trust, tenant, options, [&](const LedgerEntry& entry) {
        leaves.push_back(Rfc9162Hasher::leaf(as_bytes(entry.stored)));
      });
  verify::add_ledger_checks(tenant, head, checks);
  const verify::Context context{store, &trust, tenant, options.workers, options.stop};
  const auto root_at = [&](std::uint64_t size) {
    return merkle::root<Rfc9162Hasher>(std::span(leaves).first(size));
  };
  verify::check_cosignatures(context, head, std::nullopt, root_at, checks);
  result.new_checkpoint = head.newest_checkpoint;
  checks.push_back(consistency_of(old, head, leaves));
  if (result.report.passed()) {  // Then the newest checkpoint covers all of them.
    result.proof = merkle::consistency_proof<Rfc9162Hasher>(std::span(leaves), old.size);
  }
  return result;
}

static void add_tile_checks(const TenantId& tenant, const TileFindings& tiles,
                            std::vector<Check>& checks) {
  for (const Problem& problem : tiles.problems) checks.push_back(failed(kTilesCheck, problem));
  if (tiles.trouble) {
    checks.push_back(verify::not_checked(
        kTilesCheck, tiles.trouble->subject(),
        std::to_string(tiles.unread) + " could not be read: " + tiles.trouble->message()));
  } else if (tiles.wrong == 0 && tiles.sound > 0) {
    checks.push_back(verified(kTilesCheck, layout::ledger_tiles(tenant, 0)));
  }
}

static void audit_ledger(ObjectStore& store, const TenantId& tenant, const TrustPolicy& trust,
                         const ScanLedgerOptions& options, LedgerAudit& audit) {
  std::vector<Check>& checks = audit.report.checks;
  DocumentAudit documents(store, trust, tenant, options);
  verify::ClockAudit clock(tenant, options.now);
  const auto newest = newest_stored_point(store, tenant);  // Before the ledger, which comes after.
  bool is_completed = false;
  verify::SignedByOutsiders outsiders({store, &trust, tenant, 1, options.stop});
  TileCheck tiles(store, tenant, TileCheck::Mending::look);
  ScanLedgerOptions scanned = options;
  scanned.on_checkpoint = [&](const Checkpoint& checkpoint, std::string_view note) {
    outsiders.push(checkpoint, note);
  };
  const LedgerHead head = scan_ledger(store, &trust, tenant, scanned, [&](LedgerEntry&& entry) {
    is_completed = is_completed || entry.statement.subject_id == newest;
    clock.push(entry.statement);
    outsiders.push(entry);
    tiles.push(entry.stored);
    documents.push(std::move(entry.statement));
  });
  verify::add_ledger_checks(tenant, head, checks);
  clock.finish(checks);
  documents.finish(checks);
  const verify::Context context{store, &trust, tenant, 1, options.stop};
  verify::check_cosignatures(context, head, std::nullopt, verify::root_at(context, head), checks);
  if (head.newest_checkpoint) {
    verify::check_timestamps_of(context, "ledger.timestamp",
                                layout::ledger_checkpoint(tenant, 0, head.newest_checkpoint->size),
                                sha256(as_bytes(head.newest_note)), checks);
  }
  if (head.problems.empty()) {
    const std::uint64_t size = head.tree.size();
    outsiders.finish(head.origin, checks);
    add_tile_checks(tenant, tiles.finish(), checks);
    const auto cut = find_tail_cut_by_newest(store, &trust, tenant, size, options.now);
    if (cut && !verify::has_grown(context, size)) {
      checks.push_back(failed("ledger.tail", *cut));
    } else if (newest && !is_completed) {
      checks.push_back(verify::not_checked(
          "ledger.tail", layout::recovery_point(tenant, *newest),
          "no entry completes the newest stored point: a run is at it or was interrupted, or the "
          "tail was cut off"));
    }
  }
  audit.origin = head.origin;
  audit.entries = head.tree.size();
  audit.from_bundles = head.from_bundles;
  audit.checkpoints = head.checkpoints;
  audit.documents = documents.sound();
}

LedgerAudit audit_ledger(ObjectStore& store, const TenantId& tenant, const TrustPolicy& trust,
                         const ScanLedgerOptions& options) {
  LedgerAudit audit;
  try {
    audit_ledger(store, tenant, trust, options, audit);
  } catch (const Error& error) {
    if (!verify::is_finding(error)) throw;
    audit.report.checks.push_back(
        failed(verify::kEntries, error.subject(), "a readable ledger", error.message()));
  }
  return audit;
}

}  // namespace v0
}  // namespace atp
