// SPDX-License-Identifier: Apache-2.0
/// Whom a verifier believes, and for what: keys with roles, witnesses, time-stamping authorities,
/// approvers and how many of them an act needs. A value, obtained apart from the vault: nothing is
/// trusted because a vault or a bundle carries it. Its file form is in model/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/core/ids.hpp"
#include "atp/core/time.hpp"
#include "atp/crypto/signature.hpp"
#include "atp/crypto/timestamp.hpp"

namespace atp {
inline namespace v0 {

enum class KeyRole {
  document,  ///< Signs documents: manifests, points, policies, key epochs, statements.
  ledger,    ///< Signs checkpoints; Ed25519 only.
  witness,   ///< Cosigns checkpoints (C2SP tlog-cosignature.md); Ed25519 only.
  approver,  ///< Signs requests and approvals.
};

/// One key has one role and one name.
struct ATP_EXPORT TrustedKey {
  PublicKey key;
  KeyRole role;
  std::optional<Time> not_before = {};  ///< Signatures made earlier are refused.
  std::optional<Time> not_after = {};   ///< Signatures made at or after this are refused.
  std::string name = {};                ///< Whose: of a witness or an approver, else empty.

  bool valid_at(Time signed_at) const;
};

/// Where a witness or a time-stamping authority is asked.
struct ServiceAddress {
  std::string name;
  std::string url;  ///< Of a witness: the submission prefix (C2SP tlog-witness.md).
};

/// How many witnesses a checkpoint needs before it is believed; several keys of one name are one
/// witness.
struct WitnessPolicy {
  std::uint64_t threshold;
  std::vector<ServiceAddress> addresses = {};
};

/// Whose time-stamps (RFC 3161) count.
struct TimestampPolicy {
  bool required;  ///< Else what has none yet is believed, and said to have none.
  std::vector<TimestampAuthority> authorities = {};
  std::vector<ServiceAddress> addresses = {};
};

/// A person. Two keys of theirs, or two names, are still one person: names are compared, and no key
/// has two of them.
struct Approver {
  std::string name;
  std::vector<std::string> roles = {};
};

/// An act that needs approvals.
struct ApprovalRule {
  std::string action;
  std::uint64_t threshold;              ///< Different persons; at least 2.
  std::vector<std::string> roles = {};  ///< Each must be among the roles approved in.
};

struct ApprovalPolicy {
  std::vector<Approver> approvers = {};
  std::vector<ApprovalRule> rules = {};

  ATP_EXPORT const Approver* find_approver(std::string_view name) const;
  ATP_EXPORT const ApprovalRule* find_rule(std::string_view action) const;
};

struct ATP_EXPORT TrustPolicy {
  std::string vault_id;  ///< 32 lower-case hexadecimal digits.
  std::string domain;
  std::vector<TrustedKey> keys = {};
  std::optional<WitnessPolicy> witnesses = {};
  std::optional<TimestampPolicy> timestamps = {};
  ApprovalPolicy approvals = {};

  /// The key of that id if it has the role and is valid at `signed_at`; else nothing.
  const TrustedKey* find(std::string_view key_id, KeyRole role, Time signed_at) const;
  std::vector<PublicKey> keys_of(KeyRole role) const;
  /// Keys of `role` still valid at or after `earliest`, so able to have signed what was made then.
  std::vector<PublicKey> keys_of(KeyRole role, Time earliest) const;
};

}  // namespace v0
}  // namespace atp
