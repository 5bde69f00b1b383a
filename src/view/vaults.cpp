// SPDX-License-Identifier: Apache-2.0
#include "atp/view/vaults.hpp"

#include <algorithm>

#include "atp/model/trust_policy_file.hpp"
#include "atp/vault/vault_folder.hpp"
#include "atp/view/text.hpp"
#include "view/json_parts.hpp"

namespace atp {
inline namespace v0 {
namespace {

std::string path_text(const Path& path) { return json_text(path.string()); }

}  // namespace

static Json::Object to_json(const RebuildResult::Damaged& damaged) {
  return {{"tenantId", damaged.tenant.str()},
          {"kind", error_kind_info(damaged.kind).name},
          {"subject", json_text(damaged.subject)},
          {"message", json_text(damaged.message)}};
}

Json::Object to_json(const CreatedVault& created) {
  return {{"vaultId", created.vault_id},
          {"store", path_text(created.paths.store)},
          {"catalog", path_text(created.paths.catalog)},
          {"identity", path_text(created.keys.identity)},
          {"signingKey", path_text(created.keys.signing_key)},
          {"ledgerKey", path_text(created.keys.ledger_key)},
          {"trust", path_text(created.keys.trust)}};
}

Json::Object to_json(const RotatedKeys& rotated) {
  return {{"signingKeyId", rotated.signing_key_id},
          {"ledgerKeyId", rotated.ledger_key_id},
          {"overlapEnds", format_time(rotated.overlap_ends)}};
}

Json::Object to_json(const TrustPolicy& policy) {
  return parse_json(print_trust_policy(policy)).as_object();
}

Json::Object to_json(const DerivedRows& rows) {
  return {{"tenants", rows.heads.size()},
          {"segments", rows.segments.size()},
          {"points", rows.points.size()}};
}

Json::Object to_json(const RebuildResult& result) {
  return {{"tenants", result.tenants},
          {"segments", result.segments},
          {"points", result.points},
          {"damaged", array_json(result.damaged)},
          {"kept", result.kept ? Json(path_text(*result.kept)) : Json()}};
}

Json::Object to_json(const Finding& finding) {
  return {{"name", finding.name},
          {"state", to_string(finding.state)},
          {"subject", json_text(finding.subject)},
          {"detail", json_text(finding.detail)}};
}

Json::Object to_json(const std::vector<Finding>& findings) {
  FindingState worst = FindingState::good;
  for (const Finding& finding : findings) worst = std::max(worst, finding.state);
  return {{"verdict", to_string(worst)}, {"findings", array_json(findings)}};
}

}  // namespace v0
}  // namespace atp
