// SPDX-License-Identifier: Apache-2.0
/// Documents that the segments of a point have in common.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "atp/keys/key_epochs.hpp"
#include "verify/checks.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

/// `vault`: vault.json.
void check_vault(const Context& context, std::vector<Check>& checks);

/// `key_epoch`: those that manifests name, by epoch, each with its wraps.
KeyEpochs read_epochs(const Context& context, const std::set<std::string>& named,
                      std::vector<Check>& checks);

/// `policy`: each version that is named.
void check_policies(const Context& context, const std::set<std::uint64_t>& versions,
                    std::vector<Check>& checks);

}  // namespace verify
}  // namespace v0
}  // namespace atp
