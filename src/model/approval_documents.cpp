// SPDX-License-Identifier: Apache-2.0
#include "atp/model/approval_documents.hpp"

#include "atp/crypto/sha256.hpp"
#include "model/document_fields.hpp"

namespace atp {
inline namespace v0 {

template <>
struct Codec<PlanStep> {
  static Json encode(const PlanStep& step) {
    FieldWriter out;
    out("name", step.name)("value", step.value);
    return std::move(out).json();
  }
  static PlanStep decode(const Field& field) {
    FieldReader in(field);
    PlanStep step{.name = in.text("name", kWord), .value = in["value"]};
    in.finish();
    return step;
  }
};

Digest plan_digest(std::span<const PlanStep> plan) {
  const std::vector<PlanStep> steps(plan.begin(), plan.end());
  return sha256(as_bytes(Codec<std::vector<PlanStep>>::encode(steps).str()));
}

void write_members(FieldWriter& out, const ApprovalRequest& request) {
  out("action", request.action)("subjectId", request.subject_id)("plan", request.plan);
  out("ledgerSize", request.ledger_size)("expiresAt", request.expires_at);
}

template <>
ApprovalRequest read_members(FieldReader& in, DocumentHeader header) {
  ApprovalRequest request{.header = std::move(header),
                          .action = in.text("action", kWord),
                          .subject_id = in.text("subjectId", kNotEmpty),
                          .plan = in["plan"],
                          .ledger_size = in["ledgerSize"],
                          .expires_at = in["expiresAt"]};
  require(!request.plan.empty() && request.plan.size() <= kPlanStepLimit,
          "member `plan`: expected 1 to " + std::to_string(kPlanStepLimit) + " steps");
  require(request.header.created_at < request.expires_at,
          "member `expiresAt`: expected a time after createdAt");
  return request;
}

void write_members(FieldWriter& out, const Approval& approval) {
  out("action", approval.action)("subjectId", approval.subject_id);
  out("planSha256", approval.plan_sha256)("requestSha256", approval.request_sha256);
  out("ledgerSize", approval.ledger_size)("expiresAt", approval.expires_at);
  out("role", approval.role);
}

template <>
Approval read_members(FieldReader& in, DocumentHeader header) {
  return {.header = std::move(header),
          .action = in.text("action", kWord),
          .subject_id = in.text("subjectId", kNotEmpty),
          .plan_sha256 = in["planSha256"],
          .request_sha256 = in["requestSha256"],
          .ledger_size = in["ledgerSize"],
          .expires_at = in["expiresAt"],
          .role = in.text("role", kNotEmpty)};
}

}  // namespace v0
}  // namespace atp
