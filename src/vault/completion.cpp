// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/completion.hpp"

#include "atp/model/acts.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/act.hpp"
#include "atp/vault/anchor.hpp"
#include "atp/vault/halt.hpp"
#include "atp/verify/stored_point.hpp"

namespace atp {
inline namespace v0 {

void complete_point(OpenTenant& tenant, const std::string& job_id,
                    const std::string& recovery_point_id, unsigned workers) {
  const Vault& vault = tenant.vault();
  const StoredPoint stored =
      require_point(vault.store(), vault.trust(), {tenant.tenant(), recovery_point_id});
  const Time retain_until = tenant.document_retention(stored.point.as_of);
  // Before the statement says so: everything is there, and kept.
  keep_point(tenant, stored.point, workers);
  require_timestamp(vault, tenant.tenant(),
                    layout::recovery_point(tenant.tenant(), recovery_point_id), stored.sha256,
                    retain_until);
  if (!is_completed(tenant, recovery_point_id)) {
    append_when(tenant,
                {.header = vault.new_header(tenant.tenant()),
                 .index = 0,
                 .action = std::string(acts::kPointCompleted.action),
                 .job_id = job_id,
                 .subject_id = recovery_point_id,
                 .subject_sha256 = stored.sha256},
                retain_until, [&](Ledger&) { require_not_halted(vault, tenant.tenant()); });
  } else if (!tenant.ledger().has_checkpoint()) {
    tenant.ledger().put_checkpoint(vault.ledger_signers(), {.retain_until = retain_until});
  }
}

}  // namespace v0
}  // namespace atp
