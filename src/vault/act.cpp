// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/act.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/keys/key_epochs.hpp"
#include "atp/model/acts.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/recovery.hpp"
#include "atp/vault/tenant.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::string_view kAbandoned = ".abandoned";

/// Appends `ledger.opened` to an empty ledger and anything else to another; does nothing where the
/// ledger is not of that kind (any more).
void append(const Vault& vault, Ledger& ledger, const Statement& statement,
            const PutOptions& options) {
  while ((ledger.size() == 0) == (statement.action == acts::kLedgerOpened.action)) {
    if (ledger.try_append(statement, vault.signers(), options)) return;
    ledger.refresh();
  }
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

void append_statement(const Vault& vault, Ledger& ledger, const Statement& statement,
                      Time retain_until) {
  const PutOptions options{.retain_until = retain_until};
  append(vault, ledger,
         {.header = vault.new_header(ledger.tenant()),
          .origin = make_origin(vault.document().domain, *vault.environment().random),
          .index = 0,
          .action = std::string(acts::kLedgerOpened.action),
          .job_id = statement.job_id},
         options);
  append(vault, ledger, statement, options);
  ledger.put_checkpoint(vault.ledger_signers(), options);
}

void require_approval(const Vault& vault, const std::string& action,
                      const std::optional<DualApproval>& approval) {
  if (approval || vault.trust().approvals.find_rule(action) == nullptr) return;
  throw Error(ErrorKind::not_approved, action,
              "needs approvals by the trust policy: ask for them with --request, then atp approve");
}

void append_act(const Vault& vault, Ledger& ledger, Statement statement, const std::string& action,
                const std::optional<DualApproval>& approval,
                const std::function<Plan(const Ledger&)>& plan, Time retain_until) {
  require_approval(vault, action, approval);
  if (!approval) return append_statement(vault, ledger, statement, retain_until);
  const auto check = [&] {
    check_approvals(plan(ledger), approval->documents(), vault.trust(), ledger,
                    vault.environment().clock->now());
  };
  check();
  std::vector<std::string> documents = approval->documents().approvals;
  documents.push_back(approval->documents().request);
  store_sealed(vault, ledger.tenant(), documents, retain_until);
  statement.approved_by = approval->approved_by();
  while (!ledger.try_append(statement, vault.signers(), {.retain_until = retain_until})) {
    ledger.refresh();
    check();
  }
  ledger.put_checkpoint(vault.ledger_signers(), {.retain_until = retain_until});
}

void store_sealed(const Vault& vault, const TenantId& tenant,
                  std::span<const std::string> documents, Time retain_until) {
  const KeyEpochs epochs = read_key_epochs(vault.store(), &vault.trust(), tenant);
  if (!epochs.problems.empty()) throw_problem(epochs.problems.front());
  if (epochs.documents.empty() || epochs.documents.rbegin()->second.empty()) {
    throw Error(ErrorKind::precondition_failed, tenant.str(), "has no key epoch to seal to");
  }
  const auto recipient = age::Recipient::parse(epochs.documents.rbegin()->second.front().recipient);
  for (const std::string& document : documents) {
    put_sealed(vault, tenant, document, recipient, retain_until);
  }
}

const Statement* last_statement(const Ledger& ledger, const std::string& job_id) {
  const auto& entries = ledger.entries();
  const auto last = std::find_if(entries.rbegin(), entries.rend(), [&](const LedgerEntry& entry) {
    return entry.statement.job_id == job_id;
  });
  return last == entries.rend() ? nullptr : &last->statement;
}

void append_end(const Vault& vault, Ledger& ledger, const Statement& statement, Time retain_until) {
  const PutOptions options{.retain_until = retain_until};
  do {
    ledger.refresh();
    require_not_halted(vault, ledger.tenant());
    const Statement* last = last_statement(ledger, *statement.job_id);
    if (last == nullptr || !last->action.ends_with(kIntended)) {
      throw Error(ErrorKind::precondition_failed, *statement.subject_id,
                  "was ended by somebody else: the ledger says " +
                      (last ? last->action : std::string("nothing of it")));
    }
  } while (!ledger.try_append(statement, vault.signers(), options));
  ledger.put_checkpoint(vault.ledger_signers(), options);
}

bool settle_act(const Vault& vault, Ledger& ledger, const std::string& job_id) {
  const Statement* last = last_statement(ledger, job_id);
  if (last == nullptr) return false;
  const Time retain_until =
      document_retention(vault, ledger.tenant(), vault.environment().clock->now());
  if (!last->action.ends_with(kIntended)) {
    if (!ledger.has_checkpoint()) {
      ledger.put_checkpoint(vault.ledger_signers(), {.retain_until = retain_until});
    }
    return !last->action.ends_with(kAbandoned);
  }
  Statement abandoned = *last;
  abandoned.header = vault.new_header(ledger.tenant());
  abandoned.action.replace(abandoned.action.size() - kIntended.size(), kIntended.size(),
                           kAbandoned);
  abandoned.approved_by.reset();
  append_end(vault, ledger, abandoned, retain_until);
  return false;
}

}  // namespace v0
}  // namespace atp
