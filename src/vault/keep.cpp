// SPDX-License-Identifier: Apache-2.0
/// What must be kept how long for points to be restorable until their own retention ends.
#include <algorithm>
#include <map>
#include <set>

#include "atp/core/error.hpp"
#include "atp/core/parallel.hpp"
#include "atp/policy/retention.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/completion.hpp"
#include "atp/vault/points.hpp"
#include "atp/verify/stored_point.hpp"
#include "vault/growth.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// How many documents a run looks at to grow them before they are due.
constexpr std::size_t kRound = 1000;

/// By the policy that a point was taken under and the current one: what is asked for is the longer.
Growth documents_of(OpenTenant& tenant, Time time, std::uint64_t policy_version) {
  Growth growth{};
  for (const std::uint64_t version : {policy_version, std::uint64_t{tenant.policies().size()}}) {
    const CalendarPeriod& retention = tenant.policy(version).retention;
    growth.at_least = std::max(growth.at_least, retain_document_at_least_until(time, retention));
    growth.until = std::max(growth.until, retain_document_until(time, retention));
  }
  return growth;
}

/// The next keys after `after`, at most `limit`; fewer where there are no more.
std::vector<std::string> documents_after(OpenTenant& tenant, const std::string& after,
                                         std::size_t limit) {
  std::vector<std::string> keys;
  for (const std::string_view root : layout::kTenantRoots) {
    if (root == "segments/" || root == layout::kTiles) continue;
    const std::string folder = std::string(root) + tenant.tenant().encoded() + "/";
    if (after > folder && !after.starts_with(folder)) continue;
    std::string from = after.starts_with(folder) ? after : "";
    while (keys.size() < limit) {
      ListPageOfKeys page = list_keys(tenant.vault().store(), folder, from, limit - keys.size());
      std::ranges::move(page.keys, std::back_inserter(keys));
      if (!page.next) break;
      from = *page.next;
    }
  }
  return keys;
}

void grow_all(OpenTenant& tenant, const std::vector<std::string>& keys, const Growth& growth,
              bool required, unsigned workers) {
  parallel_for(keys.size(), workers, {},
               [&](std::size_t i) { grow(tenant.vault().store(), keys[i], growth, required); });
}

/// Goes on with a round of growing every document; at once to its end where that is due.
void go_on(OpenTenant& tenant, KeptRow& kept, const Growth& growth, bool due, unsigned workers) {
  if (kept.round_after.empty()) {
    kept.round_until =
        std::chrono::floor<std::chrono::seconds>(growth.until);  // As any store keeps it.
  }
  const Growth round{growth.at_least, std::max(kept.round_until, growth.at_least)};
  while (true) {
    const auto keys = documents_after(tenant, kept.round_after, kRound);
    grow_all(tenant, keys, {round.until, round.until}, false, workers);
    if (keys.size() < kRound) {
      grow(tenant.vault().store(), std::string(layout::kVault), {round.until, round.until}, true);
      kept.documents_until = round.until;
      kept.round_after.clear();
      return;
    }
    kept.round_after = keys.back();
    if (!due) return;
  }
}

void keep_documents(OpenTenant& tenant, KeptRow& kept, const Growth& growth, unsigned workers) {
  const Time due_soon = add_period(growth.at_least, {.days = kRetentionSlack.days / 2});
  const bool due = kept.documents_until < growth.at_least;
  if (due && kept.round_until < growth.at_least) kept.round_after.clear();
  if (kept.documents_until < due_soon) go_on(tenant, kept, growth, due, workers);
  // A clock that went back, or a policy that keeps less: what was put since then is kept for less.
  if (kept.documents_until > growth.until) kept.documents_until = due_soon;
}

/// What the descriptors of `point` need; looks up manifests that it lists.
class Listed {
 public:
  explicit Listed(OpenTenant& tenant) : tenant_(tenant) {}

  void add(const RecoveryPoint& point) {
    for (const ListPage& page : require_list_pages(tenant_.vault().store(), point)) {
      add(page);
    }
  }

  /// The manifests that must be there, and the key epochs that open the packages.
  std::vector<std::string> documents() const { return {documents_.begin(), documents_.end()}; }
  const std::map<std::string, Growth>& packages() const { return packages_; }

