// SPDX-License-Identifier: Apache-2.0
/// Where a ledger's binding entries are: those that whoever comes later must know of
/// (docs/format.md, "Ledger"). Every statement of version 2 names the newest one before itself, so
/// that all of them are found from any one entry, at the cost of reading them alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/model/statement_documents.hpp"

namespace atp {
inline namespace v0 {

/// What the entries read so far say of it. A value.
class ATP_EXPORT BindingTrail {
 public:
  /// Behind the entry `last`, of version 2.
  static BindingTrail behind(const Statement& last);

  /// What the next entry has to say and does not, as expected and found; nothing where it fits. A
  /// writer that leaves an act out of it would hide that act from all who follow.
  struct Mismatch {
    std::string expected;
    std::string found;
  };
  std::optional<Mismatch> mismatch(const Statement& next) const;

  /// The next entry has been read.
  void take(const Statement& next);

  /// The members of the statement that fits here, which need not be of a known act.
  void complete(Statement& next) const;

  /// Whether the next entry must be `ledger.summed_up`, since all before it are of version 1.
  bool wants_summary() const { return !empty_ && is_old_; }
  /// The newest binding entry. Nothing where there is none, and where `wants_summary`.
  std::optional<std::uint64_t> newest() const { return newest_; }

 private:
  bool empty_ = true;
  bool is_old_ = true;  ///< No entry of version 2 has come yet.
  std::optional<std::uint64_t> newest_ = {};
  std::vector<std::uint64_t> old_ = {};  ///< The binding entries of version 1.
};

}  // namespace v0
}  // namespace atp
