// SPDX-License-Identifier: Apache-2.0
/// What the catalog remembers of files that were read.
#pragma once

#include <map>
#include <utility>

#include "atp/backup/take_backup.hpp"
#include "atp/catalog/catalog.hpp"

namespace atp {
inline namespace v0 {

/// Which files need not be read: sealed, and by stat as they were when they were read.
class StatCache {
 public:
  StatCache(const Vault& vault, const BackupOptions& options) {
    if (options.known_files != KnownFiles::trust_stat) return;
    for (StatRow& row : vault.catalog().sealed_stats(options.tenant)) {
      std::pair key(row.stream, row.segment);
      rows_.insert_or_assign(std::move(key), std::move(row));
    }
  }

  bool unchanged(const SegmentFile& file) const {
    const auto found = rows_.find({file.stream, file.segment});
    if (found == rows_.end()) return false;
    const StatRow& row = found->second;
    return row.path == file.path.string() && row.size == file.status.size &&
           row.modified == file.status.modified && row.changed == file.status.changed &&
           row.inode == file.status.inode;
  }

 private:
  std::map<std::pair<StreamId, SegmentId>, StatRow> rows_;
};

/// What vouches for a file next time.
inline StatRow stat_row(const TenantId& tenant, const SegmentFile& file, const Digest& sha256) {
  return {tenant,
          file.stream,
          file.segment,
          file.path.string(),
          file.status.size,
          file.status.modified,
          file.status.changed,
          file.status.inode,
          sha256};
}

}  // namespace v0
}  // namespace atp
