// SPDX-License-Identifier: Apache-2.0
/// What verifications of several points of one tenant have in common: read and checked at the first
/// that needs it. It belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "verify/ledger_check.hpp"
#include "verify/manifest_chain.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

struct CheckedPackage {
  std::string key;
  std::optional<Descriptor> descriptor;  ///< What was compared where there is no manifest.
  std::vector<Check> checks;
};

struct TenantMemory {
  std::shared_ptr<const CheckedLedger> ledger;
  std::map<StreamId, ManifestChainReader> chains;
  std::map<std::pair<StreamId, std::uint64_t>, CheckedPackage> packages;
};

}  // namespace verify
}  // namespace v0
}  // namespace atp
