// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/doctor.hpp"

#include <algorithm>

#include "atp/keys/key_epochs.hpp"
#include "atp/ledger/tile_check.hpp"
#include "atp/storage/filesystem_store.hpp"
#include "atp/storage/layout.hpp"
#include "atp/storage/probe.hpp"
#include "atp/vault/act.hpp"
#include "atp/vault/clock.hpp"
#include "atp/vault/completion.hpp"
#include "atp/vault/halt.hpp"
#include "atp/vault/job.hpp"
#include "atp/vault/rebuild.hpp"
#include "atp/vault/scrub.hpp"
#include "atp/verify/points.hpp"
#include "vault/tenant_documents.hpp"

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

/// The same of what is not worth a word where it is good.
template <class Look>
void note_one(std::vector<Finding>& findings, const std::string& name, const std::string& subject,
              const Look& look) {
  examine_one(findings, name, subject, look);
  if (findings.back().state == FindingState::good) findings.pop_back();
}

Finding good(const std::string& name, const std::string& subject, const std::string& detail) {
  return {name, FindingState::good, subject, detail};
}

Finding examine_temporaries(const Vault& vault) {
  const std::size_t removed = vault.store().tidy();
  return {"temporaries", removed > 0 ? FindingState::mended : FindingState::good,
          vault.store().describe(), "removed " + std::to_string(removed)};
}

Finding examine_keys(const Vault& vault, const TenantId& tenant) {
  const KeyEpochs epochs = require_key_epochs(vault, tenant);
  if (vault.keys().identities.empty()) {
    return good("keys", tenant.str(), "no identity at hand: wraps were not opened");
  }
  const auto opened = open_key_epochs(vault.store(), epochs, vault.keys().identities);
  return good("keys", tenant.str(),
              "opened " + std::to_string(opened.size()) + " of " +
                  std::to_string(epochs.documents.size()) + " key epochs");
}

/// The finding, doubtful where entries of the ledger are ahead of this clock.
Finding with_clock(OpenTenant& tenant, Finding finding) {
  const Time now = tenant.vault().environment().clock->now();
  const auto ahead = entries_ahead(tenant.ledger(), now);
  if (!ahead) return finding;
  finding.state = FindingState::doubtful;
  finding.detail += "; " + std::to_string(ahead->entries) + " of them ahead of this clock, " +
                    layout::ledger_entry(tenant.tenant(), 0, ahead->newest.index) + " by " +
                    gap_text(now, ahead->newest.created_at) +
                    ": set the clock, or, if it is right, `atp ledger accept-clock`";
  return finding;
}

Finding mend_tenant(OpenTenant& tenant) {
  const std::size_t lost = finish_lost_jobs(tenant, kWorkers);
  tenant.chains().look_at_all();
  tenant.record_progress();
  return with_clock(tenant, {"ledger", lost > 0 ? FindingState::mended : FindingState::good,
                             tenant.tenant().str(),
                             std::to_string(tenant.ledger().size()) + " entries, " +
                                 std::to_string(lost) + " interrupted jobs ended"});
}

/// Opens the tenant into `open`.
Finding examine_ledger(const Vault& vault, const TenantId& tenant, const ExamineOptions& options,
                       std::optional<OpenTenant>& open) {
  require_not_halted(vault, tenant);
  const bool mends = options.mending == Mending::mend;
  try {
    open.emplace(vault, tenant);
    open->require_checkpoint();
    open->ledger().entries();  // All of it: nobody else reads what is old.
    if (!mends) {
      return with_clock(
          *open, good("ledger", tenant.str(), std::to_string(open->ledger().size()) + " entries"));
    }
    if (options.take_over) take_over_intents(*open);
    return mend_tenant(*open);
  } catch (const Error& error) {
    if (mends) halt_for(vault, tenant, error);
    throw;
  }
}

