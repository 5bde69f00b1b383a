// SPDX-License-Identifier: Apache-2.0
/// The trust chain: a record's proof, a ledger's append, consistency and audit, on the file system.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "atp/backup/take_backup.hpp"
#include "atp/ledger/published_ledger.hpp"
#include "atp/source/segment_source.hpp"
#include "atp/storage/filesystem_store.hpp"
#include "atp/storage/layout.hpp"
#include "atp/storage/memory_store.hpp"
#include "atp/vault/vault_folder.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "atp/verify/record_proof.hpp"
#include "records.hpp"

namespace atp::bench {
namespace {

constexpr std::size_t kSegmentSize = 64 << 20;

/// Gone at the end of the process, with all that is in it.
const Path& scratch_folder() {
  struct Folder {
    Path path =
        std::filesystem::temp_directory_path() / ("atp-bench-" + std::to_string(::getpid()));
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  };
  static const Folder folder;
  return folder.path;
}

/// A vault with one segment of 64 MiB.
struct ProvenVault {
  Environment environment = system_environment();
  std::shared_ptr<Vault> vault;
  std::string point;

  ProvenVault() {
    const Path folder = scratch_folder() / "proven";
    std::filesystem::create_directories(folder / "source/audit");
    std::ofstream(folder / "source/audit/000001.jsonl") << records(kSegmentSize);
    const CreatedVault created =
        create_vault(environment, folder / "vault",
                     {.region = Region("bench"), .keys = folder / "keys", .configuration = folder});
    vault = open_vault(environment, folder / "vault",
                       load_keys(*environment.files, created.keys.trust.parent_path()));
    const auto source = segment_folder(environment.files, folder / "source");
    point = take_backup(*vault, *source, {.tenant = TenantId("bench")}).recovery_point_id;
  }
};

const ProvenVault& proven_vault() {
  static const ProvenVault vault;
  return vault;
}

/// Target: under 20 ms, warm.
void record_proof(benchmark::State& state) {
  const ProvenVault& proven = proven_vault();
  const RecordPlace place{{StreamId("audit"), SegmentId("000001")}, 12'345};
  const auto& keys = proven.vault->keys();
  for (auto _ : state) {
    benchmark::DoNotOptimize(prove_record(proven.vault->store(),
                                          find_point(proven.vault->store(), proven.point), place,
                                          *keys.trust, keys.identities));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(record_proof)->Unit(benchmark::kMillisecond);

void check_proof(benchmark::State& state) {
  const ProvenVault& proven = proven_vault();
  const auto& keys = proven.vault->keys();
  const std::string proof = prove_record(
      proven.vault->store(), find_point(proven.vault->store(), proven.point),
      {{StreamId("audit"), SegmentId("000001")}, 12'345}, *keys.trust, keys.identities);
  for (auto _ : state) benchmark::DoNotOptimize(check_record_proof(proof, *keys.trust));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(check_proof)->Unit(benchmark::kMicrosecond);

/// Who writes a ledger.
struct LedgerWriter {
  SystemRandom random;
  std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
  std::string vault_id = random_hex(random, 16);
  TenantId tenant{"bench"};
  std::shared_ptr<const Signer> signer = signer_from_pem(generate_ed25519_pem(random));
  std::shared_ptr<const Signer> ledger_signer = signer_from_pem(generate_ed25519_pem(random));
  TrustPolicy trust{.vault_id = vault_id,
                    .domain = "bench.invalid",
                    .keys = {{signer->public_key(), KeyRole::document, {}, {}},
                             {ledger_signer->public_key(), KeyRole::ledger, {}, {}}}};
  std::string origin = make_origin(trust.domain, random);

  Statement statement(std::uint64_t index) {
    return {.header = {.vault_id = vault_id,
                       .tenant = tenant,
                       .nonce = random_hex(random, 16),
                       .created_at = clock->now()},
            .origin = origin,
            .index = index,
            .action = index == 0 ? "ledger.opened" : "checked",
            .job_id = random_hex(random, 16)};
  }

  void append(Ledger& ledger) {
    ledger.try_append(statement(ledger.size()), *signer, {});
    ledger.put_checkpoint(*ledger_signer, {});
  }
};

void append_to(ObjectStore& store, LedgerWriter& writer, benchmark::State& state) {
  Ledger ledger = Ledger::load(store, writer.trust, writer.tenant);
  for (auto _ : state) writer.append(ledger);
  state.SetItemsProcessed(state.iterations());
}

/// Signs an entry and its checkpoint; the store is memory, so a disk's part is not in it.
void ledger_append(benchmark::State& state) {
  LedgerWriter writer;
  append_to(*memory_store(writer.clock), writer, state);
}
BENCHMARK(ledger_append)->Iterations(2'000)->Unit(benchmark::kMicrosecond);

/// Entry and checkpoint, synced. Target: under 5 ms.
void ledger_append_on_disk(benchmark::State& state) {
  LedgerWriter writer;
  const Path folder = scratch_folder() / "appended";
  std::filesystem::create_directories(folder);
  append_to(*filesystem_store(posix_file_system(), folder, writer.clock,
                              std::make_shared<SystemRandom>()),
            writer, state);
  std::filesystem::remove_all(folder);
}
BENCHMARK(ledger_append_on_disk)->Iterations(500)->Unit(benchmark::kMillisecond);

/// A ledger in a folder, with a checkpoint for every 1,000 entries, written without syncing: only
/// their number matters.
struct FilledLedger : LedgerWriter {
  std::shared_ptr<FileSystem> files = posix_file_system();
  Path folder = scratch_folder() / "filled";
  std::shared_ptr<ObjectStore> store;

  explicit FilledLedger(std::uint64_t size) {
    for (const std::string& prefix :
         {layout::ledger_entries(tenant, 0), layout::ledger_checkpoints(tenant, 0)}) {
      std::filesystem::create_directories(folder / prefix);
    }
    store = filesystem_store(files, folder, clock, std::make_shared<SystemRandom>());
    merkle::Frontier<Rfc9162Hasher> tree;
    while (tree.size() < size) {
      const std::string stored = sign_document(statement(tree.size()), *signer);
      std::ofstream(folder / layout::ledger_entry(tenant, 0, tree.size())) << stored;
      tree.push(Rfc9162Hasher::leaf(as_bytes(stored)));
      if (tree.size() % 1000 != 0 && tree.size() != size) continue;
      std::ofstream(folder / layout::ledger_checkpoint(tenant, 0, tree.size())) << sign_checkpoint(
          {.origin = origin, .size = tree.size(), .root = tree.root()}, *ledger_signer);
    }
  }
};

FilledLedger& large_ledger() {
  static FilledLedger ledger([] {
    const char* entries = std::getenv("ATP_BENCH_ENTRIES");
    return entries != nullptr ? std::stoull(entries) : 1'000'000;
  }());
  return ledger;
}

/// Of a million entries. Target: under a minute.
void ledger_audit(benchmark::State& state) {
  FilledLedger& filled = large_ledger();
  std::uint64_t entries = 0;
  for (auto _ : state) {
    const LedgerAudit audit =
        audit_ledger(*filled.store, filled.tenant, filled.trust, {.workers = 0});
    if (!audit.report.passed()) state.SkipWithError("the ledger does not hold");
    entries += audit.entries;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(entries));
}
BENCHMARK(ledger_audit)->Iterations(1)->Unit(benchmark::kMillisecond);

/// Between two heads of it, out of published tiles, nothing cached. Target: under 10 ms.
void ledger_consistency(benchmark::State& state) {
  static const Path folder = [] {
    FilledLedger& filled = large_ledger();
    Path target = filled.folder / "published";
    publish_ledger(*filled.store, filled.trust, filled.tenant, *filled.files, filled.random, target,
                   {.workers = 0});
    return target;
  }();
  FilledLedger& filled = large_ledger();
  for (auto _ : state) {
    PublishedLedger published(*filled.files, folder, filled.trust);
    benchmark::DoNotOptimize(published.prefix(published.checkpoint().size * 2 / 3 + 1));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ledger_consistency)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace atp::bench
