// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/scrub.hpp"

#include <algorithm>
#include <limits>

#include "atp/core/error.hpp"
#include "atp/vault/halt.hpp"
#include "vault/scrub_pass.hpp"

namespace atp {
inline namespace v0 {
namespace vault {
namespace {

/// When the tenant's first entry was made; where that cannot be read, when the vault was.
Time first_entry_at(OpenTenant& tenant) {
  try {
    return tenant.ledger().entry(0).statement.header.created_at;
  } catch (const Error&) {
    return tenant.vault().document().header.created_at;
  }
}

}  // namespace

ScrubRun::ScrubRun(OpenTenant& tenant, const ScrubBudget& budget, const std::stop_token& stop,
                   Scrub& result)
    : tenant_(tenant),
      stop_(stop),
      now_(tenant.vault().environment().clock->now()),
      bytes_(budget.bytes),
      operations_(budget.operations),
      result_(result) {}

bool ScrubRun::spend(std::uint64_t operations) {
  throw_if_stopped(stop_);
  if (operations_ < operations) return false;
  operations_ -= operations;
  return true;
}

void ScrubRun::report(const std::string& key, std::string expected, std::string found) {
  result_.damaged.push_back({Problem::Kind::integrity, key, std::move(expected), std::move(found)});
}

void ScrubRun::take_in(const Error& error) {
  if (error.kind() == ErrorKind::cancelled) throw;
  if (is_of_damage(error)) {
    halt_for(vault(), tenant_.tenant(), error);
    result_.halted = result_.halted || error.subject().starts_with("ledger/");
    report(error.subject(), "what was written", error.message());
  } else {
    result_.trouble = error.what();
  }
}

ScrubRow scrub_row(OpenTenant& tenant, ScrubKind kind) {
  const Vault& vault = tenant.vault();
  const Time now = vault.environment().clock->now();
  auto row = vault.catalog().scrub(tenant.tenant(), kind);
  if (row && row->since <= now && row->began_at <= now) return std::move(*row);
  const Time first = tenant.ledger().size() == 0 ? now : first_entry_at(tenant);
  return {tenant.tenant(), kind, now, std::min(first, now)};
}

void finish_pass(ScrubRow& row, Time now) {
  row.since = std::max(row.since, row.began_at);
  row.began_at = now;
  row.after.clear();
}

}  // namespace vault

namespace {

void set_times(OpenTenant& tenant, Scrub& scrub) {
  scrub.entries_since = vault::scrub_row(tenant, ScrubKind::entries).since;
  scrub.packages_since = vault::scrub_row(tenant, ScrubKind::packages).since;
  scrub.dates_since = vault::scrub_row(tenant, ScrubKind::dates).since;
  const Time now = tenant.vault().environment().clock->now();
  scrub.overdue = std::min(scrub.entries_since, scrub.dates_since) + kScrubPeriod < now;
}

/// Whatever ends one pass for this run, the others go on.
template <class Pass>
void go_on(vault::ScrubRun& run, const Pass& pass) {
  try {
    pass();
  } catch (const Error& error) {
    run.take_in(error);
  }
}

}  // namespace

Scrub scrub_old(OpenTenant& tenant, const ScrubBudget& budget, const std::stop_token& stop) {
  Scrub scrub;
  vault::ScrubRun run(tenant, budget, stop, scrub);
  if (budget.operations > 0) {
    const std::uint64_t for_dates = budget.operations * 2 / 5;
    go_on(run, [&] { vault::scrub_entries(run, budget.operations / 4); });
    go_on(run, [&] {
      vault::scrub_packages(run, run.operations() - std::min(run.operations(), for_dates));
    });
    go_on(run, [&] { vault::scrub_dates(run); });
  }
  set_times(tenant, scrub);
  return scrub;
}

Scrub scrub_entries_and_dates(OpenTenant& tenant) {
  Scrub scrub;
  const std::stop_token never;
  vault::ScrubRun run(tenant, {.operations = std::numeric_limits<std::uint64_t>::max()}, never,
                      scrub);
  tenant.ledger().entries();
  ScrubRow entries = vault::scrub_row(tenant, ScrubKind::entries);
  entries.since = run.now();
  tenant.vault().catalog().record_scrub(entries);
  vault::scrub_all_dates(run);
  set_times(tenant, scrub);
  return scrub;
}

Scrub scrub_so_far(OpenTenant& tenant) {
  Scrub scrub;
  const std::stop_token never;
  vault::ScrubRun run(tenant, {.operations = std::numeric_limits<std::uint64_t>::max()}, never,
                      scrub);
  vault::look_at_damaged(run);
  set_times(tenant, scrub);
  return scrub;
}

}  // namespace v0
}  // namespace atp
