// SPDX-License-Identifier: Apache-2.0
/// A tenant at work: what one run reads of it, each once. Nothing of another tenant is looked at.
#pragma once

#include <optional>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/ledger/ledger.hpp"
#include "atp/policy/retention.hpp"
#include "atp/vault/segment_chains.hpp"
#include "atp/vault/vault.hpp"

namespace atp {
inline namespace v0 {

/// What a manifest says of its segment's age.
inline SegmentDates dates_of(const SegmentManifest& manifest) {
  return {manifest.header.created_at, manifest.sealed_at, manifest.last_time};
}

/// One object belongs to one thread at a time. What it has is as of its opening, but for what is
/// said to be read anew; whoever appends to the ledger decides on what the ledger says then.
class ATP_EXPORT OpenTenant {
 public:
  /// Opens the ledger behind the head that the catalog has seen, at a cost that does not grow with
  /// it; where the store does not have that head any more, reads all of it to tell why.
  /// Throws: corrupt for a ledger that is damaged, shorter than the catalog's head or than what a
  /// stored point had seen, or another one; untrusted; unavailable for a catalog that cannot be
  /// used.
  OpenTenant(const Vault& vault, const TenantId& tenant);

  const Vault& vault() const { return *vault_; }
  const TenantId& tenant() const { return tenant_; }
  Ledger& ledger() { return ledger_; }
  /// Throws: corrupt where the checkpoint is gone that the catalog had seen over the ledger's head.
  /// The ledger goes on from that head all the same.
  void require_checkpoint() const;
  /// The ledger as it is now, opened as by the constructor.
  void reopen_ledger();

  SegmentChains& chains();

  /// Every policy from version 1 on, read when asked for first. Throws: corrupt where one is
  /// missing, untrusted.
  const std::vector<TenantPolicy>& policies();
  /// The current policy where it says the same, else its next version, put with retention.
  const TenantPolicy& ensure_policy(const std::optional<FieldMap>& field_map,
                                    const std::optional<CalendarPeriod>& retention, Time now);
  /// The policy of that version. Throws: corrupt where it is missing.
  const TenantPolicy& policy(std::uint64_t version);
  /// Until when the segment is kept: by the policy it was taken under or the current one, whichever
  /// keeps it longer. Throws: corrupt where one is missing.
  SegmentTerm term_of(const SegmentManifest& manifest);
  /// Until when documents are kept that are about something of `time`, by the current policy.
  Time document_retention(Time time);

  /// The key epoch of the month of `now`, begun where it is not yet there, as read back: any act
  /// may be a tenant's first. `retain_until` is that of the documents written. Throws: corrupt
  /// where it is not there though manifests name it, untrusted.
  KeyEpoch ensure_key_epoch(Time now, Time retain_until);

  /// Tells the catalog what the chains and the ledger have beyond it.
  void record_progress();

 private:
  Ledger open_ledger(const Vault& vault, const TenantId& tenant);

  const Vault* vault_;
  TenantId tenant_;
  std::optional<std::string> lost_checkpoint_ = {};
  Ledger ledger_;
  std::optional<SegmentChains> chains_;
  std::optional<std::vector<TenantPolicy>> policies_;
};

}  // namespace v0
}  // namespace atp
