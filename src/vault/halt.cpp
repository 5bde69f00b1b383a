// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/halt.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "atp/model/acts.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/model/signed_document.hpp"
#include "atp/policy/retention.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/act.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "atp/verify/resolved_point.hpp"
#include "vault/put_new.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::size_t kTextLimit = 1000;
/// How much earlier than a halt its resolution may be dated, by clocks that differ.
constexpr std::chrono::days kClockMargin{1};

struct StoredHalt {
  std::uint64_t number;
  HaltRow row;
  Digest sha256;
};

/// What a document takes: errors may quote bytes that are no text.
std::string printable(std::string_view text) {
  std::string shown(text.substr(0, kTextLimit));
  std::ranges::replace_if(
      shown, [](char c) { return c < ' ' || c > '~'; }, '?');
  return shown;
}

/// What a halt document says; of one that cannot be believed, that.
HaltRow row_of(const Vault& vault, const TenantId& tenant, const std::string& key,
               const Bytes& stored) {
  const TrustPolicy* trust = vault.keys().trust ? &*vault.keys().trust : nullptr;
  const auto checked = check_document<Halt>(as_text(stored), trust, tenant);
  if (!checked.document || layout::halt(tenant, checked.document->number) != key) {
    return {.tenant = tenant,
            .halted_at = {},
            .subject = key,
            .message = "cannot be believed, SHA-256 " + sha256(stored).hex()};
  }
  const Halt& halt = *checked.document;
  return {tenant, halt.halted_at, halt.subject, halt.reason};
}

/// All there are, open or not; their numbers have no gaps.
std::vector<StoredHalt> stored_halts(const Vault& vault, const TenantId& tenant) {
  std::vector<StoredHalt> halts;
  while (true) {
    const std::string key = layout::halt(tenant, halts.size());
    const auto stored = find_object(vault.store(), key, kDocumentLimit);
    if (!stored) return halts;
    halts.push_back({halts.size(), row_of(vault, tenant, key, *stored), sha256(*stored)});
  }
}

/// How many of `halts`, from the first on, `statement` says to be resolved.
std::size_t resolved_by(const Statement& statement, const std::vector<StoredHalt>& halts) {
  if (statement.action != acts::kHaltResolved.action) return 0;
  const auto named = std::ranges::find_if(
      halts, [&](const StoredHalt& halt) { return statement.subject_sha256 == halt.sha256; });
  return named == halts.end() ? 0 : named->number + 1;
}

/// The same by the ledger. The catalog says where to look first; what it says is believed only of
/// an entry that says so itself.
std::size_t resolved_by_ledger(const Vault& vault, const TenantId& tenant,
                               const std::vector<StoredHalt>& halts) {
  OpenTenant open(vault, tenant);
  Ledger& ledger = open.ledger();
  const auto known = vault.catalog().halt_resolution(tenant);
  std::size_t resolved = 0;
  if (known && *known < ledger.size())
    resolved = resolved_by(ledger.entry(*known).statement, halts);
  if (resolved == halts.size()) return resolved;
  ledger.reach_back(halts[resolved].row.halted_at - kClockMargin);
  for (const LedgerEntry& entry : ledger.tail()) {
    const std::size_t more = resolved_by(entry.statement, halts);
    if (more <= resolved) continue;
    resolved = more;
    vault.catalog().record_halt_resolution(tenant, entry.statement.index);
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
    if (error.kind() != ErrorKind::corrupt && error.kind() != ErrorKind::untrusted) throw;
  }
  return halts;
}

