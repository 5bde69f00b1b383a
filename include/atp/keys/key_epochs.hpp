// SPDX-License-Identifier: Apache-2.0
/// Key epochs: the recipient that everything a tenant seals in a month is encrypted to, and the
/// wraps that open it again.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/crypto/age.hpp"
#include "atp/model/problem.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

/// `yyyymm` of `now`.
ATP_EXPORT std::string epoch_name(Time now);

/// A tenant's epochs as the store has them.
struct KeyEpochs {
  /// By epoch, in order of index; only documents whose wrap is whole.
  std::map<std::string, std::vector<KeyEpoch>> documents = {};
  std::vector<Problem> problems = {};
};

/// Checks every document and wrap: signatures (where a trust policy is given), indices without
/// gaps, one recipient an epoch, each wrap's SHA-256.
ATP_EXPORT KeyEpochs read_key_epochs(ObjectStore& store, const TrustPolicy* trust,
                                     const TenantId& tenant);

/// The same of one epoch.
ATP_EXPORT KeyEpochs read_key_epoch(ObjectStore& store, const TrustPolicy* trust,
                                    const TenantId& tenant, const std::string& epoch);

/// The identities of all epochs, opened with the vault's. Throws: unauthenticated where there are
/// epochs and none opens; corrupt where a wrap opens to another identity than its recipient's.
ATP_EXPORT std::vector<age::Identity> open_key_epochs(ObjectStore& store, const KeyEpochs& epochs,
                                                      std::span<const age::Identity> identities);

}  // namespace v0
}  // namespace atp
