// SPDX-License-Identifier: Apache-2.0
/// A vault looked over as a whole: the one run whose cost grows with all there is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/core/export.hpp"
#include "atp/vault/vault.hpp"

namespace atp {
inline namespace v0 {

enum class FindingState {
  good,
  mended,
  doubtful,  ///< Nothing is damaged; somebody should look at it.
  bad,
};
ATP_EXPORT std::string_view to_string(FindingState state);

struct Finding {
  std::string name;  ///< `vault`, `store`, `temporaries`, `names`, `ledger`, `acts`, `kept`,
                     ///< `scrub`, `keys`, `catalog`.
  FindingState state;
  std::string subject;
  std::string detail;
  std::optional<ErrorKind> error = {};  ///< Where it is bad.
};

enum class Mending { mend, report_only };

struct ExamineOptions {
  Mending mending = Mending::mend;
  /// Ends acts that are open and that this catalog does not know, as lost ones: of another host, or
  /// of this one before its catalog was lost. Make sure that nobody is at work on them.
  bool take_over = false;
};

/// Looks the vault over and, unless told otherwise, mends what a crash left. Whole ledgers and
/// manifest chains are read, and the retention of every object that the newest points need is asked
/// for and grown.
ATP_EXPORT std::vector<Finding> examine(Vault& vault, const ExamineOptions& options = {});

}  // namespace v0
}  // namespace atp
