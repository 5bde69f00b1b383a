// SPDX-License-Identifier: Apache-2.0
/// The small vault that docs/format.md prints and tests/vectors holds: taken by the library itself
/// with fixed keys, clock and randomness, on a file system in memory.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "atp/backup/take_backup.hpp"
#include "atp/discovery/export_records.hpp"
#include "atp/keys/key_folder.hpp"
#include "atp/model/signed_document.hpp"
#include "atp/storage/filesystem_store.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/points.hpp"
#include "atp/vault/vault_folder.hpp"
#include "model/samples.hpp"
#include "storage/temporary.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"

namespace atp::test {

/// Contents by path below a folder.
using FileMap = std::map<std::string, std::string>;

struct GoldenVault {
  FileMap store;
  FileMap keys;
  FileMap exported;  ///< Two records of the first segment, and the second segment.
  std::string full_point;
  std::string incremental_point;
};

inline void collect_files(FileSystem& files, const Path& root, const std::string& prefix,
                          FileMap& found) {
  for (const DirectoryEntry& entry : files.list(root / prefix)) {
    const std::string name = prefix + entry.name;
    if (entry.type == FileType::directory) {
      if (entry.name != kTemporaryFolder) collect_files(files, root, name + "/", found);
    } else if (entry.name != ".lock") {
      found[name] = as_text(read_file(files, root / name, 1 << 20));
    }
  }
}

inline const Path kGoldenKeys = "/keys";
inline const Path kGoldenSource = "/source";
inline const Path kGoldenExport = "/exported";

/// What a vault's documents and packages draw is kept apart from what names temporaries and goes to
/// the catalog, so that neither changes the stored bytes.
class GoldenVaultMaker {
 public:
  GoldenVault make() {
    create_directories(*files_, kGoldenSource);
    const auto vault = create();
    write(
        "000001.jsonl",
        "{\"time\":\"2026-11-23T07:00:00Z\",\"action\":\"User.SignedIn\",\"actor\":{\"id\":\"u1\"}}"
        "\n{\"time\":\"2026-11-23T07:00:01Z\",\"action\":\"Export.Requested\"}\n"
        "not JSON, kept all the same\n");
    GoldenVault golden;
    golden.full_point = take(*vault);
    write("000002.jsonl", "{\"time\":\"2026-11-23T08:30:00.5Z\",\"action\":\"User.SignedOut\"}");
    write("000003.jsonl.open", "{");
    golden.incremental_point = take(*vault);
    collect_files(*files_, vault_paths(vault->home()).store, "", golden.store);
    collect_files(*files_, kGoldenKeys, "", golden.keys);
    export_records(*vault,
                   {.point = find_point(*vault, golden.incremental_point),
                    .selection = {{{StreamId("default"), SegmentId("000001")}, RecordRange{1, 2}},
                                  {{StreamId("default"), SegmentId("000002")}, {}}},
                    .folder = kGoldenExport});
    collect_files(*files_, kGoldenExport, "", golden.exported);
    return golden;
  }

 private:
  std::shared_ptr<Vault> create() {
    const VaultPaths paths = vault_paths("/vault");
    create_directories(*files_, paths.store);
    Keys keys = create_keys(*files_, key_random_, kGoldenKeys, kVaultId, "vault.example");
    const auto store = filesystem_store(files_, paths.store, clock_, unseen_);
    const VaultDocument document{.header = {.vault_id = kVaultId,
                                            .nonce = random_hex(*random_, 16),
                                            .created_at = clock_->now()},
                                 .region = Region("westeurope"),
                                 .domain = keys.trust->domain,
                                 .recipients = {keys.identities.front().recipient().str()}};
    put_object(*store, std::string(layout::kVault), as_bytes(sign_document(document, *keys.signer)),
               {});
    create_sqlite_catalog(files_, unseen_, paths.catalog, kVaultId);
    const VaultPorts ports{.environment = {files_, clock_, random_},
                           .store = store,
                           .catalog = sqlite_catalog_place(files_, clock_, unseen_, paths.catalog),
                           .work = file_work_locks(files_, paths.lock),
                           .home = paths.folder};
    return std::make_shared<Vault>(ports, document, std::move(keys));
  }

  std::string take(const Vault& vault) {
    clock_->advance(std::chrono::hours(1));
    const auto source = segment_folder(files_, kGoldenSource);
    const BackupOptions options{.tenant = kTenant, .workers = 1};
    return take_backup(vault, *source, options).recovery_point_id;
  }

  void write(const std::string& name, std::string_view text) {
    const auto file = files_->open(kGoldenSource / name, OpenMode::create_new);
    file->write_at(0, as_bytes(text));
    file->sync();
  }

  std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(time_of("2026-11-23T07:30:00Z"));
  std::shared_ptr<SimulatedFileSystem> files_ = std::make_shared<SimulatedFileSystem>(clock_);
  SequenceRandom key_random_{1};
  std::shared_ptr<SequenceRandom> random_ = std::make_shared<SequenceRandom>(2);
  std::shared_ptr<SequenceRandom> unseen_ = std::make_shared<SequenceRandom>(3);
};

inline const GoldenVault& golden_vault() {
  static const GoldenVault golden = GoldenVaultMaker().make();
  return golden;
}

}  // namespace atp::test
