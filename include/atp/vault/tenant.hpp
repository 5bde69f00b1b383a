// SPDX-License-Identifier: Apache-2.0
/// What writers and readers of one tenant share: its policy, key epoch, segment chains and ledger,
/// read from the store and verified. One object belongs to one thread at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/crypto/age.hpp"
#include "atp/ledger/ledger.hpp"
#include "atp/policy/retention.hpp"
#include "atp/vault/vault.hpp"

namespace atp {
inline namespace v0 {

/// The newest policy. Nothing before the first. Throws: corrupt, untrusted.
ATP_EXPORT std::optional<TenantPolicy> current_policy(const Vault& vault, const TenantId& tenant);

/// Every policy from version 1 on. Throws: corrupt where one is missing, untrusted.
ATP_EXPORT std::vector<TenantPolicy> all_policies(const Vault& vault, const TenantId& tenant);

/// What a manifest says of its segment's age.
inline SegmentDates dates_of(const SegmentManifest& manifest) {
  return {manifest.header.created_at, manifest.sealed_at, manifest.last_time};
}

/// Until when the segment is kept: by the policy it was taken under and by the newest of
/// `policies`, which are all of the tenant's, whichever keeps it longer. Throws: corrupt where one
/// is missing.
ATP_EXPORT SegmentTerm segment_term(const SegmentManifest& manifest,
                                    const std::vector<TenantPolicy>& policies,
                                    const TenantId& tenant);

/// The policy of that version. Throws: corrupt where it is missing.
ATP_EXPORT const TenantPolicy& policy_at(const std::vector<TenantPolicy>& policies,
                                         const TenantId& tenant, std::uint64_t version);

/// The current policy if it says the same, else its next version, put with retention.
ATP_EXPORT TenantPolicy ensure_policy(const Vault& vault, const TenantId& tenant,
                                      const std::optional<FieldMap>& field_map,
                                      const std::optional<CalendarPeriod>& retention, Time now);

/// The manifests of a tenant's segments in order of commit. One object belongs to one thread at a
/// time.
class ATP_EXPORT SegmentChains {
 public:
  enum class From {
    catalog,  ///< Start with the catalog's rows, chained and pinned by the newest manifest.
    store,    ///< Read and verify every manifest.
  };
  /// Throws: corrupt where the chain is broken, or rows and store disagree; untrusted.
  SegmentChains(const Vault& vault, const TenantId& tenant, From from);

  struct Entry {
    SegmentManifest manifest;
    Digest sha256;
    std::string stored;
  };

  const Entry* find(const StreamId& stream, const SegmentId& segment) const;
  /// By stream, in order of sequence.
  const std::map<StreamId, std::vector<Entry>>& streams() const { return streams_; }

  struct Commit {
    const Entry* entry;
    enum class Outcome { committed, adopted, altered } outcome;
  };
  /// Commits `draft` at the next sequence of its stream; `header`, `sequence` and `previous` are
  /// set here. Where another writer was first with the same segment: adopted, or altered where its
  /// bytes differ. `entry` stays valid until the next commit to the stream.
  Commit commit(SegmentManifest draft, const PutOptions& options);

  /// The largest policy version and whether a key epoch is named by any manifest.
  std::uint64_t newest_policy_version() const;
  bool uses_key_epoch(const std::string& epoch) const;

  /// Rows read from the store or committed since the last call.
  std::vector<SegmentRow> take_new_rows();

 private:
  static Commit compare(const Entry& sealed, const SegmentManifest& draft);
  void read_catalog();
  void read_store();
  void read_on(const StreamId& stream);
  bool has_later_manifest(const StreamId& stream, const std::string& key) const;
  void append(const StreamId& stream, Entry entry, const std::string& key);

  const Vault* vault_;
  TenantId tenant_;
  std::map<StreamId, std::vector<Entry>> streams_;
  std::map<std::pair<StreamId, SegmentId>, std::uint64_t> sequence_of_;
  std::vector<SegmentRow> new_rows_;
};

/// Until when documents of the tenant are kept that are about something of `time`, by its policy.
/// Throws: corrupt, untrusted.
ATP_EXPORT Time document_retention(const Vault& vault, const TenantId& tenant, Time time);

/// The key epoch of the month of `now`, begun where it is not yet there, and its recipient as read
/// back. `retain_until` is that of the documents written. Throws: corrupt where an epoch that
/// manifests name is not there, untrusted.
ATP_EXPORT KeyEpoch ensure_key_epoch(const Vault& vault, const TenantId& tenant,
                                     const SegmentChains& chains, Time now, Time retain_until);

}  // namespace v0
}  // namespace atp
