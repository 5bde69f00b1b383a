// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/halt.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "atp/crypto/sha256.hpp"
#include "atp/model/acts.hpp"
#include "atp/model/signed_document.hpp"
#include "atp/policy/retention.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/act.hpp"
#include "atp/vault/job.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "atp/verify/resolved_point.hpp"
#include "vault/put_new.hpp"
#include "vault/tenant_documents.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::size_t kTextLimit = 1000;
/// A plan shows the first of many; the digest of the last binds them all.
constexpr std::size_t kShownHalts = 100;

struct StoredHalt {
  std::uint64_t number;
  HaltRow row;
  Digest sha256;
  bool believed = false;  ///< Signed, and bound to all before it.
};

/// Whether the error says that what is stored is damaged or another's.
bool does_not_hold(const Error& error) {
  return error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::untrusted;
}

/// Notes what is noted elsewhere, too, or can be found again: where this store or catalog does not
/// take it, the one who asks still gets an answer.
template <class Note>
void try_to(const Note& note) {
  try {
    note();
  } catch (const Error&) {
    return;
  }
}

/// What a document takes: errors may quote bytes that are no text.
std::string printable(std::string_view text) {
  std::string shown(text.substr(0, kTextLimit));
  std::ranges::replace_if(
      shown, [](char c) { return c < ' ' || c > '~'; }, '?');
  return shown;
}

Digest digest_of(ObjectStore& store, const std::string& key) {
  constexpr std::size_t kChunk = 1 << 20;
  const auto source = store.get(key);
  Bytes buffer(kChunk);
  Sha256 hash;
  while (const std::size_t size = source->read(buffer)) hash.update(ByteView(buffer).first(size));
  return hash.finish();
}

/// A halt of which nobody knows what it says still is one.
StoredHalt unbelieved(const TenantId& tenant, std::uint64_t number, const Digest& sha256) {
  const std::string key = layout::halt(tenant, number);
  return {number,
          {.tenant = tenant,
           .halted_at = {},
           .subject = key,
           .message = "cannot be believed, SHA-256 " + sha256.hex()},
          sha256};
}

StoredHalt read_halt(const Vault& vault, const TenantId& tenant, std::uint64_t number,
                     const std::optional<Digest>& before) {
  const std::string key = layout::halt(tenant, number);
  const auto stored = find_small_object(vault.store(), key, kDocumentLimit);
  if (!stored) return unbelieved(tenant, number, digest_of(vault.store(), key));
  const TrustPolicy* trust = vault.keys().trust ? &*vault.keys().trust : nullptr;
  const auto checked = check_document<Halt>(as_text(*stored), trust, tenant);
  const auto& halt = checked.document;
  if (!halt || halt->number != number || halt->before_sha256 != before) {
    return unbelieved(tenant, number, sha256(*stored));
  }
  return {number, {tenant, halt->halted_at, halt->subject, halt->reason}, sha256(*stored), true};
}

std::optional<Digest> digest_over(const std::vector<StoredHalt>& halts) {
  if (halts.empty()) return std::nullopt;
  Sha256 hash;
  for (const StoredHalt& halt : halts) hash.update(halt.sha256.view());
  return hash.finish();
}

/// All there are, open or not; their numbers have no gaps.
std::vector<StoredHalt> stored_halts(const Vault& vault, const TenantId& tenant) {
  std::vector<StoredHalt> halts;
  while (vault.store().stat(layout::halt(tenant, halts.size()))) {
    halts.push_back(read_halt(vault, tenant, halts.size(), digest_over(halts)));
  }
  return halts;
}

/// How many of `halts`, from the first on, are resolved after `statement`, `before` of which were:
/// it names the last, which is bound to those before it.
std::size_t resolved_by(const Statement& statement, const std::vector<StoredHalt>& halts,
                        std::size_t before) {
  if (statement.action != acts::kHaltResolved.action) return before;
  for (std::size_t i = before; i < halts.size(); ++i) {
    const bool is_named =
        statement.subject_id == layout::halt(halts[i].row.tenant, halts[i].number) &&
        statement.subject_sha256 == halts[i].sha256;
    if (is_named && (i == before || halts[i].believed)) return i + 1;
  }
  return before;
}

