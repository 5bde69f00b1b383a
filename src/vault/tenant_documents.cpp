// SPDX-License-Identifier: Apache-2.0
#include "vault/tenant_documents.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/crypto/age.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/model/acts.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/points.hpp"
#include "atp/verify/ledger_tail.hpp"
#include "vault/put_new.hpp"

namespace atp {
inline namespace v0 {

std::vector<TenantPolicy> read_policies(const Vault& vault, const TenantId& tenant) {
  std::vector<TenantPolicy> policies;
  for_each_key(vault.store(), layout::policies(tenant), [&](const std::string& key) {
    const std::string expected = layout::policy(tenant, policies.size() + 1);
    if (key != expected)
      throw Error(ErrorKind::corrupt, expected, "expected a policy, found none, but " + key);
    const Bytes stored = require_object(vault.store(), key, kDocumentLimit);
    policies.push_back(require_document<TenantPolicy>(key, as_text(stored), vault.trust(), tenant));
    if (policies.back().version != policies.size()) {
      throw Error(ErrorKind::corrupt, key,
                  "holds policy version " + std::to_string(policies.back().version));
    }
  });
  return policies;
}

KeyEpochs require_key_epochs(const Vault& vault, const TenantId& tenant) {
  KeyEpochs epochs = read_key_epochs(vault.store(), &vault.trust(), tenant);
  if (!epochs.problems.empty()) throw_problem(epochs.problems.front());
  return epochs;
}

std::optional<KeyEpoch> find_key_epoch(const Vault& vault, const TenantId& tenant,
                                       const std::string& epoch) {
  const KeyEpochs found = read_key_epoch(vault.store(), &vault.trust(), tenant, epoch);
  if (!found.problems.empty()) throw_problem(found.problems.front());
  const auto documents = found.documents.find(epoch);
  if (documents == found.documents.end()) return std::nullopt;
  return documents->second.front();
}

void begin_key_epoch(const Vault& vault, const TenantId& tenant, const std::string& epoch,
                     const PutOptions& options) {
  Random& random = *vault.environment().random;
  const age::Identity identity = age::Identity::generate(random);
  std::vector<age::Recipient> recipients;
  for (const std::string& recipient : vault.document().recipients) {
    recipients.push_back(age::Recipient::parse(recipient));
  }
  const Bytes wrap = age::encrypt(identity.file().view(), recipients, random);
  const std::string wrap_key = layout::key_wrap(tenant, epoch, random_hex(random, 8));
  put_object(vault.store(), wrap_key, wrap, options);
  const KeyEpoch document{.header = vault.new_header(tenant),
                          .epoch = epoch,
                          .index = 0,
                          .recipient = identity.recipient().str(),
                          .wrap_key = wrap_key,
                          .wrap_sha256 = sha256(wrap)};
  put_new(vault.store(), layout::key_epoch_document(tenant, epoch, 0),
          sign_document(document, vault.signers()), options);
}

KnownHead known_head(const LedgerHeadRow& row) {
  return {row.origin, merkle::Frontier<Rfc9162Hasher>(row.size, row.frontier), row.last_leaf};
}

LedgerHeadRow head_row(const Ledger& ledger) {
  std::optional<Digest> last_leaf;
  if (ledger.has_checkpoint()) {
    last_leaf = Rfc9162Hasher::leaf(as_bytes(ledger.tail().back().stored));
  }
  return {.tenant = ledger.tenant(),
          .term = ledger.term(),
          .origin = ledger.origin(),
          .size = ledger.size(),
          .root = ledger.root(),
          .frontier = ledger.frontier(),
          .last_leaf = last_leaf};
}

void check_head(const Vault& vault, Ledger& ledger, const LedgerHeadRow& head) {
  const std::string subject = layout::ledger_entries(ledger.tenant(), ledger.term());
  if (head.size > ledger.size()) {
    throw Error(ErrorKind::corrupt, subject,
                "has " + std::to_string(ledger.size()) + " entries, the catalog saw " +
                    std::to_string(head.size) + ": the tail was cut off or the store rolled back");
  }
  if (head.origin != ledger.origin() || head.root != ledger.root_at(head.size)) {
    throw Error(ErrorKind::corrupt, subject,
                "is another ledger than the one that " + vault.catalog_place().describe() + " saw");
  }
}

std::optional<std::string> find_lost_checkpoint(const Vault& vault, const Ledger& ledger,
                                                const LedgerHeadRow& head) {
  if (!head.last_leaf) return std::nullopt;
  const std::string key = layout::ledger_checkpoint(head.tenant, head.term, head.size);
  if (vault.store().stat(key)) return std::nullopt;
  // Who has resolved a halt since has looked at all that there is.
  const auto resolves = [&](const LedgerEntry& entry) {
    return entry.statement.index >= head.size &&
           entry.statement.action == acts::kHaltResolved.action;
  };
  return std::ranges::any_of(ledger.tail(), resolves) ? std::nullopt : std::optional(key);
}

void refuse_lost_checkpoint(const Vault& vault, const std::string& key) {
  throw Error(ErrorKind::corrupt, key,
              "is gone, and " + vault.catalog_place().describe() +
                  " had seen it: somebody has removed it, or the store has lost it");
}

void require_tail(const Vault& vault, const Ledger& ledger, const std::string& after) {
  const auto cut =
      find_cut_tail(vault.store(), &vault.trust(), ledger.tenant(), ledger.size(), after);
  if (!cut) return;
  const Ledger again = Ledger::load(vault.store(), vault.trust(), ledger.tenant());
  if (again.size() == ledger.size()) throw_problem(*cut);  // Else others have appended since.
}

std::vector<PointRow> point_rows(const Vault& vault, const Ledger& ledger, std::uint64_t from) {
  std::vector<PointRow> rows;
  for (std::uint64_t index = from; index < ledger.size(); ++index) {
    if (const auto point = completed_point(vault, ledger, index)) rows.push_back(row_of(*point));
  }
  return rows;
}

}  // namespace v0
}  // namespace atp
