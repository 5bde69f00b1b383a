// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/clock.hpp"

#include <span>

#include "atp/core/error.hpp"
#include "atp/ledger/cosignature.hpp"
#include "atp/model/acts.hpp"
#include "atp/vault/act.hpp"
#include "atp/vault/halt.hpp"
#include "atp/vault/job.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// For so long after an entry that counts the store is not asked by whoever writes nothing else.
constexpr std::chrono::hours kStoreUnasked{1};

std::string what_is_wrong(Time now, const ClockVerdict& verdict, bool of_ledger) {
  const std::string at = format_time(verdict.evidence);
  switch (verdict.state) {
    case ClockState::behind:
      if (verdict.evidence == kClockFloor)
        return "the clock stands before there were vaults: set it";
      return "the clock stands before what was written at " + at +
             (of_ledger
                  ? ": if this clock is wrong, set it; if it is right, that was written while "
                    "a clock stood ahead, and `atp ledger accept-clock` lets the tenant go on"
                  : ": set it, or, if it is right, --clock-is-right");
    case ClockState::contradicted:
      return "the store's file system says " + at +
             ": one of the two clocks is wrong; set it, or, if this one is right, --clock-is-right";
    default:
      return "the clock stands " + gap_text(verdict.evidence, now) +
             " after the newest entry, of " + at +
             ", and nothing else is so late; if it is right, --clock-is-right says so";
  }
}

[[noreturn]] void refuse(Time now, const ClockVerdict& verdict, bool of_ledger) {
  throw Error(ErrorKind::clock_untrusted, format_time(now), what_is_wrong(now, verdict, of_ledger));
}

Plan correction_of(const ClockCorrection& correction, const Ledger& ledger) {
  return {.action = std::string(acts::kClockCorrected.rule),
          .tenant = ledger.tenant(),
          .subject_id = ledger.tenant().str(),
          .steps = {{"entries.ahead", std::to_string(correction.entries)},
                    {"entries.last", std::to_string(correction.last)},
                    {"entries.newest", format_time(correction.newest.created_at)},
                    {"ledger.origin", ledger.origin()},
                    {"ledger.root", ledger.root().hex()}},
          .ledger_size = ledger.size()};
}

ClockCorrection require_ahead(Ledger& ledger, Time now) {
  if (const auto correction = entries_ahead(ledger, now)) return *correction;
  throw Error(ErrorKind::not_found, ledger.tenant().str(),
              "has no entry ahead of this clock, which says " + format_time(now));
}

/// Whoever says that entries are ahead must not stand behind himself.
void require_not_behind(const Vault& vault, const Ledger& ledger, ClockTrust trust, Time now) {
  if (ledger.has_checkpoint()) {
    const std::string note = with_stored_cosignatures(vault.store(), ledger.tenant(), ledger.size(),
                                                      ledger.newest_note(), vault.trust());
    for (const Cosignature& each : cosignatures_of(note, vault.trust())) {
      if (each.time <= now + kClockTolerance) continue;
      throw Error(ErrorKind::clock_untrusted, format_time(now),
                  "the witness " + each.witness + " cosigned the ledger at " +
                      format_time(each.time) + ": this clock stands behind");
    }
  }
  const ClockVerdict verdict = judge_clock(now, {.vault = vault.document().header.created_at});
  const bool cannot_be = trust == ClockTrust::judge || now < kClockFloor;
  if (verdict.state == ClockState::behind && cannot_be) refuse(now, verdict, false);
}

}  // namespace

std::optional<std::string> require_clock(const Vault& vault, const Ledger& ledger, ClockTrust trust,
                                         const std::function<std::optional<Time>()>& source) {
  const Time now = vault.environment().clock->now();
  const auto newest = newest_plausible(ledger.tail());
  ClockEvidence evidence{.vault = vault.document().header.created_at};
  if (newest) evidence.last_entry = newest->created_at;
  const bool is_recent = newest && now <= newest->created_at + kStoreUnasked;
  if (trust == ClockTrust::judge && !is_recent) evidence.store = vault.store().time();
  ClockVerdict verdict = judge_clock(now, evidence);
  const bool of_ledger = newest && verdict.evidence == newest->created_at;
  const bool cannot_be = verdict.state == ClockState::behind && (of_ledger || now < kClockFloor);
  if (cannot_be) refuse(now, verdict, of_ledger);
  if (trust == ClockTrust::insist) return std::nullopt;
  if (verdict.state == ClockState::ahead && source) {
    evidence.source = source();
    verdict = judge_clock(now, evidence);
  }
  if (verdict.state == ClockState::plausible) return std::nullopt;
  if (verdict.state != ClockState::alone) refuse(now, verdict, of_ledger);
  return "the clock stands " + gap_text(verdict.evidence, now) + " after the newest entry, of " +
         format_time(verdict.evidence) +
         "; only the files at the source are as late, and they may be of the same clock";
}

void require_store_clock(const Vault& vault) {
  const Time now = vault.environment().clock->now();
  const ClockVerdict verdict = judge_clock(now, {.store = vault.store().time()});
  if (verdict.state != ClockState::plausible) refuse(now, verdict, false);
}

std::optional<ClockCorrection> entries_ahead(Ledger& ledger, Time now) {
  std::optional<ClockCorrection> found;
  const std::span entries(ledger.entries());
  for (const LedgerEntry& entry : entries.subspan(corrected_entries(entries))) {
    const DatedEntry dated{entry.statement.index, entry.statement.header.created_at};
    if (dated.created_at <= now + kClockTolerance) continue;
    if (!found)
      found = ClockCorrection{.tenant = ledger.tenant(), .first = dated.index, .newest = dated};
    ++found->entries;
    found->last = dated.index;
    if (dated.created_at > found->newest.created_at) found->newest = dated;
  }
  return found;
}

Plan plan_clock_correction(const Vault& vault, const TenantId& tenant) {
  OpenTenant open(vault, tenant);
  return correction_of(require_ahead(open.ledger(), vault.environment().clock->now()),
                       open.ledger());
}

ClockCorrection correct_clock(const Vault& vault, const TenantId& tenant, ClockTrust trust,
                              const std::optional<DualApproval>& approval) {
  const std::string rule(acts::kClockCorrected.rule);
  vault.signers();  // Both before anything is written.
  vault.ledger_signers();
  require_not_halted(vault, tenant);
  require_approval(vault, rule, approval);
  const JobRow job = new_job(vault, tenant, rule);
  const WorkLock lock = vault.work().lock_job(job.job_id);
  OpenTenant open(vault, tenant);
  const Time now = job.started_at;
  const ClockCorrection correction = require_ahead(open.ledger(), now);
  if (trust == ClockTrust::judge) require_store_clock(vault);
  require_not_behind(vault, open.ledger(), trust, now);
  run_job(open, job, [&] {
    append_act(
        open,
        {.header = vault.new_header(tenant),
         .index = 0,
         .action = std::string(acts::kClockCorrected.action),
         .job_id = job.job_id,
         .subject_id = std::to_string(correction.last)},
        rule, approval,
        [&](Ledger& ledger) { return correction_of(require_ahead(ledger, now), ledger); },
        open.document_retention(now));
  });
  return correction;
}

}  // namespace v0
}  // namespace atp