/// The same by the ledger. The catalog says where to look first; what it says is believed only of
/// an entry that says so itself.
std::size_t resolved_by_ledger(const Vault& vault, const TenantId& tenant,
                               const std::vector<StoredHalt>& halts) {
  OpenTenant open(vault, tenant);
  Ledger& ledger = open.ledger();
  const auto known = vault.catalog().halt_resolution(tenant);
  std::size_t resolved = 0;
  if (known && *known < ledger.size()) {
    resolved = resolved_by(ledger.entry(*known).statement, halts, 0);
  }
  if (resolved == halts.size()) return resolved;
  std::vector<Statement> resolutions;
  ledger.for_each_binding([&](const Statement& statement) {
    if (resolved > 0 && statement.index <= *known) return false;
    if (statement.action == acts::kHaltResolved.action) resolutions.push_back(statement);
    return true;
  });
  for (auto statement = resolutions.rbegin(); statement != resolutions.rend(); ++statement) {
    const std::size_t more = resolved_by(*statement, halts, resolved);
    if (more == resolved) continue;
    resolved = more;
    try_to([&] { vault.catalog().record_halt_resolution(tenant, statement->index); });
  }
  return resolved;
}

/// The open ones. A ledger that does not hold resolves nothing.
std::vector<StoredHalt> open_halts(const Vault& vault, const TenantId& tenant) {
  auto halts = stored_halts(vault, tenant);
  if (halts.empty()) return halts;
  try {
    const std::size_t resolved = resolved_by_ledger(vault, tenant, halts);
    halts.erase(halts.begin(), halts.begin() + static_cast<std::ptrdiff_t>(resolved));
  } catch (const Error& error) {
    if (!does_not_hold(error)) throw;
  }
  return halts;
}

bool is_of(const StoredHalt& halt, const HaltRow& row) {
  return halt.row.halted_at == row.halted_at && halt.row.subject == printable(row.subject) &&
         halt.row.message == printable(row.message);
}

/// Puts a halt into the store, unless it is there, resolved or not.
void put_halt(const Vault& vault, const HaltRow& row) {
  const Signers signers = vault.signers();
  const auto halts = stored_halts(vault, row.tenant);
  if (std::ranges::any_of(halts, [&](const StoredHalt& each) { return is_of(each, row); })) return;
  Halt halt{.header = vault.new_header(row.tenant),
            .number = halts.size(),
            .halted_at = row.halted_at,
            .subject = printable(row.subject),
            .reason = printable(row.message),
            .before_sha256 = digest_over(halts)};
  Time until = retain_document_until(halt.header.created_at, kDefaultRetention);
  try_to([&] {
    for (const TenantPolicy& policy : read_policies(vault, row.tenant)) {
      until = std::max(until, retain_document_until(halt.header.created_at, policy.retention));
    }
  });
  const PutOptions options{.retain_until = until};
  // Where another run was faster, its halt is as good as ours.
  put_new(vault.store(), layout::halt(row.tenant, halt.number), sign_document(halt, signers),
          options);
}

Plan resolution_of(const std::vector<StoredHalt>& halts, const Ledger& ledger,
                   const std::optional<std::string>& kept_note) {
  Plan plan{.action = std::string(acts::kHaltResolved.rule),
            .tenant = ledger.tenant(),
            .subject_id = ledger.tenant().str(),
            .steps = {},
            .ledger_size = ledger.size()};
  plan.steps.push_back({"halts", std::to_string(halts.size()) + ", the last of SHA-256 " +
                                     halts.back().sha256.hex()});
  for (const StoredHalt& halt : std::span(halts).first(std::min(halts.size(), kShownHalts))) {
    plan.steps.push_back({"halted.at", format_time(halt.row.halted_at)});
    plan.steps.push_back({"halted.by", halt.row.subject});
    plan.steps.push_back({"halted.because", halt.row.message});
  }
  plan.steps.push_back({"ledger.origin", ledger.origin()});
  plan.steps.push_back({"ledger.root", ledger.root().hex()});
  if (kept_note) plan.steps.push_back({"kept.checkpoint", sha256(as_bytes(*kept_note)).hex()});
  return plan;
}

/// That the ledger stands for what it did: who resolves a halt puts it into the ledger.
void state_resolved(OpenTenant& tenant, const std::vector<StoredHalt>& halts,
                    const std::optional<std::string>& kept_note,
                    const std::optional<DualApproval>& approval) {
  const Vault& vault = tenant.vault();
  const JobRow job = new_job(vault, tenant.tenant(), "resolve");
  run_job(tenant, job, [&] {
    append_act(
        tenant,
        {.header = vault.new_header(tenant.tenant()),
         .index = 0,
         .action = std::string(acts::kHaltResolved.action),
         .job_id = job.job_id,
         .subject_id = layout::halt(tenant.tenant(), halts.back().number),
         .subject_sha256 = halts.back().sha256},
        std::string(acts::kHaltResolved.rule), approval,
        [&](const Ledger& ledger) { return resolution_of(halts, ledger, kept_note); },
        tenant.document_retention(job.started_at));
    vault.catalog().record_halt_resolution(tenant.tenant(), tenant.ledger().size() - 1);
    vault.catalog().lift_halt(tenant.tenant());
  });
}

