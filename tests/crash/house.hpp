// SPDX-License-Identifier: Apache-2.0
/// A vault's life in acknowledged steps, on a disk that can lose its power: init, a full point of
/// two streams (one segment of two frames), an incremental one, a run that finds nothing new, a
/// restore, and a rebuild of the catalog.
#pragma once

#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "atp/backup/take_backup.hpp"
#include "atp/core/error.hpp"
#include "atp/restore/restore.hpp"
#include "atp/vault/completion.hpp"
#include "atp/vault/doctor.hpp"
#include "atp/vault/halt.hpp"
#include "atp/vault/rebuild.hpp"
#include "atp/vault/vault_folder.hpp"
#include "atp/verify/verify.hpp"
#include "support/manual_clock.hpp"
#include "support/sanitized.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"

namespace atp::test {

using DiskPtr = std::shared_ptr<SimulatedFileSystem>;

inline const Path kVaultFolder = "/vault";
inline const Path kConfiguration = "/config";
inline const Path kSource = "/source";
inline const Path kRestored = "/restored";

inline const TenantId& house_tenant() {
  static const TenantId tenant("acme-corp");
  return tenant;
}

enum class Step { init, full, incremental, checked, restore, rebuild };
inline constexpr std::array kSteps{Step::init,    Step::full,    Step::incremental,
                                   Step::checked, Step::restore, Step::rebuild};

inline std::string_view name_of(Step step) {
  constexpr std::array<std::string_view, kSteps.size()> kNames{"init",    "full",    "incremental",
                                                               "checked", "restore", "rebuild"};
  return kNames[static_cast<std::size_t>(step)];
}

/// Whether to try all that takes long: ATP_LONG=1.
inline bool is_long() {
  const char* text = std::getenv("ATP_LONG");
  return text != nullptr && std::string(text) == "1";
}

/// With sanitizers, which make everything some eight times slower, one in so many cases is tried.
inline constexpr std::uint64_t kThinning = kSanitized ? 8 : 1;

/// Texts by path below a folder.
using Texts = std::map<std::string, std::string>;

inline Texts source_texts(Step step) {
  std::string many = "{\"time\":\"2025-12-31T23:00:00Z\",\"action\":\"Export.Requested\"}\n";
  for (int i = 0; i < 4096; ++i)
    many += i % 512 == 0 ? "{\"n\":" + std::to_string(i) + "}\n" : "\n";
  Texts texts{{"000001.jsonl", many},
              {"api/000001.jsonl", "{\"time\":\"2025-12-31T23:59:59Z\"}\nno JSON\n\nno line feed"}};
  if (step > Step::full) texts.emplace("api/000002.jsonl", "{\"time\":\"2026-01-01T00:00:00Z\"}\n");
  return texts;
}

/// Writes a file of which every byte and name is durable.
inline void write_durably(FileSystem& files, const Path& path, std::string_view text) {
  create_directories(files, path.parent_path());
  const auto file = files.open(path, OpenMode::create_or_open);
  file->truncate(0);
  file->write_at(0, as_bytes(text));
  file->sync();
  files.sync_directory(path.parent_path());
}

/// The disk's: no two changes at one time.
class TickingClock final : public Clock {
 public:
  Time now() const override {
    return std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} +
           std::chrono::microseconds(ticks_.fetch_add(1));
  }

 private:
  mutable std::atomic<std::int64_t> ticks_ = 0;
};

/// One process: what it sees of the world. Later processes have a later clock and other randomness.
inline Environment environment_of(const std::shared_ptr<FileSystem>& files, std::uint64_t process) {
  const Time start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 2};
  return {files,
          std::make_shared<ManualClock>(start + std::chrono::minutes(static_cast<int>(process))),
          std::make_shared<SequenceRandom>(1000 + process)};
}

inline Keys copy_of(const Keys& keys) {
  Keys copy{
      {},        keys.signer, keys.ledger_signer, keys.replaced_signer, keys.replaced_ledger_signer,
      keys.trust};
  for (const age::Identity& identity : keys.identities) copy.identities.push_back(identity.clone());
  return copy;
}

