// SPDX-License-Identifier: Apache-2.0
/// Acts that one person must not do alone. Somebody asks (`request_approval`), others consent
/// (`approve`), each with a key of their own and on their own machine; whoever acts hands both in,
/// and the act takes a `DualApproval`, which nothing but `check_approvals` makes. How many persons
/// it takes, in which roles, says the trust policy.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/ledger/ledger.hpp"
#include "atp/model/documents.hpp"
#include "atp/vault/vault.hpp"

namespace atp {
inline namespace v0 {

/// One act, exactly: approvals are to these steps and no others.
struct Plan {
  std::string action;  ///< As a rule of the trust policy names it, such as `halt.resolve`.
  TenantId tenant;
  std::string subject_id;
  std::vector<PlanStep> steps = {};
  std::uint64_t ledger_size;
  bool operator==(const Plan&) const = default;
};

/// No request is good for longer.
inline constexpr std::chrono::days kApprovalLimit{30};

/// A request to approve `plan` until `expires_at`, signed by a person whom the trust policy knows.
/// Throws: unauthenticated for a key that is no approver's now; invalid_argument for a time that is
/// over or more than `kApprovalLimit` away, and for an act that needs no approvals.
ATP_EXPORT std::string request_approval(const Vault& vault, const Plan& plan, const Signer& signer,
                                        Time expires_at);

/// What a request asks for, believed: signed by a person of `trust`, not expired at `now`.
struct CheckedRequest {
  ApprovalRequest request;
  std::string requester;  ///< By name.
};
/// Throws: untrusted, corrupt; not_approved for one that is over or not yet made.
ATP_EXPORT CheckedRequest check_request(std::string_view request, const TrustPolicy& trust,
                                        Time now);

/// Consent to a request, in one role. Needs no vault. Throws: as `check_request`; not_approved for
/// the requester, for a key that is no approver's now, and for a role that the person has not or
/// that the act does not ask for.
ATP_EXPORT std::string approve(std::string_view request, const TrustPolicy& trust,
                               const Signer& signer, const std::string& role, Time now,
                               Random& random);

/// Everything that was handed in, as signed.
struct ApprovalDocuments {
  std::string request;
  std::vector<std::string> approvals = {};
};

/// Enough different persons in the roles asked for, none of them the requester, have consented to
/// exactly one plan.
class ATP_EXPORT DualApproval {
 public:
  const Plan& plan() const { return plan_; }
  const std::string& requester() const { return requester_; }
  const std::vector<std::string>& approvers() const { return approvers_; }
  const ApprovalDocuments& documents() const { return documents_; }
  /// For the statement of the act.
  ApprovedBy approved_by() const;

 private:
  DualApproval(Plan plan, std::string requester, std::vector<std::string> approvers,
               ApprovalDocuments documents);
  friend DualApproval check_approvals(const Plan&, const ApprovalDocuments&, const TrustPolicy&,
                                      Ledger&, Time);

  Plan plan_;
  std::string requester_;
  std::vector<std::string> approvers_;
  ApprovalDocuments documents_;
};

/// Checks approvals of `plan`, as it is now, against the trust policy and the ledger as they are
/// now: each signed by a person who is an approver still, in a role of theirs; to the same request,
/// action, subject, steps, ledger size and end; not over; used by no entry since the request was
/// made, to which `ledger` reaches back. Acts call
/// it again right before they act. Throws: not_approved, with what is missing or stale; corrupt or
/// untrusted for a document that does not hold.
ATP_EXPORT DualApproval check_approvals(const Plan& plan, const ApprovalDocuments& documents,
                                        const TrustPolicy& trust, Ledger& ledger, Time now);

}  // namespace v0
}  // namespace atp
