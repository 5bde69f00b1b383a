// SPDX-License-Identifier: Apache-2.0
/// Anchors: what outsiders add to a tenant's ledger. Witnesses cosign its newest checkpoint (C2SP
/// tlog-witness.md), time-stamping authorities stamp that checkpoint and the recovery points (RFC
/// 3161). Whom to ask, and whether there is no way without, says the trust policy.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/core/progress.hpp"
#include "atp/ledger/cosignature.hpp"
#include "atp/vault/open_tenant.hpp"

namespace atp {
inline namespace v0 {

/// What is still to come, and why.
struct PendingAnchor {
  std::string service;  ///< Name of the witness or authority.
  std::string subject;  ///< Key of the object that it has not signed yet.
  std::string problem;
  /// A witness has seen more of the ledger, or another one: it was cut, rewritten or forked, or the
  /// store is an older copy.
  bool contradicts = false;
};

struct Anchors {
  std::optional<Checkpoint> checkpoint = {};   ///< The newest; nothing before the first.
  std::vector<Cosignature> cosignatures = {};  ///< Of it, by trusted witnesses, old and new.
  std::uint64_t timestamps_added = 0;
  std::vector<PendingAnchor> pending = {};
  /// Whether nothing is pending that the trust policy does not go without.
  bool complete = true;

  ATP_EXPORT bool contradicted() const;
};

struct AnchorOptions {
  /// Also asks witnesses that have cosigned this checkpoint whether they have seen more; looks for
  /// time-stamps of every point, not of the newest ten; and renews those whose authority's
  /// certificate ends within 90 days: the token itself is stamped, so that it is known to be older
  /// than that end.
  bool thorough = false;
  std::stop_token stop = {};
  ProgressSink* progress = nullptr;
};

/// Asks for what is missing, and stores what came and holds. A service that does not answer, or not
/// what it should, is pending: the next call asks again; so is what the store does not take.
/// Throws: cancelled.
ATP_EXPORT Anchors anchor_ledger(OpenTenant& tenant, const AnchorOptions& options = {});

/// A time-stamp that is not stored.
struct Timestamped {
  std::optional<Bytes> reply = {};  ///< As an authority of the trust policy gave it; it holds.
  std::vector<PendingAnchor> pending = {};
};

/// Asks the trust policy's authorities for a time-stamp of `sha256`; `subject` is what to call it.
/// Nothing where the policy has none. Throws: unavailable where it requires one and none was to be
/// had; cancelled.
ATP_EXPORT Timestamped request_timestamp(const Vault& vault, const std::string& subject,
                                         const Digest& sha256, const std::stop_token& stop = {});

/// Where the trust policy requires time-stamps: the object `key`, of that digest, has one on
/// return. Throws: unavailable where no authority stamped it.
ATP_EXPORT void require_timestamp(const Vault& vault, const TenantId& tenant,
                                  const std::string& key, const Digest& sha256, Time retain_until,
                                  const std::stop_token& stop = {});

}  // namespace v0
}  // namespace atp
