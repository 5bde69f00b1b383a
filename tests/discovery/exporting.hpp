// SPDX-License-Identifier: Apache-2.0
/// A vault with two streams, and exports of its records.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "atp/discovery/export_records.hpp"
#include "atp/model/signed_document.hpp"
#include "backup/backup_fixture.hpp"

namespace atp::test {

/// Acts once an export writes records.
class Meanwhile final : public ProgressSink {
 public:
  explicit Meanwhile(std::function<void()> act) : act_(std::move(act)) {}
  void update(const Progress& progress) override {
    if (progress.stage == "export" && act_) std::exchange(act_, nullptr)();
  }

 private:
  std::function<void()> act_;
};

class Exporting : public BackupFixture {
 protected:
  Exporting() {
    seal("000001.jsonl", "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
    seal("api/a b.jsonl", "first\n\nthird, without line feed");
    point_ = backup().recovery_point_id;
  }

  static ExportSelection all_of(const std::string& stream, const std::string& segment) {
    return {{StreamId(stream), SegmentId(segment)}, {}};
  }
  static ExportSelection some_of(const std::string& stream, const std::string& segment,
                                 std::uint64_t first, std::uint64_t last) {
    return {{StreamId(stream), SegmentId(segment)}, RecordRange{first, last}};
  }
  /// Two records of one stream, and a segment of the other.
  static std::vector<ExportSelection> usual() {
    return {all_of("api", "a b"), some_of("default", "000001", 1, 2)};
  }

  ExportOptions to(const Path& folder, std::vector<ExportSelection> selection = usual()) const {
    return {
        .point = {TenantId("acme"), point_}, .selection = std::move(selection), .folder = folder};
  }
  ExportResult export_to(const Path& folder, std::vector<ExportSelection> selection = usual()) {
    return export_records(*vault_, to(folder, std::move(selection)));
  }
  CheckedExport check(const Path& folder) { return verify_export(*disk_, folder, vault_->trust()); }

  std::string text(const Path& path) {
    return std::string(as_text(read_file(*disk_, path, 1 << 20)));
  }
  void put(const Path& path, const std::string& contents) {
    create_directories(*disk_, path.parent_path());
    if (disk_->status(path)) disk_->remove(path);
    disk_->open(path, OpenMode::create_new)->write_at(0, as_bytes(contents));
  }
  std::set<std::string> files_below(const Path& folder) { return files_below(folder, {}); }

  /// What exports have said in a ledger, in order.
  static std::vector<std::string> said_in(Ledger ledger) {
    std::vector<std::string> actions = {};
    for (const LedgerEntry& entry : ledger.entries()) {
      const std::string& action = entry.statement.action;
      if (action.starts_with("export.")) actions.push_back(action);
    }
    return actions;
  }
  std::vector<std::string> said() { return said_in(ledger()); }
  Ledger ledger() { return Ledger::load(vault_->store(), vault_->trust(), TenantId("acme")); }

  std::string point_;

 private:
  std::set<std::string> files_below(const Path& folder, const Path& below) {
    std::set<std::string> names = {};
    for (const DirectoryEntry& entry : disk_->list(folder / below)) {
      if (entry.type == FileType::directory) {
        names.merge(files_below(folder, below / entry.name));
      } else {
        names.insert((below / entry.name).string());
      }
    }
    return names;
  }
};

}  // namespace atp::test
