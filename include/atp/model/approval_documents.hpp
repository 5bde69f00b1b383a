// SPDX-License-Identifier: Apache-2.0
/// What an act asks of others, and their consent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/core/time.hpp"
#include "atp/model/document_header.hpp"

namespace atp {
inline namespace v0 {

/// What an act would do, in one line each.
struct PlanStep {
  std::string name;
  std::string value;
  bool operator==(const PlanStep&) const = default;
};

/// A request has no more steps.
inline constexpr std::size_t kPlanStepLimit = 1000;

/// The SHA-256 of the steps' canonical JSON: names and values, in their order.
ATP_EXPORT Digest plan_digest(std::span<const PlanStep> plan);

/// Somebody asks others to approve one act. Signed with the key of a person, who cannot approve it.
struct ATP_EXPORT ApprovalRequest {
  static constexpr std::string_view type = "approvalRequest";
  DocumentHeader header;
  std::string action;
  std::string subject_id;
  std::vector<PlanStep> plan = {};
  std::uint64_t ledger_size;  ///< Of the tenant's ledger when the plan was made.
  Time expires_at;
  bool operator==(const ApprovalRequest&) const = default;
};

/// One person's consent, signed with a key of theirs. It repeats what it is to, so that the
/// signature is over it, whatever is shown beside it.
struct ATP_EXPORT Approval {
  static constexpr std::string_view type = "approval";
  DocumentHeader header;
  std::string action;
  std::string subject_id;
  Digest plan_sha256;
  Digest request_sha256;  ///< Of the request as stored.
  std::uint64_t ledger_size;
  Time expires_at;
  std::string role;  ///< That the person approves in.
  bool operator==(const Approval&) const = default;
};

/// What an act was done by virtue of: documents, by the SHA-256 of what was signed and stored.
struct ApprovedBy {
  Digest request;
  std::vector<Digest> approvals = {};
  bool operator==(const ApprovedBy&) const = default;
};

}  // namespace v0
}  // namespace atp