 private:
  void add(const ListPage& page) {
    if (page.descriptors.empty()) return;
    const std::uint64_t first = page.descriptors.front().sequence;
    const auto entries = tenant_.chains().from(page.stream, first, page.descriptors.size());
    for (const Descriptor& descriptor : page.descriptors) {
      const std::string key =
          layout::manifest(tenant_.tenant(), descriptor.stream, descriptor.sequence);
      const std::uint64_t at = descriptor.sequence - first;
      if (at >= entries.size() || entries[at].sha256 != descriptor.manifest_sha256) {
        throw Error(ErrorKind::corrupt, key, "is missing, but a point lists its segment");
      }
      add(descriptor, key, entries[at].manifest);
    }
  }

  void add(const Descriptor& descriptor, const std::string& key, const SegmentManifest& manifest) {
    const Time until = tenant_.term_of(manifest).until;
    documents_.insert(key);
    documents_.insert(layout::key_epoch_document(tenant_.tenant(), manifest.key_epoch, 0));
    packages_.emplace(descriptor.key, Growth{until, until});
  }

  OpenTenant& tenant_;
  std::set<std::string> documents_;
  std::map<std::string, Growth> packages_;
};

void keep_packages(OpenTenant& tenant, const Listed& listed, unsigned workers) {
  const std::vector<std::pair<std::string, Growth>> packages(listed.packages().begin(),
                                                             listed.packages().end());
  parallel_for(packages.size(), workers, {}, [&](std::size_t i) {
    grow(tenant.vault().store(), packages[i].first, packages[i].second, true);
  });
}

/// Whether the newest policy keeps packages longer than the one of `version`: what was sealed under
/// a shorter one in between was grown no further than that asked.
bool is_longer_since(OpenTenant& tenant, std::uint64_t version, Time time) {
  const auto& policies = tenant.policies();
  if (version == 0 || version > policies.size()) return true;
  return add_period(time, policies.back().retention) >
         add_period(time, policies[version - 1].retention);
}

/// The packages of parents, which were grown when these were completed, as far as the policies of
/// that time asked.
void keep_parents(OpenTenant& tenant, const RecoveryPoint& point, unsigned workers) {
  const Vault& vault = tenant.vault();
  std::optional<ParentPoint> next = point.parent;
  while (next) {
    StoredPoint parent = require_point(vault.store(), vault.trust(), {tenant.tenant(), next->id});
    if (parent.sha256 != next->sha256) {
      throw Error(ErrorKind::corrupt, layout::recovery_point(tenant.tenant(), next->id),
                  "is another point than its child's parent");
    }
    Listed listed(tenant);
    listed.add(parent.point);
    keep_packages(tenant, listed, workers);
    next = parent.point.parent;
  }
}

KeptRow kept_of(OpenTenant& tenant) {
  return tenant.vault()
      .catalog()
      .kept(tenant.tenant())
      .value_or(KeptRow{tenant.tenant(), {}, 0, {}, {}});
}

void record(OpenTenant& tenant, const KeptRow& before, KeptRow now) {
  if (!(now == before)) tenant.vault().catalog().record_kept(now);
}

}  // namespace

void keep_point(OpenTenant& tenant, const RecoveryPoint& point, unsigned workers) {
  const KeptRow before = kept_of(tenant);
  KeptRow kept = before;
  const Growth documents = documents_of(tenant, point.as_of, point.policy_version);
  check_coverage(tenant.chains(), point);
  Listed listed(tenant);
  listed.add(point);
  grow_all(tenant, listed.documents(), documents, true, workers);
  keep_packages(tenant, listed, workers);
  if (is_longer_since(tenant, kept.policy_version, point.as_of)) {
    keep_parents(tenant, point, workers);
  }
  keep_documents(tenant, kept, documents, workers);
  kept.policy_version = tenant.policies().size();
  record(tenant, before, kept);
}

void keep_newest(OpenTenant& tenant, const CompletedPoint& newest, Time time, unsigned workers) {
  const KeptRow before = kept_of(tenant);
  KeptRow kept = before;
  if (is_longer_since(tenant, kept.policy_version, time)) {
    Listed listed(tenant);
    listed.add(newest.point);
    keep_packages(tenant, listed, workers);
    keep_parents(tenant, newest.point, workers);
    kept.policy_version = tenant.policies().size();
  }
  keep_documents(tenant, kept, documents_of(tenant, time, newest.point.policy_version), workers);
  record(tenant, before, kept);
}

}  // namespace v0
}  // namespace atp
