// SPDX-License-Identifier: Apache-2.0
/// Several runs at one vault at once, and several tenants in it: all right, nothing mixed.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "atp/storage/filesystem_store.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/vault_folder.hpp"
#include "crash/invariants.hpp"
#include "support/temp_dir.hpp"

namespace atp::test {
namespace {

constexpr int kSegmentsPerRound = 6;

/// A vault and a source in a folder of some file system.
struct Place {
  std::shared_ptr<FileSystem> files;
  Path root;

  Environment environment(std::uint64_t process) const {
    Environment made = environment_of(files, process);
    if (root != Path("/")) made.random = std::make_shared<SystemRandom>();
    return made;
  }
  Path vault_folder() const { return root / "vault"; }
  Path source() const { return root / "source"; }

  void create() const {
    create_directories(*files, source());
    create_vault(environment(0), vault_folder(),
                 {.region = Region("west"), .configuration = root / "config"});
  }
  std::shared_ptr<Vault> open(std::uint64_t process) const {
    const Environment made = environment(process);
    const Path keys = default_key_folder(made, vault_folder(), root / "config");
    return open_vault(made, vault_folder(), keys_in(*files, keys));
  }
};

/// One process's run. Empty, or what went wrong.
std::string run_once(const Place& place, std::uint64_t process, const TenantId& tenant) {
  try {
    const auto vault = place.open(process);
    const auto source = segment_folder(place.files, place.source());
    const auto result = take_backup(*vault, *source, backup_options(tenant));
    const bool well =
        result.status == BackupStatus::completed || result.status == BackupStatus::unchanged;
    return well ? "" : "status " + std::string(to_string(result.status));
  } catch (const std::exception& error) {
    return error.what();
  }
}

void add_segments(const Place& place, int round) {
  for (int i = 0; i < kSegmentsPerRound; ++i) {
    const std::string name = std::to_string(100 * round + i) + ".jsonl";
    const std::string text = "{\"round\":" + std::to_string(round) + "}\n" + name + "\n";
    write_durably(*place.files, place.source() / (i == 0 ? "" : "api") / name, text);
  }
}

/// Ledger, chains and catalog are whole; the newest point restores to the source.
void expect_whole(const Place& place, const TenantId& tenant, int round) {
  const auto vault = place.open(7'000'000);
  OpenTenant ledger_of(*vault, tenant);
  Ledger& ledger = ledger_of.ledger();
  EXPECT_TRUE(ledger.has_checkpoint());
  std::set<std::string> named;
  for (const LedgerEntry& entry : ledger.entries()) {
    if (entry.statement.action != "recovery_point.completed") continue;
    EXPECT_TRUE(named.insert(*entry.statement.subject_id).second) << "a point completed twice";
  }
  const DerivedRows rows = derive_rows(*vault, {}, nullptr);
  std::set<std::pair<StreamId, SegmentId>> sealed;
  for (const SegmentRow& row : rows.segments) {
    EXPECT_TRUE(sealed.emplace(row.stream, row.segment).second) << row.segment.str() << " twice";
  }
  EXPECT_EQ(sealed.size(), static_cast<unsigned>(kSegmentsPerRound * round));
  EXPECT_EQ(vault->catalog().derived(), rows);
  EXPECT_TRUE(vault->catalog().running_jobs().empty());
  const auto points = completed_points(vault->store(), tenant);
  ASSERT_FALSE(points.empty());
  for (const std::string& id : points) {
    const Report report = verify_in(*vault, id, VerifyDepth::stored);
    EXPECT_TRUE(report.passed()) << id << findings_of(report);
  }
  const Path folder = place.root / ("restored" + std::to_string(round));
  EXPECT_TRUE(restore_house(*vault, points.back(), folder).report.passed());
  EXPECT_EQ(texts_below(*place.files, folder), texts_below(*place.files, place.source()));
}

TEST(ConcurrentRuns, OfTwoThreadsAreBothRightAndNothingIsMixed) {
  const Place place{std::make_shared<SimulatedFileSystem>(), "/"};
  place.create();
  for (int round = 1; round <= static_cast<int>(25 / kThinning); ++round) {
    SCOPED_TRACE(round);
    add_segments(place, round);
    std::array<std::string, 2> failures;
    {
      std::vector<std::jthread> threads;
      for (unsigned i = 0; i < 2; ++i) {
        threads.emplace_back([&place, &failures, round, i] {
          failures[i] = run_once(place, 10U * static_cast<unsigned>(round) + i, house_tenant());
        });
      }
    }
    EXPECT_EQ(failures[0], "");
    EXPECT_EQ(failures[1], "");
    expect_whole(place, house_tenant(), round);
    ASSERT_FALSE(HasFailure());
  }
}

TEST(ConcurrentRuns, OfTwoProcessesAreBothRightAndNothingIsMixed) {
  const TempDir folder;
  const Place place{posix_file_system(), folder.path()};
  place.create();
  for (int round = 1; round <= static_cast<int>(24 / kThinning); ++round) {
    SCOPED_TRACE(round);
    add_segments(place, round);
    std::array<pid_t, 2> children{};
    for (pid_t& child : children) {
      child = fork();
      ASSERT_GE(child, 0);
      if (child != 0) continue;
      const std::string failure =
          run_once(place, 10U * static_cast<unsigned>(round), house_tenant());
      if (!failure.empty()) std::cerr << failure << "\n";
      _exit(failure.empty() ? 0 : 1);
    }
    for (const pid_t child : children) {
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      EXPECT_EQ(status, 0);
    }
    expect_whole(place, house_tenant(), round);
    ASSERT_FALSE(HasFailure());
  }
}

/// Names that run together, differ by case alone, or would be paths.
const std::vector<TenantId>& alike() {
  static const std::vector<TenantId> tenants{TenantId("a"),   TenantId("a-b"),   TenantId("A"),
                                             TenantId("a/b"), TenantId("a%2fb"), TenantId("a.")};
  return tenants;
}

bool belongs_to(const std::string& key, const TenantId& tenant) {
  return key != "vault.json" && !key.starts_with("probes/") &&
         layout::element(key, 1) == tenant.encoded();
}

TEST(AlikeTenants, T070_RemovingAllOfOneLeavesTheOthersWhole) {
  const Place place{std::make_shared<SimulatedFileSystem>(), "/"};
  place.create();
  add_segments(place, 1);
  std::uint64_t process = 1;
  for (const TenantId& tenant : alike()) EXPECT_EQ(run_once(place, process++, tenant), "");
  for (const TenantId& gone : alike()) {
    const auto vault = place.open(process);
    Environment later = place.environment(process);
    later.clock =
        std::make_shared<ManualClock>(std::chrono::sys_days{std::chrono::year{2050} / 1 / 1});
    const auto store =
        filesystem_store(place.files, vault_paths(vault->home()).store, later.clock, later.random);
    std::map<std::string, Bytes> others;
    std::vector<std::string> own;
    for_each_key(*store, "", [&](const std::string& key) {
      if (belongs_to(key, gone)) {
        own.push_back(key);
      } else {
        others.emplace(key, get_object(*store, key, 1 << 20));
      }
    });
    EXPECT_GT(own.size(), 8U);
    for (const std::string& key : own) store->remove(key);
    for (const auto& [key, bytes] : others) EXPECT_EQ(get_object(*store, key, 1 << 20), bytes);
    EXPECT_TRUE(completed_points(*store, gone).empty());
    for (const TenantId& tenant : alike()) {
      for (const std::string& id : completed_points(*store, tenant)) {
        EXPECT_EQ(find_point(*store, id).tenant, tenant);
        EXPECT_TRUE(verify_in(*vault, id, VerifyDepth::content).passed()) << tenant.str();
      }
    }
  }
}

}  // namespace
}  // namespace atp::test
