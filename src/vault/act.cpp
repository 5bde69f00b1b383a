// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/act.hpp"

#include <algorithm>
#include <map>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/model/acts.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/halt.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::string_view kAbandoned = ".abandoned";

/// What a job says before its own statement, of no act.
bool opens_ledger(const Statement& statement) {
  return statement.action == acts::kLedgerOpened.action ||
         statement.action == acts::kSummedUp.action;
}

/// Has the ledger say what comes before anything of this release: entry 0, or what entries of
/// version 1 bind to. False where another writer was faster.
bool open_ledger(OpenTenant& tenant, const Statement& statement, const PutOptions& options) {
  const Vault& vault = tenant.vault();
  Ledger& ledger = tenant.ledger();
  const bool is_new = ledger.size() == 0;
  if (!is_new && !ledger.wants_summary()) return true;
  return ledger.try_append(
      {.header = vault.new_header(tenant.tenant()),
       .origin = is_new ? make_origin(vault.document().domain, *vault.environment().random) : "",
       .index = 0,
       .action = std::string(is_new ? acts::kLedgerOpened.action : acts::kSummedUp.action),
       .job_id = statement.job_id},
      vault.signers(), options);
}

void put_sealed(const Vault& vault, const TenantId& tenant, const std::string& document,
                const age::Recipient& recipient, Time retain_until) {
  const Bytes sealed =
      age::encrypt(as_bytes(document), std::span(&recipient, 1), *vault.environment().random);
  const std::string attempt = random_hex(*vault.environment().random, 8);
  put_object(vault.store(), layout::document(tenant, sha256(as_bytes(document)), attempt), sealed,
             {.retain_until = retain_until});
}

}  // namespace

void append_when(OpenTenant& tenant, const Statement& statement, Time retain_until,
                 const std::function<void(Ledger&)>& condition) {
  const Vault& vault = tenant.vault();
  const PutOptions options{.retain_until = retain_until};
  Ledger& ledger = tenant.ledger();
  if (statement.action != acts::kHaltResolved.action) tenant.require_checkpoint();
  condition(ledger);
  // Our own opening changes nothing that the condition is about.
  while (!open_ledger(tenant, statement, options) ||
         !ledger.try_append(statement, vault.signers(), options)) {
    ledger.refresh();
    condition(ledger);
  }
  ledger.put_checkpoint(vault.ledger_signers(), options);
}

void append_statement(OpenTenant& tenant, const Statement& statement, Time retain_until) {
  append_when(tenant, statement, retain_until, [](Ledger&) {});
}

void require_approval(const Vault& vault, const std::string& action,
                      const std::optional<DualApproval>& approval) {
  if (approval || vault.trust().approvals.find_rule(action) == nullptr) return;
  throw Error(ErrorKind::not_approved, action,
              "needs approvals by the trust policy: ask for them with --request, then atp approve");
}

void append_act(OpenTenant& tenant, Statement statement, const std::string& action,
                const std::optional<DualApproval>& approval,
                const std::function<Plan(Ledger&)>& plan, Time retain_until) {
  const Vault& vault = tenant.vault();
  require_approval(vault, action, approval);
  if (!approval) return append_statement(tenant, statement, retain_until);
  const auto check = [&](Ledger& ledger) {
    check_approvals(plan(ledger), approval->documents(), vault.trust(), ledger,
                    vault.environment().clock->now());
  };
  check(tenant.ledger());
  std::vector<std::string> documents = approval->documents().approvals;
  documents.push_back(approval->documents().request);
  store_sealed(tenant, documents, retain_until);
  statement.approved_by = approval->approved_by();
  append_when(tenant, statement, retain_until, check);
}

void store_sealed(OpenTenant& tenant, std::span<const std::string> documents, Time retain_until) {
  const Time now = tenant.vault().environment().clock->now();
  const auto recipient =
      age::Recipient::parse(tenant.ensure_key_epoch(now, retain_until).recipient);
  for (const std::string& document : documents) {
    put_sealed(tenant.vault(), tenant.tenant(), document, recipient, retain_until);
  }
}

std::optional<Statement> last_statement(OpenTenant& tenant, const std::string& job_id) {
  Ledger& ledger = tenant.ledger();
  const auto find = [&]() -> std::optional<Statement> {
    const auto& entries = ledger.tail();
    const auto last = std::find_if(entries.rbegin(), entries.rend(), [&](const LedgerEntry& entry) {
      return entry.statement.job_id == job_id && !opens_ledger(entry.statement);
    });
    if (last == entries.rend()) return std::nullopt;
    return last->statement;
  };
  if (auto found = find()) return found;
  const auto job = tenant.vault().catalog().job(job_id);
  if (job) {
    ledger.reach_back(job->started_at);
  } else {
    ledger.reach_back_to(0);
  }
  return find();
}

void append_end(OpenTenant& tenant, const Statement& statement, Time retain_until) {
  tenant.ledger().refresh();
  append_when(tenant, statement, retain_until, [&](Ledger&) {
    require_not_halted(tenant.vault(), tenant.tenant());
    const auto last = last_statement(tenant, *statement.job_id);
    if (last && last->action.ends_with(kIntended)) return;
    throw Error(ErrorKind::precondition_failed, *statement.subject_id,
                "was ended by somebody else: the ledger says " +
                    (last ? last->action : std::string("nothing of it")));
  });
}

bool settle_act(OpenTenant& tenant, const std::string& job_id) {
  const auto last = last_statement(tenant, job_id);
  if (!last) return false;
  const Vault& vault = tenant.vault();
  const Time retain_until = tenant.document_retention(vault.environment().clock->now());
  if (!last->action.ends_with(kIntended)) {
    if (!tenant.ledger().has_checkpoint()) {
      tenant.ledger().put_checkpoint(vault.ledger_signers(), {.retain_until = retain_until});
    }
    return !last->action.ends_with(kAbandoned);
  }
  Statement abandoned = *last;
  abandoned.header = vault.new_header(tenant.tenant());
  abandoned.action.replace(abandoned.action.size() - kIntended.size(), kIntended.size(),
                           kAbandoned);
  abandoned.approved_by.reset();
  append_end(tenant, abandoned, retain_until);
  return false;
}

std::vector<Statement> unknown_intents(OpenTenant& tenant) {
  std::map<std::string, Statement> intents;
  for (const LedgerEntry& entry : tenant.ledger().entries()) {
    const Statement& statement = entry.statement;
    if (!statement.job_id) continue;
    if (statement.action.ends_with(kIntended)) {
      intents.emplace(*statement.job_id, statement);
    } else {
      intents.erase(*statement.job_id);
    }
  }
  std::vector<Statement> unknown;
  for (auto& [job_id, statement] : intents) {
    if (!tenant.vault().catalog().job(job_id)) unknown.push_back(std::move(statement));
  }
  return unknown;
}

std::size_t take_over_intents(OpenTenant& tenant) {
  const auto intents = unknown_intents(tenant);
  for (const Statement& statement : intents) {
    const std::string& action = statement.action;
    try {
      tenant.vault().catalog().begin_job(
          {.job_id = *statement.job_id,
           .tenant = tenant.tenant(),
           .kind = action.substr(0, action.size() - kIntended.size()),
           .state = JobState::running,
           .started_at = statement.header.created_at});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::already_exists) throw;  // Another process was faster.
    }
  }
  return intents.size();
}

}  // namespace v0
}  // namespace atp
