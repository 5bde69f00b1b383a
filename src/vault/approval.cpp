// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/approval.hpp"

#include <algorithm>
#include <set>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/ledger/ledger_clock.hpp"
#include "atp/model/acts.hpp"
#include "atp/model/problem.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::size_t kApprovalsLimit = 100;

[[noreturn]] void refuse(const std::string& subject, const std::string& message) {
  throw Error(ErrorKind::not_approved, subject, message);
}

/// A document of a person who is an approver now, and was when they signed.
template <class T>
struct Signed {
  T document;
  const Approver& person;
};

const Approver& require_person(const TrustPolicy& trust, const std::string& key_id, Time now,
                               const std::string& what) {
  const TrustedKey* trusted = trust.find(key_id, KeyRole::approver, now);
  const Approver* person = trusted ? trust.approvals.find_approver(trusted->name) : nullptr;
  if (person == nullptr) refuse(what, "was signed with key " + key_id + ", no approver's now");
  return *person;
}

template <class T>
Signed<T> open(const std::string& what, std::string_view text, const TrustPolicy& trust,
               const std::optional<TenantId>& tenant, Time now) {
  auto checked = check_document<T>(text, &trust, tenant);
  if (checked.state != DocumentState::verified) refuse_document(what, checked);
  if (checked.document->header.created_at > now + kClockTolerance) {
    refuse(what, "was made at " + format_time(checked.document->header.created_at) +
                     ", which is yet to come");
  }
  return {*std::move(checked.document), require_person(trust, checked.key_id, now, what)};
}

const ApprovalRule& require_rule(const TrustPolicy& trust, const std::string& action) {
  if (const ApprovalRule* rule = trust.approvals.find_rule(action)) return *rule;
  throw Error(ErrorKind::invalid_argument, action, "needs no approvals by the trust policy");
}

void check_time(const ApprovalRequest& request, Time now) {
  if (request.expires_at <= now) {
    refuse("request", "was good until " + format_time(request.expires_at));
  }
  if (request.expires_at - request.header.created_at > kApprovalLimit) {
    refuse("request", "asks for more than " + std::to_string(kApprovalLimit.count()) + " days");
  }
}

Signed<ApprovalRequest> open_request(std::string_view text, const TrustPolicy& trust, Time now) {
  auto request = open<ApprovalRequest>("request", text, trust, tenant_in(text), now);
  check_time(request.document, now);
  return request;
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

/// Why `person` cannot approve in `role`; empty where they can.
std::string obstacle(const Approver& person, const std::string& requester, const std::string& role,
                     const ApprovalRule& rule) {
  if (person.name == requester) return person.name + " asked for it";
  if (!has(person.roles, role)) return person.name + " does not have the role " + role;
  if (!has(rule.roles, role)) return rule.action + " does not ask for the role " + role;
  return "";
}

void require_same(const std::string& subject, std::string_view what, const std::string& expected,
                  const std::string& found) {
  if (expected == found) return;
  refuse(subject, "is stale: " + std::string(what) + " is " + expected + ", it says " + found);
}

void require_plan(const ApprovalRequest& request, const Plan& plan) {
  require_same("request", "the act", plan.action, request.action);
  require_same("request", "the subject", plan.subject_id, request.subject_id);
  require_same("request", "the ledger's size", std::to_string(plan.ledger_size),
               std::to_string(request.ledger_size));
  for (std::size_t i = 0; i < std::max(plan.steps.size(), request.plan.size()); ++i) {
    const auto step = [&](const std::vector<PlanStep>& steps) {
      return i < steps.size() ? steps[i].name + " " + steps[i].value : std::string("nothing");
    };
    require_same("request", "the plan", step(plan.steps), step(request.plan));
  }
}

void require_consent(const std::string& name, const Approval& approval,
                     const ApprovalRequest& request, const Digest& request_sha256) {
  require_same(name, "the request", request_sha256.hex(), approval.request_sha256.hex());
  require_same(name, "the act", request.action, approval.action);
  require_same(name, "the subject", request.subject_id, approval.subject_id);
  require_same(name, "the plan", plan_digest(request.plan).hex(), approval.plan_sha256.hex());
  require_same(name, "the ledger's size", std::to_string(request.ledger_size),
               std::to_string(approval.ledger_size));
  require_same(name, "the end", format_time(request.expires_at), format_time(approval.expires_at));
}

/// Nothing can have used a request below the size that it names: the plan is of that size.
void require_unused(Ledger& ledger, const Digest& request, std::uint64_t ledger_size,
                    const std::vector<Digest>& approvals) {
  ledger.for_each_binding([&](const Statement& statement) {
    if (statement.index < ledger_size) return false;
    const auto& used = statement.approved_by;
    const bool again =
        used &&
        (used->request == request || std::ranges::any_of(approvals, [&](const Digest& each) {
           return std::ranges::find(used->approvals, each) != used->approvals.end();
         }));
    if (again) {
      refuse("request", "was used by entry " + std::to_string(statement.index) +
                            " of the ledger: approvals are good for one act");
    }
    return true;
  });
}

/// Collects who has consented, and in which roles.
class Consent {
 public:
  Consent(const ApprovalRule& rule, const std::string& requester)
      : rule_(rule), requester_(requester) {}

  void add(const std::string& name, const Approver& person, const std::string& role) {
    if (const std::string why = obstacle(person, requester_, role, rule_); !why.empty()) {
      refuse(name, "does not count: " + why);
    }
    if (!persons_.insert(person.name).second) {
      refuse(name, "does not count: " + person.name + " has approved it already");
    }
    roles_.insert(role);
  }

  std::vector<std::string> require_enough() const {
    if (persons_.size() < rule_.threshold) {
      refuse(rule_.action, "needs " + std::to_string(rule_.threshold) +
                               " persons beside the one who asks, found " +
                               std::to_string(persons_.size()));
    }
    for (const std::string& role : rule_.roles) {
      if (!roles_.contains(role)) refuse(rule_.action, "needs an approval in the role " + role);
    }
    return {persons_.begin(), persons_.end()};
  }

 private:
  const ApprovalRule& rule_;
  const std::string& requester_;
  std::set<std::string> persons_;
  std::set<std::string> roles_;
};

/// A clock that is set back would revive what is over. Who corrects entries of a clock that stood
/// ahead stands before them.
void require_not_set_back(const Plan& plan, const Ledger& ledger, Time now) {
  const auto newest = newest_plausible(ledger.tail());
  if (!newest || newest->created_at <= now + kClockTolerance) return;
  if (plan.action == acts::kClockCorrected.rule) return;
  throw Error(ErrorKind::clock_untrusted, plan.action,
              "the clock says " + format_time(now) + ", before the ledger's entry of " +
                  format_time(newest->created_at) +
                  ": set it, or, if it is right, `atp ledger accept-clock` first");
}

}  // namespace

