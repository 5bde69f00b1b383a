// SPDX-License-Identifier: Apache-2.0
#include "vault/keeping.hpp"

#include <algorithm>
#include <mutex>

#include "atp/core/error.hpp"
#include "atp/core/parallel.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/policy/retention.hpp"
#include "atp/storage/layout.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// The point that `child` names as its parent. Throws: corrupt, not_found.
RecoveryPoint parent_of(const Vault& vault, const RecoveryPoint& child) {
  const TenantId tenant = *child.header.tenant;
  const std::string key = layout::recovery_point(tenant, child.parent->id);
  const Bytes stored = require_object(vault.store(), key, kDocumentLimit);
  if (sha256(stored) != child.parent->sha256) {
    throw Error(ErrorKind::corrupt, key, "is another point than its child's parent");
  }
  return require_document<RecoveryPoint>(key, as_text(stored), vault.trust(), tenant);
}

KeyEpochs require_epochs(const Vault& vault, const TenantId& tenant) {
  KeyEpochs epochs = read_key_epochs(vault.store(), &vault.trust(), tenant);
  if (!epochs.problems.empty()) throw_problem(epochs.problems.front());
  return epochs;
}

}  // namespace

Needs::Needs(const Vault& vault, const Ledger& ledger, const SegmentChains& chains,
             const RecoveryPoint& point)
    : vault_(vault),
      chains_(chains),
      tenant_(ledger.tenant()),
      policies_(all_policies(vault, tenant_)),
      epochs_(require_epochs(vault, tenant_)) {
  for (const std::uint64_t version : {point.policy_version, std::uint64_t{policies_.size()}}) {
    const CalendarPeriod& retention = policy_at(policies_, tenant_, version).retention;
    document_.at_least =
        std::max(document_.at_least, retain_document_at_least_until(point.as_of, retention));
    document_.until = std::max(document_.until, retain_document_until(point.as_of, retention));
  }
  add_shared(ledger);
  check_coverage(chains, point);
  std::optional<RecoveryPoint> next = point;
  while (next) {
    add_point(*next);
    next = next->parent ? std::optional(parent_of(vault_, *next)) : std::nullopt;
  }
}

std::optional<std::string> Needs::missing(unsigned workers) const {
  const std::vector<std::pair<std::string, Growth>> needs(needs_.begin(), needs_.end());
  std::mutex mutex;
  std::optional<std::string> first;
  parallel_for(needs.size(), workers, {}, [&](std::size_t i) {
    if (vault_.store().stat(needs[i].first)) return;
    const std::lock_guard lock(mutex);
    first = first ? std::min(*first, needs[i].first) : needs[i].first;
  });
  return first;
}

void Needs::grow(unsigned workers) const {
  const std::vector<std::pair<std::string, Growth>> needs(needs_.begin(), needs_.end());
  parallel_for(needs.size(), workers, {},
               [&](std::size_t i) { grow_one(needs[i].first, needs[i].second); });
}

void Needs::grow_one(const std::string& key, const Growth& growth) const {
  const auto info = vault_.store().stat(key);
  if (!info || info->immutability.retain_until >= growth.at_least) return;
  const Time in_force = vault_.store().extend_retention(key, growth.until);
  if (in_force >= growth.at_least) return;
  throw Error(ErrorKind::unavailable, key,
              "is kept until " + format_time(in_force) + " although the store was told " +
                  format_time(growth.until));
}

void Needs::add_shared(const Ledger& ledger) {
  add_document(std::string(layout::kVault));
  for (std::uint64_t index = 0; index < ledger.size(); ++index) {
    add_document(layout::ledger_entry(tenant_, ledger.term(), index));
  }
  for (const std::string& folder : {layout::ledger_checkpoints(tenant_, ledger.term()),
                                    layout::cosignatures(tenant_, ledger.term()),
                                    layout::timestamps(tenant_), layout::documents(tenant_)}) {
    for_each_key(vault_.store(), folder, [&](const std::string& key) { add_document(key); });
  }
  for (const TenantPolicy& policy : policies_) {
    add_document(layout::policy(tenant_, policy.version));
  }
  for (const auto& [name, documents] : epochs_.documents) {
    for (const KeyEpoch& epoch : documents) {
      add_document(layout::key_epoch_document(tenant_, name, epoch.index));
      add_document(epoch.wrap_key);
    }
  }
}

void Needs::add_point(const RecoveryPoint& point) {
  add_document(layout::recovery_point(tenant_, point.recovery_point_id));
  for (const ListReference& list : point.lists) {
    add_document(layout::list_page(tenant_, list.sha256));
  }
  for (const ListPage& page : read_list_pages(vault_.store(), point)) {
    for (const Descriptor& descriptor : page.descriptors) add_segment(descriptor);
  }
}

void Needs::add_segment(const Descriptor& descriptor) {
  const std::string key = layout::manifest(tenant_, descriptor.stream, descriptor.sequence);
  const auto stream = chains_.streams().find(descriptor.stream);
  if (stream == chains_.streams().end() || stream->second.size() <= descriptor.sequence) {
    throw Error(ErrorKind::corrupt, key, "is missing, but a point lists its segment");
  }
  const SegmentManifest& manifest = stream->second[descriptor.sequence].manifest;
  if (epochs_.documents.find(manifest.key_epoch) == epochs_.documents.end()) {
    throw Error(ErrorKind::corrupt, layout::key_epoch(tenant_, manifest.key_epoch),
                "is missing, but packages are sealed to it");
  }
  const Time until = segment_term(manifest, policies_, tenant_).until;
  add_document(key);
  needs_.emplace(descriptor.key, Growth{until, until});
}

}  // namespace v0
}  // namespace atp
