// SPDX-License-Identifier: Apache-2.0
/// The second half of taking a point: statement, checkpoint, retention.
#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/model/acts.hpp"
#include "atp/model/problem.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/act.hpp"
#include "atp/vault/anchor.hpp"
#include "atp/vault/points.hpp"
#include "atp/vault/recovery.hpp"
#include "vault/keeping.hpp"

namespace atp {
inline namespace v0 {
namespace {

struct StoredPoint {
  RecoveryPoint point;
  Digest sha256;
};

StoredPoint require_point(const Vault& vault, const TenantId& tenant, const std::string& id) {
  const std::string key = layout::recovery_point(tenant, id);
  const Bytes stored = require_object(vault.store(), key, kDocumentLimit);
  RecoveryPoint point =
      require_document<RecoveryPoint>(key, as_text(stored), vault.trust(), tenant);
  if (point.recovery_point_id != id) {
    throw Error(ErrorKind::corrupt, key, "holds point " + point.recovery_point_id);
  }
  return {std::move(point), sha256(stored)};
}

void check_whole(const Needs& needs, const std::string& point_id, unsigned workers) {
  if (const auto key = needs.missing(workers)) {
    throw Error(ErrorKind::corrupt, *key, "is missing, but " + point_id + " needs it");
  }
}

}  // namespace

void keep_point(const Vault& vault, const Ledger& ledger, const SegmentChains& chains,
                const RecoveryPoint& point, unsigned workers) {
  const Needs needs(vault, ledger, chains, point);
  needs.grow(workers);
  check_whole(needs, point.recovery_point_id, workers);
}

void complete_point(const Vault& vault, Ledger& ledger, const SegmentChains& chains,
                    const std::string& job_id, const std::string& recovery_point_id,
                    unsigned workers) {
  const TenantId& tenant = ledger.tenant();
  const auto [point, digest] = require_point(vault, tenant, recovery_point_id);
  const Time retain_until = document_retention(vault, tenant, point.as_of);
  // Before the statement says so: everything is there, and kept.
  keep_point(vault, ledger, chains, point, workers);
  require_timestamp(vault, tenant, layout::recovery_point(tenant, recovery_point_id), digest,
                    retain_until);
  if (!is_completed(ledger, recovery_point_id)) {
    append_statement(vault, ledger,
                     {.header = vault.new_header(tenant),
                      .index = 0,
                      .action = std::string(acts::kPointCompleted.action),
                      .job_id = job_id,
                      .subject_id = recovery_point_id,
                      .subject_sha256 = digest},
                     retain_until);
  } else if (!ledger.has_checkpoint()) {
    ledger.put_checkpoint(vault.ledger_signers(), {.retain_until = retain_until});
  }
}

}  // namespace v0
}  // namespace atp
