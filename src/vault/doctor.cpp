// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/keys/key_epochs.hpp"
#include "atp/storage/filesystem_store.hpp"
#include "atp/storage/layout.hpp"
#include "atp/storage/probe.hpp"
#include "atp/vault/clock.hpp"
#include "atp/vault/recovery.hpp"
#include "atp/verify/verify.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr unsigned kWorkers = 4;

/// Runs one examination; what it throws is its bad finding.
template <class Look>
void examine_one(std::vector<Finding>& findings, const std::string& name,
                 const std::string& subject, const Look& look) {
  try {
    findings.push_back(look());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    findings.push_back({name, FindingState::bad, subject, error.what(), error.kind()});
  }
}

Finding good(const std::string& name, const std::string& subject, const std::string& detail) {
  return {name, FindingState::good, subject, detail};
}

Finding examine_temporaries(const Vault& vault) {
  const std::size_t removed =
      remove_stale_temporaries(*vault.environment().files, vault.paths().store);
  return {"temporaries", removed > 0 ? FindingState::mended : FindingState::good,
          vault.paths().store.string(), "removed " + std::to_string(removed)};
}

Finding examine_keys(const Vault& vault, const TenantId& tenant) {
  const KeyEpochs epochs = read_key_epochs(vault.store(), &vault.trust(), tenant);
  if (!epochs.problems.empty()) throw_problem(epochs.problems.front());
  if (vault.keys().identities.empty()) {
    return good("keys", tenant.str(), "no identity at hand: wraps were not opened");
  }
  const auto opened = open_key_epochs(vault.store(), epochs, vault.keys().identities);
  return good("keys", tenant.str(),
              "opened " + std::to_string(opened.size()) + " of " +
                  std::to_string(epochs.documents.size()) + " key epochs");
}

/// The finding, doubtful where entries of the ledger are ahead of this clock.
Finding with_clock(const Vault& vault, const Ledger& ledger, Finding finding) {
  const Time now = vault.environment().clock->now();
  const auto ahead = entries_ahead(ledger, now);
  if (!ahead) return finding;
  finding.state = FindingState::doubtful;
  finding.detail += "; " + std::to_string(ahead->entries) + " of them ahead of this clock, " +
                    layout::ledger_entry(ledger.tenant(), ledger.term(), ahead->newest.index) +
                    " by " + gap_text(now, ahead->newest.created_at) +
                    ": set the clock, or, if it is right, `atp ledger accept-clock`";
  return finding;
}

Finding mend_tenant(const Vault& vault, const TenantId& tenant) {
  Ledger ledger = catch_up(vault, tenant);
  SegmentChains chains(vault, tenant, SegmentChains::From::catalog);
  const std::size_t lost = finish_lost_jobs(vault, ledger, chains, kWorkers);
  record_progress(vault, ledger, chains);
  return with_clock(vault, ledger,
                    {"ledger", lost > 0 ? FindingState::mended : FindingState::good, tenant.str(),
                     std::to_string(ledger.size()) + " entries, " + std::to_string(lost) +
                         " interrupted jobs ended"});
}

Finding examine_tenant(const Vault& vault, const TenantId& tenant, Mending mending) {
  require_not_halted(vault, tenant);
  if (mending == Mending::report_only) {
    const Ledger ledger = catch_up(vault, tenant);
    return with_clock(vault, ledger,
                      good("ledger", tenant.str(), std::to_string(ledger.size()) + " entries"));
  }
  try {
    return mend_tenant(vault, tenant);
  } catch (const Error& error) {
    halt_for(vault, tenant, error);
    throw;
  }
}

template <class Row>
bool has_all(const std::vector<Row>& rows, const std::vector<Row>& of) {
  return std::all_of(of.begin(), of.end(), [&](const Row& row) {
    return std::find(rows.begin(), rows.end(), row) != rows.end();
  });
}

/// Whether the catalog holds nothing but what the store does, if perhaps less.
bool is_behind(const DerivedRows& catalog, const DerivedRows& store) {
  const auto grown = [&](const LedgerHeadRow& head) {
    return std::any_of(store.heads.begin(), store.heads.end(), [&](const LedgerHeadRow& now) {
      return now.tenant == head.tenant && now.origin == head.origin && now.size >= head.size;
    });
  };
  return has_all(store.segments, catalog.segments) && has_all(store.points, catalog.points) &&
         std::all_of(catalog.heads.begin(), catalog.heads.end(), grown);
}

Finding examine_catalog(const Vault& vault) {
  const std::string subject = vault.paths().catalog.string();
  const bool at_work = !vault.catalog().running_jobs().empty();
  const DerivedRows catalog = vault.catalog().derived();
  const DerivedRows store = derive_rows(vault, {}, nullptr);
  if (catalog == store) return good("catalog", subject, "equals what the store says");
  if (at_work && is_behind(catalog, store)) {
    return good("catalog", subject, "is behind the store by work that runs or was interrupted");
  }
  return {"catalog", FindingState::bad, subject,
          "differs from what the store says; run `atp catalog rebuild`", ErrorKind::corrupt};
}

}  // namespace

std::string_view to_string(FindingState state) {
  switch (state) {
    case FindingState::good:
      return "good";
    case FindingState::mended:
      return "mended";
    case FindingState::doubtful:
      return "doubtful";
    case FindingState::bad:
      return "bad";
  }
  return "bad";
}

std::vector<Finding> examine(Vault& vault, Mending mending) {
  std::vector<Finding> findings;
  const std::string id = random_hex(*vault.environment().random, 16);
  const auto lock = mending == Mending::mend ? vault.try_lock_for_job(id) : std::nullopt;
  const std::string folder = vault.paths().folder.string();
  examine_one(findings, "vault", folder, [&] {
    vault.trust();
    const Time now = vault.environment().clock->now();
    const Time made = vault.document().header.created_at;
    if (made > now + kClockTolerance) {
      return Finding{"vault", FindingState::doubtful, folder,
                     "vault.json is " + gap_text(now, made) +
                         " ahead of this clock: set the clock, or, if it is right, take the first "
                         "backup of each tenant with --clock-is-right"};
    }
    return good("vault", folder, "vault.json is signed by a trusted key");
  });
  if (mending == Mending::mend) {
    examine_one(findings, "store", vault.store().describe(), [&] {
      probe_immutability(vault.store(), *vault.environment().clock, *vault.environment().random);
      return good("store", vault.store().describe(), "refuses to change a retained object");
    });
    examine_one(findings, "temporaries", vault.paths().store.string(),
                [&] { return examine_temporaries(vault); });
  }
  for (const TenantId& tenant : list_tenants(vault.store())) {
    examine_one(findings, "ledger", tenant.str(),
                [&] { return examine_tenant(vault, tenant, mending); });
    examine_one(findings, "keys", tenant.str(), [&] { return examine_keys(vault, tenant); });
  }
  examine_one(findings, "catalog", vault.paths().catalog.string(),
              [&] { return examine_catalog(vault); });
  return findings;
}

}  // namespace v0
}  // namespace atp