/// `load_keys`, once for every folder of equal bytes: reading a PEM takes longer than a backup.
inline Keys keys_in(FileSystem& files, const Path& folder) {
  static std::mutex mutex;
  static std::map<std::string, Keys> known;
  std::string bytes;
  for (const DirectoryEntry& entry : files.list(folder)) {
    bytes +=
        entry.name + "\n" + std::string(as_text(read_file(files, folder / entry.name, 1 << 20)));
  }
  const std::lock_guard lock(mutex);
  auto found = known.find(bytes);
  if (found == known.end()) found = known.emplace(bytes, load_keys(files, folder)).first;
  return copy_of(found->second);
}

inline std::shared_ptr<Vault> open_house(const Environment& environment) {
  const Path keys = default_key_folder(environment, kVaultFolder, kConfiguration);
  return open_vault(environment, kVaultFolder, keys_in(*environment.files, keys));
}

inline BackupOptions backup_options(const TenantId& tenant) {
  // The disk has a clock of its own.
  return {.tenant = tenant, .clock = ClockTrust::insist, .workers = 1};
}

inline RestoreOptions restore_options() { return {.workers = 1}; }

inline RestoreResult restore_house(const Vault& vault, const std::string& id, const Path& folder) {
  return restore_point(vault.store(), *vault.environment().files, *vault.environment().random,
                       find_point(vault.store(), id), folder, vault.trust(),
                       vault.keys().identities, restore_options());
}

/// What was acknowledged so far.
struct Acknowledged {
  bool vault = false;
  std::vector<std::string> points = {};
  bool restored = false;
};

/// Does the step's verb as one process; afterwards it is acknowledged.
inline void run(Step step, const DiskPtr& files, std::uint64_t process, Acknowledged& done) {
  const Environment environment = environment_of(files, process);
  switch (step) {
    case Step::init:
      create_vault(environment, kVaultFolder,
                   {.region = Region("west"), .configuration = kConfiguration});
      done.vault = true;
      return;
    case Step::full:
    case Step::incremental:
    case Step::checked: {
      const auto vault = open_house(environment);
      const auto source = segment_folder(files, kSource);
      const auto result = take_backup(*vault, *source, backup_options(house_tenant()));
      if (done.points.empty() || done.points.back() != result.recovery_point_id) {
        done.points.push_back(result.recovery_point_id);
      }
      return;
    }
    case Step::restore: {
      const auto result = restore_house(*open_house(environment), done.points.back(), kRestored);
      if (!result.report.passed()) throw std::runtime_error("restore: the report did not pass");
      done.restored = true;
      return;
    }
    case Step::rebuild: {
      const auto vault = open_house(environment);
      rebuild_catalog(*vault, {}, nullptr);
      return;
    }
  }
}

/// What the step finds: the disk after all steps before it, the source's files, durable.
struct Stage {
  Step step;
  DiskPtr disk;
  Acknowledged done;
};

/// The catalog of a vault whose first page was lost.
inline void wreck_catalog(FileSystem& files) {
  const auto file = files.open(vault_paths(kVaultFolder).catalog, OpenMode::read_write);
  file->write_at(0, Bytes(4096));
  file->sync();
}

inline void prepare(Step step, SimulatedFileSystem& files) {
  if (step == Step::rebuild) return wreck_catalog(files);
  if (step == Step::init) return;
  for (const auto& [name, text] : source_texts(step)) {
    if (!files.status(kSource / name)) write_durably(files, kSource / name, text);
  }
}

inline std::vector<Stage> stages() {
  std::vector<Stage> made = {};
  auto disk = std::make_shared<SimulatedFileSystem>(std::make_shared<TickingClock>());
  Acknowledged done;
  for (const Step step : kSteps) {
    prepare(step, *disk);
    disk = disk->reboot(Variant::none());
    made.push_back({step, disk, done});
    disk = disk->reboot(Variant::none());
    run(step, disk, static_cast<std::uint64_t>(step), done);
  }
  return made;
}

}  // namespace atp::test
