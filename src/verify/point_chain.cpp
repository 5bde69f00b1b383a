// SPDX-License-Identifier: Apache-2.0
#include "verify/point_chain.hpp"

#include <algorithm>
#include <set>

#include "atp/storage/layout.hpp"
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

  PointChain run(const std::string& id) {
    ledger_ = check_ledger(context_, id, checks_);
    const auto statement = find_statement(id);
    check_checkpoint(statement);
    PointChain chain;
    auto link = read_point("point.manifest", id);
    if (!link) return chain;
    check_statement(*link, statement);
    chain.points.push_back(std::move(*link));
    read_parents(chain, statement);
    check_clocks(chain);
    if (statement != nullptr) chain.statement = statement->index;
    chain.ledger = std::move(ledger_);
    return chain;
  }

 private:
  /// The first entry that completes the point.
  const Statement* find_statement(const std::string& id) const {
    for (const LedgerEntry& entry : ledger_.entries) {
      const Statement& statement = entry.statement;
      if (statement.action == "recovery_point.completed" && statement.subject_id == id) {
        return &statement;
      }
    }
    return nullptr;
  }

  /// The newest checkpoint must cover the statement: only then can what an outsider holds expose a
  /// later change. A crash may have come between the two, so that a missing one is no failure.
  void check_checkpoint(const Statement* statement) {
    const std::string folder = layout::ledger_checkpoints(context_.tenant, 0);
    const auto& checkpoint = ledger_.newest_checkpoint;
    if (statement != nullptr && checkpoint && checkpoint->size > statement->index) {
      checks_.push_back(signed_by_trust(
          context_, kCheckpoint, layout::ledger_checkpoint(context_.tenant, 0, checkpoint->size)));
      return;
    }
    checks_.push_back(not_checked(
        kCheckpoint, folder, "no sound checkpoint covers the statement that completes the point"));
  }

  std::optional<LinkedPoint> read_point(const std::string& name, const std::string& id) {
    const std::string key = layout::recovery_point(context_.tenant, id);
    auto stored = read_document<RecoveryPoint>(context_, name, key, context_.tenant, checks_);
    if (!stored) return std::nullopt;
    if (stored->document.recovery_point_id != id) {
      checks_.push_back(
          failed(name, key, "point " + id, "point " + stored->document.recovery_point_id));
      return std::nullopt;
    }
    checks_.push_back(signed_by_trust(context_, name, key));
    return LinkedPoint{key, stored->sha256, std::move(stored->document)};
  }

  void check_statement(const LinkedPoint& link, const Statement* statement) {
    if (statement == nullptr) {
      checks_.push_back(failed(kStatement, link.key,
                               "a statement in the ledger that completes the point", "none"));
      return;
    }
    const std::string key = layout::ledger_entry(context_.tenant, 0, statement->index);
    if (statement->subject_sha256 != link.sha256) {
      const auto& named = statement->subject_sha256;
      checks_.push_back(
          failed(kStatement, link.key,
                 "SHA-256 " + (named ? named->hex() : "none") + " as " + key + " says",
                 "SHA-256 " + link.sha256.hex()));
    } else if (statement->index < link.point.ledger_size_seen) {
      checks_.push_back(failed(kStatement, key,
                               "an index of " + std::to_string(link.point.ledger_size_seen) +
                                   " or more, which the point had seen",
                               "index " + std::to_string(statement->index)));
    } else {
      checks_.push_back(signed_by_trust(context_, kStatement, key));
    }
  }

  void read_parents(PointChain& chain, const Statement* child_statement) {
    constexpr const char* kName = "point.parent";
    std::set<std::string> seen{chain.points.front().point.recovery_point_id};
    while (const auto parent = chain.points.back().point.parent) {
      const std::string key = layout::recovery_point(context_.tenant, parent->id);
      if (!seen.insert(parent->id).second) {
        checks_.push_back(
            failed(kName, key, "a point not yet in the chain", "it is its own parent"));
        return;
      }
      auto link = read_point(kName, parent->id);
      if (!link) return;
      if (link->sha256 != parent->sha256) {
        checks_.push_back(
            failed(kName, key, "SHA-256 " + parent->sha256.hex(), "SHA-256 " + link->sha256.hex()));
      }
      const Statement* statement = find_statement(parent->id);
      check_statement(*link, statement);
      if (statement && child_statement && statement->index >= child_statement->index) {
        checks_.push_back(failed(kName, key,
                                 "completed before entry " + std::to_string(child_statement->index),
                                 "completed by entry " + std::to_string(statement->index)));
      }
      chain.points.push_back(std::move(*link));
      child_statement = statement;
    }
  }

  void check_clocks(const PointChain& chain) {
    const std::uint64_t corrected = corrected_entries(ledger_.entries);
    for (const LinkedPoint& link : chain.points) {
      check_point_clock(context_, link.key, link.point.header.created_at,
                        find_statement(link.point.recovery_point_id), corrected, checks_);
    }
  }

  const Context& context_;
  std::vector<Check>& checks_;
  LedgerReading ledger_;
};

}  // namespace

PointChain read_point_chain(const Context& context, const std::string& id,
                            std::vector<Check>& checks) {
  return PointChainReader(context, checks).run(id);
}

}  // namespace verify
}  // namespace v0
}  // namespace atp
