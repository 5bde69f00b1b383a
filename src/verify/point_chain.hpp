// SPDX-License-Identifier: Apache-2.0
/// A point and its parents down to the last full one, each as the ledger completed it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "atp/ledger/ledger.hpp"
#include "atp/verify/resolved_point.hpp"
#include "verify/checks.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

struct LinkedPoint {
  std::string key;
  Digest sha256 = {};  ///< Of the manifest as stored.
  RecoveryPoint point;
};

struct PointChain {
  std::vector<LinkedPoint> points = {};  ///< The newest first; empty where it cannot be believed.
  std::shared_ptr<const LedgerReading> ledger = {};  ///< Where the whole of it was read.
  std::optional<LedgerEntry> statement = {};         ///< That completes the first point.
  bool reaches_full() const { return !points.empty() && !points.back().point.parent; }
};

/// `ledger.entries`, `ledger.signatures`, `ledger.checkpoint`, `ledger.statement`, `point.manifest`
/// and `point.parent`.
/// Of the ledger as much as `depth` says.
/// Throws: not_found where neither the store nor the ledger has such a point.
PointChain read_point_chain(const Context& context, const std::string& id, LedgerDepth depth,
                            std::vector<Check>& checks);

}  // namespace verify
}  // namespace v0
}  // namespace atp
