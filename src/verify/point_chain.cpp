// SPDX-License-Identifier: Apache-2.0
#include "verify/point_chain.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <variant>

#include "atp/model/acts.hpp"
#include "atp/model/object_key.hpp"
#include "atp/storage/layout.hpp"
#include "atp/verify/stored_point.hpp"
#include "ledger/scan.hpp"
#include "verify/checkpoint_over.hpp"
#include "verify/clock_check.hpp"
#include "verify/ledger_check.hpp"

namespace atp {
inline namespace v0 {
namespace verify {
namespace {

constexpr const char* kStatement = "ledger.statement";

class PointChainReader {
 public:
  PointChainReader(const Context& context, std::vector<Check>& checks)
      : context_(context), checks_(checks) {}

  PointChain run(const std::string& id, LedgerDepth depth) {
    bool whole = depth == LedgerDepth::whole;
    std::vector<Check> point_checks;
    auto link = read_link("point.manifest", id, point_checks);
    auto statement = whole || !link ? std::nullopt : look_for_statement(*link);
    // What a crash left, or nobody could have, only the whole ledger tells.
    if (!whole && (!statement || !is_covered(*statement))) whole = true;
    if (whole) {
      ledger_ = check_ledger_of(context_, id, checks_);
      statement = find_statement(id);
    }
    require_known(id, link.has_value() || statement.has_value());
    check_checkpoint(statement, whole);
    std::ranges::move(point_checks, std::back_inserter(checks_));
    PointChain chain;
    if (!link) return chain;
    check_statement(*link, statement);
    chain.points.push_back(std::move(*link));
    read_parents(chain, statement, whole);
    if (whole) check_clocks(chain);
    chain.statement = std::move(statement);
    chain.ledger = std::move(ledger_);
    return chain;
  }

 private:
  /// Throws: not_found for a point that nothing speaks of.
  void require_known(const std::string& id, bool known) const {
    const bool stored = known || (is_key_element(id) && context_.store.stat(key_of(id)));
    if (stored) return;
    throw Error(ErrorKind::not_found, id,
                "is no recovery point of tenant " + context_.tenant.str() + " in " +
                    context_.store.describe());
  }

  std::string key_of(const std::string& id) const {
    return layout::recovery_point(context_.tenant, id);
  }

  /// The first entry that completes the point.
  std::optional<LedgerEntry> find_statement(const std::string& id) const {
    for (const LedgerEntry& entry : ledger_->entries) {
      if (completes(entry.statement, id)) return entry;
    }
    return std::nullopt;
  }

  /// The same without the rest of the ledger: it was appended right after what the point had seen,
  /// but for what others appended meanwhile.
  std::optional<LedgerEntry> look_for_statement(const LinkedPoint& link) const {
    constexpr std::uint64_t kFarthest = 1000;
    std::vector<Problem> problems;
    const std::uint64_t from = link.point.ledger_size_seen;
    for (std::uint64_t index = from; index < from + kFarthest; ++index) {
      auto entry =
          ledger::read_entry(context_.store, context_.trust, context_.tenant, "", index, problems);
      if (!entry) return std::nullopt;
      if (completes(entry->statement, link.point.recovery_point_id)) return entry;
    }
    return std::nullopt;
  }

  static bool completes(const Statement& statement, const std::string& id) {
    return statement.action == acts::kPointCompleted.action && statement.subject_id == id;
  }

  /// A checkpoint must cover the statement: only then can what an outsider holds expose a later
  /// change. A crash may have come between the two, so that a missing one is no failure.
  void check_checkpoint(const std::optional<LedgerEntry>& statement, bool whole) {
    if (!whole) return;  // It was there; of a root that was not recomputed nothing is said.
    const auto& checkpoint = ledger_->newest_checkpoint;
    if (statement && checkpoint && checkpoint->size > statement->statement.index) {
      checks_.push_back(signed_by_trust(
          context_, kCheckpoint, layout::ledger_checkpoint(context_.tenant, 0, checkpoint->size)));
      return;
    }
    checks_.push_back(not_checked(kCheckpoint, layout::ledger_checkpoints(context_.tenant, 0),
                                  "no sound checkpoint covers the statement that completes the "
                                  "point"));
  }

  bool is_covered(const LedgerEntry& entry) const {
    return first_checkpoint_over(context_, entry.statement).has_value();
  }

  std::optional<LinkedPoint> read_link(const std::string& name, const std::string& id,
                                       std::vector<Check>& checks) const {
    throw_if_stopped(context_.stop);
    auto read = read_point(context_.store, context_.trust, {context_.tenant, id});
    if (const auto* problem = std::get_if<Problem>(&read)) {
      checks.push_back(failed(name, *problem));
      return std::nullopt;
    }
    auto& stored = std::get<StoredPoint>(read);
    checks.push_back(signed_by_trust(context_, name, key_of(id)));
    return LinkedPoint{key_of(id), stored.sha256, std::move(stored.point)};
  }

  void check_statement(const LinkedPoint& link, const std::optional<LedgerEntry>& entry) {
    if (!entry) {
      checks_.push_back(failed(kStatement, link.key,
                               "a statement in the ledger that completes the point", "none"));
      return;
    }
    const Statement& statement = entry->statement;
    const std::string key = layout::ledger_entry(context_.tenant, 0, statement.index);
    if (statement.subject_sha256 != link.sha256) {
      const auto& named = statement.subject_sha256;
      checks_.push_back(
          failed(kStatement, link.key,
                 "SHA-256 " + (named ? named->hex() : "none") + " as " + key + " says",
                 "SHA-256 " + link.sha256.hex()));
    } else if (statement.index < link.point.ledger_size_seen) {
      checks_.push_back(failed(kStatement, key,
                               "an index of " + std::to_string(link.point.ledger_size_seen) +
                                   " or more, which the point had seen",
                               "index " + std::to_string(statement.index)));
    } else {
      checks_.push_back(signed_by_trust(context_, kStatement, key));
    }
  }

  /// A parent is the one whose digest its child has; where the whole ledger is at hand, it must
  /// have been completed before it, too.
  void read_parents(PointChain& chain, std::optional<LedgerEntry> child_statement, bool whole) {
    constexpr const char* kName = "point.parent";
    std::set<std::string> seen{chain.points.front().point.recovery_point_id};
    while (const auto parent = chain.points.back().point.parent) {
      const std::string key = layout::recovery_point(context_.tenant, parent->id);
      if (!seen.insert(parent->id).second) {
        checks_.push_back(
            failed(kName, key, "a point not yet in the chain", "it is its own parent"));
        return;
      }
      auto link = read_link(kName, parent->id, checks_);
      if (!link) return;
      if (link->sha256 != parent->sha256) {
        checks_.push_back(
            failed(kName, key, "SHA-256 " + parent->sha256.hex(), "SHA-256 " + link->sha256.hex()));
      }
      const auto statement = whole ? find_statement(parent->id) : std::nullopt;
      if (whole) check_statement(*link, statement);
      if (statement && child_statement &&
          statement->statement.index >= child_statement->statement.index) {
        checks_.push_back(
            failed(kName, key,
                   "completed before entry " + std::to_string(child_statement->statement.index),
                   "completed by entry " + std::to_string(statement->statement.index)));
      }
      chain.points.push_back(std::move(*link));
      child_statement = statement;
    }
  }

  void check_clocks(const PointChain& chain) {
    const std::uint64_t corrected = corrected_entries(ledger_->entries);
    for (const LinkedPoint& link : chain.points) {
      check_point_clock(context_, link.key, link.point.header.created_at,
                        find_statement(link.point.recovery_point_id), corrected, checks_);
    }
  }

  const Context& context_;
  std::vector<Check>& checks_;
  std::shared_ptr<const LedgerReading> ledger_;
};

}  // namespace

PointChain read_point_chain(const Context& context, const std::string& id, LedgerDepth depth,
                            std::vector<Check>& checks) {
  return PointChainReader(context, checks).run(id, depth);
}

}  // namespace verify
}  // namespace v0
}  // namespace atp
