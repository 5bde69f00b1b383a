// SPDX-License-Identifier: Apache-2.0
/// What witnesses have cosigned and authorities have stamped must be there: their signature shows
/// that it was. What stands among theirs and is signed by nobody trusted shows nothing.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "atp/ledger/ledger.hpp"
#include "verify/checks.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

/// Fed by one reading of a tenant's ledger. One object belongs to one thread at a time.
class SignedByOutsiders {
 public:
  explicit SignedByOutsiders(Context context);

  /// A checkpoint that holds.
  void push(const Checkpoint& checkpoint, std::string_view note);
  void push(const LedgerEntry& entry);

  /// A failed `ledger.checkpoint` or `ledger.document` for each thing that was not there. Where a
  /// cosignature is stored of more entries than there are, `ledger.tail`, not checked: what it
  /// covers is a root that nobody has.
  void finish(const std::string& origin, std::vector<Check>& checks);

 private:
  bool is_cosigned(const Checkpoint& checkpoint);
  void forget_others();

  const Context context_;
  merkle::Frontier<Rfc9162Hasher> tree_;
  std::map<std::uint64_t, std::optional<Digest>> cosigned_;  ///< By size: the root there was.
  std::set<Digest> stamped_;
};

}  // namespace verify
}  // namespace v0
}  // namespace atp