std::string request_approval(const Vault& vault, const Plan& plan, const Signer& signer,
                             Time expires_at) {
  const Time now = vault.environment().clock->now();
  require_rule(vault.trust(), plan.action);
  if (expires_at <= now || expires_at - now > kApprovalLimit) {
    throw Error(ErrorKind::invalid_argument, "request",
                "expected an end within " + std::to_string(kApprovalLimit.count()) +
                    " days, found " + format_time(expires_at));
  }
  const std::string& key_id = signer.public_key().id();
  if (vault.trust().find(key_id, KeyRole::approver, now) == nullptr) {
    throw Error(ErrorKind::unauthenticated, "request",
                "expected the key of an approver of the trust policy, found " + key_id);
  }
  return sign_document(ApprovalRequest{.header = vault.new_header(plan.tenant),
                                       .action = plan.action,
                                       .subject_id = plan.subject_id,
                                       .plan = plan.steps,
                                       .ledger_size = plan.ledger_size,
                                       .expires_at = expires_at},
                       signer);
}

CheckedRequest check_request(std::string_view request, const TrustPolicy& trust, Time now) {
  auto opened = open_request(request, trust, now);
  return {std::move(opened.document), opened.person.name};
}

std::string approve(std::string_view request, const TrustPolicy& trust, const Signer& signer,
                    const std::string& role, Time now, Random& random) {
  const auto [document, requester] = check_request(request, trust, now);
  const Approver& person = require_person(trust, signer.public_key().id(), now, "approval");
  const std::string why = obstacle(person, requester, role, require_rule(trust, document.action));
  if (!why.empty()) refuse("approval", why);
  return sign_document(Approval{.header = {.vault_id = document.header.vault_id,
                                           .tenant = document.header.tenant,
                                           .nonce = random_hex(random, 16),
                                           .created_at = now},
                                .action = document.action,
                                .subject_id = document.subject_id,
                                .plan_sha256 = plan_digest(document.plan),
                                .request_sha256 = sha256(as_bytes(request)),
                                .ledger_size = document.ledger_size,
                                .expires_at = document.expires_at,
                                .role = role},
                       signer);
}

DualApproval::DualApproval(Plan plan, std::string requester, std::vector<std::string> approvers,
                           ApprovalDocuments documents)
    : plan_(std::move(plan)),
      requester_(std::move(requester)),
      approvers_(std::move(approvers)),
      documents_(std::move(documents)) {}

ApprovedBy DualApproval::approved_by() const {
  ApprovedBy by{.request = sha256(as_bytes(documents_.request))};
  for (const std::string& approval : documents_.approvals) {
    by.approvals.push_back(sha256(as_bytes(approval)));
  }
  return by;
}

DualApproval check_approvals(const Plan& plan, const ApprovalDocuments& documents,
                             const TrustPolicy& trust, Ledger& ledger, Time now) {
  const ApprovalRule& rule = require_rule(trust, plan.action);
  if (documents.approvals.size() > kApprovalsLimit) {
    refuse(plan.action, "expected at most " + std::to_string(kApprovalsLimit) + " approvals");
  }
  require_not_set_back(plan, ledger, now);
  const auto request = open<ApprovalRequest>("request", documents.request, trust, plan.tenant, now);
  check_time(request.document, now);
  require_plan(request.document, plan);
  const Digest request_sha256 = sha256(as_bytes(documents.request));
  Consent consent(rule, request.person.name);
  for (std::size_t i = 0; i < documents.approvals.size(); ++i) {
    const std::string name = "approval " + std::to_string(i + 1);
    const auto approval = open<Approval>(name, documents.approvals[i], trust, plan.tenant, now);
    require_consent(name, approval.document, request.document, request_sha256);
    consent.add(name, approval.person, approval.document.role);
  }
  DualApproval approved(plan, request.person.name, consent.require_enough(), documents);
  require_unused(ledger, request_sha256, request.document.ledger_size,
                 approved.approved_by().approvals);
  return approved;
}

}  // namespace v0
}  // namespace atp
