// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/open_tenant.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/storage/layout.hpp"
#include "vault/put_new.hpp"
#include "vault/tenant_documents.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// The key of the newest point that the catalog has.
std::string newest_known_point(const Vault& vault, const TenantId& tenant) {
  const auto newest = vault.catalog().newest_points(tenant, 1);
  return newest.empty() ? "" : layout::recovery_point(tenant, newest.front().recovery_point_id);
}

}  // namespace

Ledger OpenTenant::open_ledger(const Vault& vault, const TenantId& tenant) {
  const auto head = vault.catalog().ledger_head(tenant);  // Before the ledger: others may append.
  std::optional<Ledger> ledger;
  if (head) ledger = Ledger::resume(vault.store(), vault.trust(), tenant, known_head(*head));
  if (!ledger) {
    ledger = Ledger::load(vault.store(), vault.trust(), tenant);
    if (head) check_head(vault, *ledger, *head);
    if (head) lost_checkpoint_ = find_lost_checkpoint(vault, *ledger, *head);
  }
  require_tail(vault, *ledger, newest_known_point(vault, tenant));
  return std::move(*ledger);
}

OpenTenant::OpenTenant(const Vault& vault, const TenantId& tenant)
    : vault_(&vault), tenant_(tenant), ledger_(open_ledger(vault, tenant)) {}

void OpenTenant::reopen_ledger() { ledger_ = open_ledger(*vault_, tenant_); }

void OpenTenant::require_checkpoint() const {
  if (lost_checkpoint_) refuse_lost_checkpoint(*vault_, *lost_checkpoint_);
}

SegmentChains& OpenTenant::chains() {
  if (!chains_) chains_.emplace(*vault_, tenant_, SegmentChains::From::catalog);
  return *chains_;
}

const std::vector<TenantPolicy>& OpenTenant::policies() {
  if (!policies_) policies_ = read_policies(*vault_, tenant_);
  return *policies_;
}

const TenantPolicy& OpenTenant::ensure_policy(const std::optional<FieldMap>& field_map,
                                              const std::optional<CalendarPeriod>& retention,
                                              Time now) {
  while (true) {
    const TenantPolicy* current = policies().empty() ? nullptr : &policies().back();
    TenantPolicy next{.header = vault_->new_header(tenant_),
                      .version = current ? current->version + 1 : 1,
                      .field_map = current ? current->field_map : default_field_map(),
                      .retention = current ? current->retention : kDefaultRetention};
    if (field_map) {
      for (const auto& [field, path] : *field_map) next.field_map[field] = path;
    }
    if (retention) next.retention = *retention;
    if (current && current->field_map == next.field_map && current->retention == next.retention) {
      return *current;
    }
    // What was taken under the one before it needs both.
    const Time until = retain_document_until(now, next.retention);
    const PutOptions options{.retain_until = std::max(until, document_retention(now))};
    const bool first = put_new(vault_->store(), layout::policy(tenant_, next.version),
                               sign_document(next, vault_->signers()), options);
    if (first) {
      policies_->push_back(std::move(next));
      return policies_->back();
    }
    policies_.reset();
  }
}

const TenantPolicy& OpenTenant::policy(std::uint64_t version) {
  if (version >= 1 && version <= policies().size()) return policies()[version - 1];
  throw Error(ErrorKind::corrupt, layout::policy(tenant_, version), "is missing, but still needed");
}

SegmentTerm OpenTenant::term_of(const SegmentManifest& manifest) {
  SegmentTerm longest;
  for (const std::uint64_t version : {manifest.policy_version, std::uint64_t{policies().size()}}) {
    const SegmentTerm term = segment_term(dates_of(manifest), policy(version).retention);
    longest.by_dates = std::max(longest.by_dates, term.by_dates);
    longest.until = std::max(longest.until, term.until);
  }
  return longest;
}

Time OpenTenant::document_retention(Time time) {
  return retain_document_until(
      time, policies().empty() ? kDefaultRetention : policies().back().retention);
}

KeyEpoch OpenTenant::ensure_key_epoch(Time now, Time retain_until) {
  const std::string epoch = epoch_name(now);
  if (auto found = find_key_epoch(*vault_, tenant_, epoch)) return std::move(*found);
  const std::string key = layout::key_epoch_document(tenant_, epoch, 0);
  if (chains().uses_key_epoch(epoch)) {
    throw Error(ErrorKind::corrupt, key, "is missing, but packages are sealed to it");
  }
  begin_key_epoch(*vault_, tenant_, epoch, {.retain_until = retain_until});
  if (auto begun = find_key_epoch(*vault_, tenant_, epoch)) return std::move(*begun);
  throw Error(ErrorKind::corrupt, key, "is missing right after it was put");
}

void OpenTenant::record_progress() {
  Catalog& catalog = vault_->catalog();
  if (chains_) catalog.record_segments(chains_->take_new_rows());
  if (ledger_.size() == 0) return;
  const auto head = catalog.ledger_head(tenant_);
  const bool known = head && head->size == ledger_.size() && head->root == ledger_.root();
  if (known && head->last_leaf) return;
  catalog.record_ledger(point_rows(*vault_, ledger_, head ? head->size : 0), head_row(ledger_));
}

}  // namespace v0
}  // namespace atp
