// SPDX-License-Identifier: Apache-2.0
#include "verify/ledger_check.hpp"

#include <algorithm>

#include "atp/core/clock.hpp"
#include "atp/core/error.hpp"
#include "atp/model/acts.hpp"
#include "atp/model/signed_document.hpp"
#include "atp/storage/layout.hpp"
#include "atp/verify/ledger_tail.hpp"
#include "atp/verify/verify.hpp"
#include "verify/clock_check.hpp"
#include "verify/tenant_memory.hpp"

namespace atp {
inline namespace v0 {
namespace {

std::optional<Problem> cut_tail_by(ObjectStore& store, const TrustPolicy* trust,
                                   const TenantId& tenant, std::uint64_t ledger_size,
                                   const std::string& key) {
  std::optional<Bytes> stored;
  try {
    stored = find_object(store, key, kDocumentLimit);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return std::nullopt;  // Too large to be a point.
  }
  if (!stored) return Problem{Problem::Kind::integrity, key, "an object, as listed", "none"};
  const auto checked = check_document<RecoveryPoint>(as_text(*stored), trust, tenant);
  if (!checked.document || checked.document->ledger_size_seen <= ledger_size) return std::nullopt;
  return Problem{Problem::Kind::integrity, layout::ledger_entries(tenant, 0),
                 std::to_string(checked.document->ledger_size_seen) + " entries or more, which " +
                     checked.document->recovery_point_id + " had seen",
                 std::to_string(ledger_size) + ": the tail was cut off"};
}

}  // namespace

std::optional<Problem> find_cut_tail(ObjectStore& store, const TrustPolicy* trust,
                                     const TenantId& tenant, std::uint64_t ledger_size,
                                     const std::string& after) {
  std::string from = after;
  while (true) {
    const ListPageOfKeys page = list_keys(store, layout::recovery_points(tenant), from, 1000);
    for (const std::string& key : page.keys) {
      if (auto cut = cut_tail_by(store, trust, tenant, ledger_size, key)) return cut;
    }
    if (!page.next) return std::nullopt;
    from = *page.next;
  }
}

std::optional<Problem> find_tail_cut_by_newest(ObjectStore& store, const TrustPolicy* trust,
                                               const TenantId& tenant, std::uint64_t ledger_size,
                                               std::optional<Time> now) {
  std::string newest;
  std::string newest_not_ahead;
  const std::string ahead =
      now ? layout::recovery_points(tenant) + "RP-" + format_compact_time(*now + kClockTolerance)
          : std::string();
  for_each_key(store, layout::recovery_points(tenant), [&](const std::string& key) {
    newest = key;  // Ids begin with their time.
    if (key < ahead) newest_not_ahead = key;
  });
  if (newest.empty()) return std::nullopt;
  const auto found = cut_tail_by(store, trust, tenant, ledger_size, newest);
  if (found || newest_not_ahead.empty() || newest_not_ahead == newest) return found;
  return cut_tail_by(store, trust, tenant, ledger_size, newest_not_ahead);
}

namespace verify {
bool has_grown(const Context& context, std::uint64_t size) {
  const ScanLedgerOptions options{.stop = context.stop};
  return scan_ledger(context.store, context.trust, context.tenant, options, [](LedgerEntry&&) {
         }).tree.size() > size;
}

bool add_failures(const TenantId& tenant, const std::vector<Problem>& problems,
                  std::vector<Check>& checks) {
  const std::string checkpoints = layout::ledger_checkpoints(tenant, 0);
  bool sound = true;
  for (const Problem& problem : problems) {
    const bool of_checkpoint = problem.subject.starts_with(checkpoints);
    sound = sound && of_checkpoint;
    checks.push_back(failed(of_checkpoint ? kCheckpoint : kEntries, problem));
  }
  return sound;
}

void add_ledger_checks(const TenantId& tenant, const LedgerHead& head, std::vector<Check>& checks) {
  const std::size_t before = checks.size();
  const std::string entries = layout::ledger_entries(tenant, 0);
  if (add_failures(tenant, head.problems, checks)) {
    checks.push_back(head.tree.size() > 0 ? verified(kEntries, entries)
                                          : not_checked(kEntries, entries, "there are none"));
  }
  const bool failed_one =
      std::any_of(checks.begin() + static_cast<std::ptrdiff_t>(before), checks.end(),
                  [](const Check& check) { return check.name == kCheckpoint; });
  if (failed_one) return;
  const std::string checkpoints = layout::ledger_checkpoints(tenant, 0);
  const std::uint64_t covered = head.newest_checkpoint ? head.newest_checkpoint->size : 0;
  checks.push_back(covered == head.tree.size() && covered > 0
                       ? verified(kCheckpoint, checkpoints)
                       : not_checked(kCheckpoint, checkpoints,
                                     "the newest one covers " + std::to_string(covered) + " of " +
                                         std::to_string(head.tree.size()) + " entries"));
}

CheckedLedger check_ledger(const Context& context) {
  const std::string entries = layout::ledger_entries(context.tenant, 0);
  CheckedLedger checked;
  LedgerReading& ledger = checked.reading;
  std::vector<Check>& checks = checked.checks;
  for_each_key(context.store, layout::recovery_points(context.tenant),
               [&](const std::string& key) { checked.points.insert(key); });
  try {
    ledger = read_ledger(context.store, context.trust, context.tenant);
  } catch (const Error& error) {
    if (!is_finding(error)) throw;
    checks.push_back(failed(kEntries, error.subject().empty() ? entries : error.subject(),
                            "a readable ledger", error.message()));
    return checked;
  }
  bool sound = add_failures(context.tenant, ledger.problems, checks);
  const auto cut = find_tail_cut_by_newest(context.store, context.trust, context.tenant,
                                           ledger.entries.size(), context.now);
  if (sound && cut && !has_grown(context, ledger.entries.size())) {
    checks.push_back(failed(kEntries, *cut));
    sound = false;
  }
  if (sound) checks.push_back(verified(kEntries, entries));
  ClockAudit clock(context.tenant, context.now);
  for (const LedgerEntry& entry : ledger.entries) clock.push(entry.statement);
  clock.finish(checks);
  if (context.trust == nullptr) {
    checks.push_back(signed_by_trust(context, "ledger.signatures", entries));
  }
  return checked;
}

namespace {

/// Whether that reading tells all that there is to say of the point.
bool tells_of(const CheckedLedger& checked, const std::string& key, const std::string& id) {
  const LedgerReading& ledger = checked.reading;
  const std::uint64_t covered = ledger.newest_checkpoint ? ledger.newest_checkpoint->size : 0;
  const auto statement = std::ranges::find_if(ledger.entries, [&](const LedgerEntry& entry) {
    return entry.statement.action == acts::kPointCompleted.action &&
           entry.statement.subject_id == id;
  });
  return checked.points.contains(key) && statement != ledger.entries.end() &&
         statement->statement.index < covered;
}

/// Whether there is now something that was not there to be read.
bool has_changed(const Context& context, const CheckedLedger& checked, const std::string& key) {
  const std::uint64_t size = checked.reading.entries.size();
  const std::uint64_t covered =
      checked.reading.newest_checkpoint ? checked.reading.newest_checkpoint->size : 0;
  const auto is_there = [&](const std::string& object) {
    return context.store.stat(object).has_value();
  };
  return (!checked.points.contains(key) && is_there(key)) ||
         is_there(layout::ledger_entry(context.tenant, 0, size)) ||
         (covered < size && is_there(layout::ledger_checkpoint(context.tenant, 0, size)));
}

}  // namespace

std::shared_ptr<const LedgerReading> check_ledger_of(const Context& context, const std::string& id,
                                                     std::vector<Check>& checks) {
  const std::string key = layout::recovery_point(context.tenant, id);
  std::shared_ptr<const CheckedLedger> checked = context.memory ? context.memory->ledger : nullptr;
  if (!checked || (!tells_of(*checked, key, id) && has_changed(context, *checked, key))) {
    checked = std::make_shared<const CheckedLedger>(check_ledger(context));
  }
  if (context.memory) context.memory->ledger = checked;
  const bool is_listed = checked->points.contains(key);
  for (const Check& check : checked->checks) {
    const bool is_sound = check.name == kEntries && check.state == CheckState::verified;
    if (is_listed || !is_sound) checks.push_back(check);
  }
  if (!is_listed) checks.push_back(failed(kEntries, key, "a listed object", "none"));
  return {checked, &checked->reading};
}

}  // namespace verify

Report verify_ledger(ObjectStore& store, const TenantId& tenant, const TrustPolicy* trust,
                     const std::stop_token& stop, std::optional<Time> now) {
  const verify::Context context{store, trust, tenant, 1, stop, now};
  Report report;
  verify::CheckedLedger ledger = verify::check_ledger(context);
  report.checks = std::move(ledger.checks);
  if (!ledger.reading.entries.empty() || report.verdict() == CheckState::failed) return report;
  report.checks = {verify::not_checked(verify::kEntries, layout::ledger_entries(tenant, 0),
                                       "there is none, though objects of the tenant are stored: no "
                                       "point of it was completed, or its "
                                       "ledger is gone")};
  return report;
}

}  // namespace v0
}  // namespace atp
