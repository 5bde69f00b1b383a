// SPDX-License-Identifier: Apache-2.0
/// Vaults, their keys and their catalog as JSON.
#pragma once

#include <vector>

#include "atp/catalog/catalog.hpp"
#include "atp/core/export.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/keys/key_folder.hpp"
#include "atp/model/json.hpp"
#include "atp/vault/doctor.hpp"
#include "atp/vault/rebuild.hpp"
#include "atp/vault/vault_folder.hpp"

namespace atp {
inline namespace v0 {

/// vaultId, and where things are: store, catalog, identity, signingKey, ledgerKey, trust.
ATP_EXPORT Json::Object to_json(const CreatedVault& created);

/// signingKeyId, ledgerKeyId, overlapEnds.
ATP_EXPORT Json::Object to_json(const RotatedKeys& rotated);

/// As `print_trust_policy`.
ATP_EXPORT Json::Object to_json(const TrustPolicy& policy);

/// How many tenants, segments and points.
ATP_EXPORT Json::Object to_json(const DerivedRows& rows);
/// tenants, segments, points, damaged (tenantId, kind, subject, message), kept.
ATP_EXPORT Json::Object to_json(const RebuildResult& result);

/// name, state, subject, detail.
ATP_EXPORT Json::Object to_json(const Finding& finding);
/// verdict, the worst of the states; findings.
ATP_EXPORT Json::Object to_json(const std::vector<Finding>& findings);

}  // namespace v0
}  // namespace atp