/// Puts a halt into the store, unless it is there, resolved or not.
void put_halt(const Vault& vault, const HaltRow& row) {
  const Signers signers = vault.signers();
  const auto halts = stored_halts(vault, row.tenant);
  const bool is_there = std::ranges::any_of(halts, [&](const StoredHalt& each) {
    return each.row.halted_at == row.halted_at && each.row.subject == printable(row.subject) &&
           each.row.message == printable(row.message);
  });
  if (is_there) return;
  Halt halt{.header = vault.new_header(row.tenant),
            .number = halts.size(),
            .halted_at = row.halted_at,
            .subject = printable(row.subject),
            .reason = printable(row.message)};
  const PutOptions options{.retain_until =
                               retain_document_until(halt.header.created_at, kDefaultRetention)};
  while (!put_new(vault.store(), layout::halt(row.tenant, halt.number),
                  sign_document(halt, signers), options)) {
    ++halt.number;
  }
}

/// The catalog has a halt only until the store has it.
void move_to_store(const Vault& vault, const HaltRow& row) {
  try {
    put_halt(vault, row);
  } catch (const Error&) {
    return;  // The catalog keeps it.
  }
  vault.catalog().lift_halt(row.tenant);
}

Plan resolution_of(const std::vector<StoredHalt>& halts, const Ledger& ledger,
                   const std::optional<std::string>& kept_note) {
  Plan plan{.action = std::string(acts::kHaltResolved.rule),
            .tenant = ledger.tenant(),
            .subject_id = ledger.tenant().str(),
            .steps = {},
            .ledger_size = ledger.size()};
  for (const StoredHalt& halt : halts) {
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
  const Time now = vault.environment().clock->now();
  const std::string job_id = random_hex(*vault.environment().random, 16);
  vault.catalog().begin_job({.job_id = job_id,
                             .tenant = tenant.tenant(),
                             .kind = "resolve",
                             .state = JobState::running,
                             .started_at = now});
  append_act(
      tenant,
      {.header = vault.new_header(tenant.tenant()),
       .index = 0,
       .action = std::string(acts::kHaltResolved.action),
       .job_id = job_id,
       .subject_id = layout::halt(tenant.tenant(), halts.back().number),
       .subject_sha256 = halts.back().sha256},
      std::string(acts::kHaltResolved.rule), approval,
      [&](const Ledger& ledger) { return resolution_of(halts, ledger, kept_note); },
      tenant.document_retention(now));
  tenant.record_progress();
  vault.catalog().record_halt_resolution(tenant.tenant(), tenant.ledger().size() - 1);
  vault.catalog().end_job(job_id, JobState::completed);
}

/// Throws: not_found where there are none.
std::vector<StoredHalt> require_halts(const Vault& vault, const TenantId& tenant) {
  if (const auto row = vault.catalog().find_halt(tenant)) {
    put_halt(vault, *row);
    vault.catalog().lift_halt(tenant);
  }
  auto halts = open_halts(vault, tenant);
  if (halts.empty()) throw Error(ErrorKind::not_found, tenant.str(), "is not halted");
  return halts;
}

}  // namespace

std::optional<HaltRow> find_halt(const Vault& vault, const TenantId& tenant) {
  if (const auto row = vault.catalog().find_halt(tenant)) move_to_store(vault, *row);
  if (auto row = vault.catalog().find_halt(tenant)) return row;
  const auto halts = open_halts(vault, tenant);
  return halts.empty() ? std::nullopt : std::optional(halts.front().row);
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
  const bool of_damage = error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::untrusted;
  const bool of_ledger = error.subject().starts_with("ledger/");
  if (!of_damage || !of_ledger) return;
  const HaltRow row{.tenant = tenant,
                    .halted_at = vault.environment().clock->now(),
                    .subject = error.subject(),
                    .message = error.message()};
  vault.catalog().halt(row);
  move_to_store(vault, row);
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
  const WorkLock lock = vault.lock_for_rebuild();
  const auto halts = require_halts(vault, tenant);
  vault.ledger_signers();
  require_approval(vault, std::string(acts::kHaltResolved.rule), approval);
  const ScanLedgerOptions options{.workers = 0, .stop = stop};
  require_sound(audit_ledger(vault.store(), tenant, vault.trust(), options).report.checks);
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