/// Acts of which nobody here knows whether they are still under way.
Finding examine_acts(OpenTenant& tenant) {
  const auto unknown = unknown_intents(tenant);
  const TenantId& id = tenant.tenant();
  if (unknown.empty()) return good("acts", id.str(), "none is open that is not known here");
  const Statement& first = unknown.front();
  return {"acts", FindingState::doubtful, layout::ledger_entry(id, 0, first.index),
          std::to_string(unknown.size()) + " are open that this catalog does not know, first " +
              first.action + " of " + first.subject_id.value_or("?") +
              ": another host is at work, or was; `atp doctor --take-over` ends them"};
}

/// All that the newest point and its parents need is there and kept, asked of the store anew.
Finding examine_kept(OpenTenant& tenant) {
  const TenantId& id = tenant.tenant();
  const auto newest = newest_point(tenant);
  if (!newest) return good("kept", id.str(), "no recovery point yet");
  KeptRow anew = tenant.vault().catalog().kept(id).value_or(KeptRow{id, {}, 0, {}, {}});
  anew.policy_version = 0;  // Packages are looked at again; documents were by the scrub.
  tenant.vault().catalog().record_kept(anew);
  keep_newest(tenant, *newest, newest->point.as_of, kWorkers);
  return good("kept", id.str(), "what " + newest->point.recovery_point_id + " needs is kept");
}

/// What is old: read again, or what the runs have.
Finding examine_scrub(OpenTenant& tenant, bool mends) {
  const Scrub all = mends ? scrub_entries_and_dates(tenant) : Scrub{};
  const Scrub scrub = scrub_so_far(tenant);
  const auto and_more = [](std::size_t size) {
    return size > 1 ? " and " + std::to_string(size - 1) + " more" : std::string();
  };
  if (!scrub.damaged.empty()) {
    const Problem& first = scrub.damaged.front();
    return {"scrub", FindingState::bad, tenant.tenant().str(),
            first.subject + and_more(scrub.damaged.size()) + ": expected " + first.expected +
                ", found " + first.found + "; `atp verify` looks at all that is old",
            ErrorKind::corrupt};
  }
  if (all.trouble || scrub.trouble) {
    return {"scrub", FindingState::bad, tenant.tenant().str(),
            "not all could be read: " + all.trouble.value_or(scrub.trouble.value_or("")),
            ErrorKind::unavailable};
  }
  if (!all.regrown.empty()) {
    return {"scrub", FindingState::mended, tenant.tenant().str(),
            all.regrown.front() + and_more(all.regrown.size()) +
                " had a shorter retention than asked for, and has it again"};
  }
  return {"scrub", scrub.overdue ? FindingState::doubtful : FindingState::good,
          tenant.tenant().str(),
          "all entries since " + format_time(scrub.entries_since) +
              ", all dates of retention since " + format_time(scrub.dates_since) +
              ", all packages since " + format_time(scrub.packages_since)};
}

/// What is derived from the ledger's entries.
Finding examine_tiles(OpenTenant& tenant, bool mends) {
  const TenantId& id = tenant.tenant();
  TileCheck check(tenant.vault().store(), id,
                  mends ? TileCheck::Mending::mend : TileCheck::Mending::look);
  for (const LedgerEntry& entry : tenant.ledger().entries()) check.push(entry.stored);
  const TileFindings tiles = check.finish();
  if (tiles.wrong > 0) {
    return {"tiles", FindingState::doubtful, tiles.problems.front().subject,
            std::to_string(tiles.wrong) +
                " tiles or bundles hold other bytes than the ledger's entries make: nobody "
                "believes them; `atp doctor` puts them anew, unless their retention keeps them"};
  }
  if (tiles.trouble) {
    return {"tiles", FindingState::doubtful, tiles.trouble->subject(),
            std::to_string(tiles.unread) +
                " tiles or bundles could not be reached, and readers do without them: " +
                tiles.trouble->message()};
  }
  if (tiles.missing > 0) {
    return {"tiles", FindingState::doubtful, id.str(),
            std::to_string(tiles.missing) +
                " tiles or bundles are missing, and proofs cost more: `atp doctor` puts them"};
  }
  const FindingState state =
      tiles.put + tiles.replaced > 0 ? FindingState::mended : FindingState::good;
  return {"tiles", state, id.str(),
          std::to_string(tiles.sound) + " are as the entries make them, " +
              std::to_string(tiles.put) + " that were missing and " +
              std::to_string(tiles.replaced) + " that were wrong were put anew"};
}

