// SPDX-License-Identifier: Apache-2.0
/// A run looks at what is new. Of what is old it reads a part again, so that in many runs all of it
/// is read: entries of the ledger, manifests and packages, and until when objects are kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/model/problem.hpp"
#include "atp/vault/open_tenant.hpp"

namespace atp {
inline namespace v0 {

struct ScrubBudget {
  std::uint64_t operations = 20;  ///< Requests to the store; 0: nothing is read again.
  /// Of packages, and once more for one that is known to be damaged. A larger one is left to
  /// `verify`; that it is there and as long as it was is seen.
  std::uint64_t bytes = 64 << 20;
};

/// When all entries and all dates should have been read again, by runs or by the doctor.
inline constexpr std::chrono::days kScrubPeriod{60};

struct Scrub {
  Time entries_since = {};   ///< Every entry that was there then has been read again since.
  Time packages_since = {};  ///< Every package and its manifest.
  Time dates_since = {};     ///< Until when every object is kept.
  bool overdue = false;      ///< Entries or dates: longer ago than `kScrubPeriod`.
  bool halted = false;       ///< The ledger is not what it was.
  /// What is not what it was: the ledger, or a manifest or package, which is named by every run
  /// until it is whole again. Those that were not looked at this time are named by their manifest.
  std::vector<Problem> damaged = {};
  /// Keys of objects that were kept shorter than they must be, and now are not.
  std::vector<std::string> regrown = {};
  std::optional<std::string> trouble = {};  ///< What kept it from going on; the next run will.
};

/// Reads on where the run before it ended, within `budget`. Halts the tenant where its ledger is
/// not what it was. What one pass meets ends no other. Throws: cancelled.
ATP_EXPORT Scrub scrub_old(OpenTenant& tenant, const ScrubBudget& budget,
                           const std::stop_token& stop);

/// Reads every entry, and asks of every object until when it is kept. Throws: as
/// `Ledger::entries`; what the store and the catalog throw.
ATP_EXPORT Scrub scrub_entries_and_dates(OpenTenant& tenant);

/// How far the runs have come. Only what they found damaged is read again.
ATP_EXPORT Scrub scrub_so_far(OpenTenant& tenant);

}  // namespace v0
}  // namespace atp