/// Throws: not_found where there are none.
std::vector<StoredHalt> require_halts(const Vault& vault, const TenantId& tenant) {
  if (const auto row = vault.catalog().find_halt(tenant)) put_halt(vault, *row);
  auto halts = open_halts(vault, tenant);
  if (halts.empty()) throw Error(ErrorKind::not_found, tenant.str(), "is not halted");
  if (halts.back().believed) return halts;
  // What is resolved is named by its last, which must be bound to the others.
  put_halt(vault, {.tenant = tenant,
                   .halted_at = vault.environment().clock->now(),
                   .subject = halts.back().row.subject,
                   .message = "what stands there is no halt, and counts as one"});
  return open_halts(vault, tenant);
}

}  // namespace

std::optional<HaltRow> find_halt(const Vault& vault, const TenantId& tenant) {
  const auto row = vault.catalog().find_halt(tenant);
  if (row) try_to([&] { put_halt(vault, *row); });
  const auto halts = stored_halts(vault, tenant);
  const auto is_of_row = [&](const StoredHalt& halt) { return is_of(halt, *row); };
  if (row && std::ranges::none_of(halts, is_of_row)) return row;
  if (halts.empty()) return std::nullopt;
  std::span open(halts);
  try {
    open = open.subspan(resolved_by_ledger(vault, tenant, halts));
  } catch (const Error& error) {
    if (row && does_not_hold(error)) return row;
    halt_for(vault, tenant, error);  // It was whole when the others were resolved.
    throw;
  }
  if (row && std::ranges::none_of(open, is_of_row)) {
    try_to([&] { vault.catalog().lift_halt(tenant); });
  }
  return open.empty() ? std::nullopt : std::optional(open.front().row);
}

void store_halts(const Vault& vault) {
  for (const HaltRow& row : vault.catalog().halts()) try_to([&] { put_halt(vault, row); });
}

void require_not_halted(const Vault& vault, const TenantId& tenant) {
  const auto halt = find_halt(vault, tenant);
  if (!halt) return;
  throw Error(ErrorKind::precondition_failed, tenant.str(),
              "is halted since " + format_time(halt->halted_at) + ": " + halt->subject + ": " +
                  halt->message +
                  "; put back what is missing or changed, then `atp ledger resolve`");
}

void halt_for(const Vault& vault, const TenantId& tenant, const Error& error) {
  const bool of_ledger = error.subject().starts_with("ledger/");
  if (!does_not_hold(error) || !of_ledger) return;
  const HaltRow row{.tenant = tenant,
                    .halted_at = vault.environment().clock->now(),
                    .subject = error.subject(),
                    .message = error.message()};
  // One of the two is enough. Where neither can be written, `error` is still what must be told.
  try_to([&] { put_halt(vault, row); });
  try_to([&] { vault.catalog().halt(row); });
}

Plan plan_resolution(const Vault& vault, const TenantId& tenant,
                     const std::optional<std::string>& kept_note) {
  const auto halts = require_halts(vault, tenant);
  OpenTenant open(vault, tenant);
  return resolution_of(halts, open.ledger(), kept_note);
}

HaltRow resolve_halt(const Vault& vault, const TenantId& tenant,
                     const std::optional<std::string>& kept_note,
                     const std::optional<DualApproval>& approval, const std::stop_token& stop) {
  const WorkLock lock = vault.work().lock_rebuild();
  const auto halts = require_halts(vault, tenant);
  vault.ledger_signers();
  require_approval(vault, std::string(acts::kHaltResolved.rule), approval);
  const ScanLedgerOptions options{.workers = 0, .stop = stop};
  std::vector<Check> checks =
      audit_ledger(vault.store(), tenant, vault.trust(), options).report.checks;
  std::erase_if(checks, [](const Check& check) { return check.name == kTilesCheck; });
  require_sound(checks);
  if (kept_note) {
    require_sound(
        check_consistency(vault.store(), tenant, vault.trust(), *kept_note, options).report.checks);
  }
  OpenTenant open(vault, tenant);
  state_resolved(open, halts, kept_note, approval);
  return halts.front().row;
}

}  // namespace v0
}  // namespace atp