/// What people, NAS boxes and broken disks leave among a tenant's objects.
Finding examine_names(const Vault& vault, const TenantId& tenant) {
  std::vector<ForeignName> foreign;
  std::uint64_t unnamed = 0;
  for (const std::string_view root : layout::kTenantRoots) {
    const std::string prefix = std::string(root) + tenant.encoded() + "/";
    std::string after;
    while (true) {
      const ListPageOfKeys page = list_keys(vault.store(), prefix, after, 50'000);
      foreign.insert(foreign.end(), page.foreign.begin(), page.foreign.end());
      unnamed += page.foreign_unnamed;
      if (!page.next) break;
      after = *page.next;
    }
  }
  if (foreign.empty()) return good("names", tenant.str(), "nothing but objects");
  return {"names", FindingState::doubtful, foreign.front().name,
          foreign.front().what + "; " + std::to_string(foreign.size() + unnamed) +
              " such names among the objects of " + tenant.str() +
              ": nothing of ours, and passed over"};
}

/// Both are in the same order.
template <class Row>
bool has_all(const std::vector<Row>& rows, const std::vector<Row>& of) {
  auto next = rows.begin();
  return std::all_of(of.begin(), of.end(), [&](const Row& row) {
    next = std::find(next, rows.end(), row);
    return next != rows.end();
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

Finding examine_catalog(Vault& vault) {
  const std::string subject = vault.catalog_place().describe();
  vault.check_catalog();
  if (!vault.catalog_problem().empty()) {
    return {"catalog", FindingState::bad, subject,
            vault.catalog_problem() + "; run `atp catalog rebuild`", ErrorKind::corrupt};
  }
  const bool at_work = !vault.catalog().running_jobs().empty();
  DerivedRows catalog = vault.catalog().derived();
  DerivedRows store;
  try {
    store = derive_rows(vault, {}, nullptr);
  } catch (const Error& error) {
    if (!is_of_one_tenant(error)) throw;
    return {"catalog", FindingState::doubtful, subject,
            std::string("was not compared with the store: ") + error.what()};
  }
  // Whether a checkpoint covers the head may have changed since it was recorded.
  for (DerivedRows* rows : {&catalog, &store}) {
    for (LedgerHeadRow& head : rows->heads) head.last_leaf.reset();
  }
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

std::vector<Finding> examine(Vault& vault, const ExamineOptions& options) {
  const bool mends = options.mending == Mending::mend;
  std::vector<Finding> findings;
  const std::string id = random_hex(*vault.environment().random, 16);
  const auto lock = mends ? vault.work().try_lock_job(id) : std::nullopt;
  const std::string folder = vault.home().string();
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
  if (mends) {
    examine_one(findings, "store", vault.store().describe(), [&] {
      probe_immutability(vault.store(), *vault.environment().clock, *vault.environment().random);
      return good("store", vault.store().describe(), "refuses to change a retained object");
    });
    examine_one(findings, "temporaries", vault.store().describe(),
                [&] { return examine_temporaries(vault); });
  }
  for (const TenantId& tenant : list_tenants(vault.store())) {
    const std::string name = tenant.str();
    note_one(findings, "names", name, [&] { return examine_names(vault, tenant); });
    std::optional<OpenTenant> open;
    examine_one(findings, "ledger", name,
                [&] { return examine_ledger(vault, tenant, options, open); });
    if (findings.back().state != FindingState::bad) {
      note_one(findings, "acts", name, [&] { return examine_acts(*open); });
      note_one(findings, "tiles", name, [&] { return examine_tiles(*open, mends); });
      examine_one(findings, "scrub", name, [&] { return examine_scrub(*open, mends); });
      if (mends) examine_one(findings, "kept", name, [&] { return examine_kept(*open); });
    }
    examine_one(findings, "keys", name, [&] { return examine_keys(vault, tenant); });
  }
  examine_one(findings, "catalog", vault.catalog_place().describe(),
              [&] { return examine_catalog(vault); });
  return findings;
}

}  // namespace v0
}  // namespace atp
