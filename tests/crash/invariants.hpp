// SPDX-License-Identifier: Apache-2.0
/// What must hold of a disk after any crash, and after the work was finished on it. A promise that
/// does not hold is thrown as `Broken`, so that threads can check.
#pragma once

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "atp/storage/layout.hpp"
#include "crash/house.hpp"

namespace atp::test {

class Broken final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void require(bool holds, const std::string& what) {
  if (!holds) throw Broken(what);
}

inline std::string findings_of(const Report& report) {
  std::string text;
  for (const Check& check : report.checks) {
    if (check.state == CheckState::verified) continue;
    text += "\n  " + std::string(to_string(check.state)) + " " + check.name + " " + check.subject +
            ": expected " + check.expected + ", found " + check.found;
  }
  return text;
}

inline std::vector<std::string> completed_points(ObjectStore& store, const TenantId& tenant) {
  std::vector<std::string> ids = {};
  for (auto& [owner, id] : list_points(store, tenant)) ids.push_back(id);
  return ids;
}

inline Report verify_in(const Vault& vault, const std::string& id, VerifyDepth depth) {
  VerifyOptions options{.depth = depth};
  options.workers = 1;
  const bool content = depth == VerifyDepth::content;
  const std::span<const age::Identity> identities = vault.keys().identities;
  Report report = verify_point(vault.store(), find_point(vault.store(), id), &vault.trust(),
                               content ? identities : identities.first(0), options);
  if (!content) {
    std::erase_if(report.checks,
                  [](const Check& check) { return check.name == "package.content"; });
  }
  return report;
}

/// Every file below `folder`, without those of an unfinished restore.
inline Texts texts_below(FileSystem& files, const Path& folder, const Path& prefix = {}) {
  Texts texts;
  if (!files.status(folder)) return texts;
  for (const DirectoryEntry& entry : files.list(folder)) {
    if (entry.name == kUnfinishedRestore) continue;
    if (entry.type == FileType::directory) {
      texts.merge(texts_below(files, folder / entry.name, prefix / entry.name));
    } else {
      const Bytes bytes = read_file(files, folder / entry.name, 64 << 20);
      texts.emplace((prefix / entry.name).string(), as_text(bytes));
    }
  }
  return texts;
}

/// Objects without a readable retention file; only `vault.json` and what is derived have one
/// without a date.
inline void require_retention(ObjectStore& store, const Environment& environment) {
  for_each_key(store, "", [&](const std::string& key) {
    const auto info = store.stat(key);
    require(info.has_value(), key + " is listed, but not there");
    const auto& until = info->immutability.retain_until;
    require(!info->immutability.legal_hold, key + " is held: its retention is lost");
    if (key == layout::kVault || key.starts_with(layout::kTiles)) return;
    require(until && *until > environment.clock->now() - std::chrono::hours(24),
            key + " has no retention");
    require(key.starts_with("probes/") || *until > environment.clock->now(), key + " may go now");
  });
}

/// A restore's folder: nothing, marked as unfinished, or whole.
inline void require_honest_folder(FileSystem& files, const Texts& whole, bool acknowledged) {
  const Texts found = texts_below(files, kRestored);
  const bool marked = files.status(kRestored / kUnfinishedRestore).has_value();
  require(!acknowledged || found == whole, "an acknowledged restore is not there");
  require(found.empty() || found == whole || marked, "a half restore looks like a whole one");
}

inline void require_points(const Vault& vault, const Acknowledged& done, VerifyDepth depth) {
  const auto points = completed_points(vault.store(), house_tenant());
  require(std::includes(points.begin(), points.end(), done.points.begin(), done.points.end()),
          "an acknowledged point is not listed");
  for (const std::string& id : points) {
    const bool acknowledged =
        std::find(done.points.begin(), done.points.end(), id) != done.points.end();
    const Report report = verify_in(vault, id, depth);
    const bool sound = acknowledged ? report.passed() : report.verdict() != CheckState::failed;
    require(sound, (acknowledged ? "acknowledged " : "") + id + findings_of(report));
  }
}

/// Without `vault.json` there is no vault, and opening says so.
inline void require_no_vault(const DiskPtr& files) {
  try {
    open_vault(environment_of(files, 100), kVaultFolder, {});
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::not_found, std::string("no vault, but ") + error.what());
    return;
  }
  throw Broken("a vault without vault.json opens");
}

inline void require_kept(const Vault& vault, const Acknowledged& done) {
  require(vault.keys().signer && vault.keys().ledger_signer && vault.keys().trust &&
              !vault.keys().identities.empty(),
          "the vault's keys are gone");
  require_points(vault, done, VerifyDepth::stored);
  require_retention(vault.store(), vault.environment());
  if (done.points.empty()) return;
  require_honest_folder(*vault.environment().files, source_texts(Step::restore), done.restored);
}

/// Before anything is mended: what was acknowledged is there and says no more than is true.
inline void require_kept(Step step, const DiskPtr& files, const Acknowledged& done) {
  if (!files->status(vault_paths(kVaultFolder).store / "vault.json")) {
    require(!done.vault, "an acknowledged vault is gone");
    return require_no_vault(files);
  }
  const auto vault = open_house(environment_of(files, 100));
  require(step == Step::rebuild || vault->catalog_problem().empty(), vault->catalog_problem());
  require_kept(*vault, done);
}

/// After the same verb was called again and returned.
inline void require_finished(Step step, const DiskPtr& files, const Acknowledged& done) {
  const auto vault = open_house(environment_of(files, 200));
  require(vault->catalog_problem().empty(), vault->catalog_problem());
  require_kept(*vault, done);
  require(completed_points(vault->store(), house_tenant()) == done.points,
          "other points than were acknowledged");
  require(vault->catalog().derived() == derive_rows(*vault, {}, nullptr),
          "the catalog is not what the store says");
  require(vault->catalog().running_jobs().empty(), "a job still runs");
  if (done.points.empty()) return;
  const Path folder = "/finished";
  const auto restored = restore_house(*vault, done.points.back(), folder);
  require(restored.report.passed(), "the restore's report" + findings_of(restored.report));
  require(texts_below(*files, folder) == source_texts(step), "a restore is not the source");
}

/// Runs the step; true where it came to its end before the power went.
inline bool run_until_crash(Step step, const DiskPtr& files, std::uint64_t process,
                            Acknowledged& done) {
  try {
    run(step, files, process, done);
    return true;
  } catch (const SimulatedCrash&) {
    return false;
  }
}

/// The same verb again, as an operator would: what it finds done is well.
inline bool finish(Step step, const DiskPtr& files, std::uint64_t process, Acknowledged& done) {
  try {
    return run_until_crash(step, files, process, done);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::already_exists) throw;
    if (step == Step::init) {
      done.vault = true;
    } else if (step == Step::restore) {
      require(texts_below(*files, kRestored) == source_texts(step), error.what());
      done.restored = true;
    } else {
      throw;
    }
    return true;
  }
}

}  // namespace atp::test
