// SPDX-License-Identifier: Apache-2.0
/// The manifests of a tenant's segments: one chain a stream, in order of commit. The catalog is
/// asked for single ones; the store is read where somebody may have committed more.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/vault/vault.hpp"

namespace atp {
inline namespace v0 {

/// One object belongs to one thread at a time.
class ATP_EXPORT SegmentChains {
 public:
  enum class From {
    catalog,  ///< What the catalog has, and of streams that are looked at what came after.
    store,    ///< Every manifest of the store, read and verified; all are held in memory.
  };
  /// Throws: corrupt where a chain in the store is broken; untrusted.
  SegmentChains(const Vault& vault, const TenantId& tenant, From from);

  struct Entry {
    SegmentManifest manifest;
    Digest sha256;
    std::string stored;
  };
  /// Where another run has sealed it meanwhile, its stream is read on first. Throws: corrupt for a
  /// catalog row that is not the manifest it says.
  std::optional<Entry> find(const StreamId& stream, const SegmentId& segment);
  /// Those of a stream from `sequence` on, at most `limit`, chained by their digests. Throws:
  /// corrupt, also for a catalog that has fewer rows than it says.
  std::vector<Entry> from(const StreamId& stream, std::uint64_t sequence,
                          std::uint64_t limit = kNoLimit) const;

  /// How far a stream has come; `sha256` is of its last manifest as stored.
  struct Head {
    std::uint64_t manifests = 0;
    Digest sha256 = {};
    bool operator==(const Head&) const = default;
  };
  const std::map<StreamId, Head>& heads() const { return heads_; }

  /// Compares a stream's last known manifest with the store and reads what others have committed
  /// after it; once, by one LIST and one GET and one more for each new manifest. Throws: corrupt
  /// where the store has another manifest, or lacks one before others; untrusted.
  void look_at(const StreamId& stream);
  /// Every stream that the store or the catalog has.
  void look_at_all();
  /// Knows what other runs have recorded in the catalog since this was made.
  void catch_up();

  struct Commit {
    Entry entry;
    enum class Outcome { committed, adopted, altered } outcome;
  };
  /// Commits `draft` at the next sequence of its stream; `header`, `sequence` and `previous` are
  /// set here. Where another writer was first with the same segment: adopted, or altered where its
  /// bytes differ.
  Commit commit(SegmentManifest draft, const PutOptions& options);

  /// Whether a manifest of the month `epoch` or later names that key epoch.
  bool uses_key_epoch(const std::string& epoch) const;

  /// Rows read from the store or committed since the last call.
  std::vector<SegmentRow> take_new_rows();

 private:
  static Commit compare(Entry sealed, const SegmentManifest& draft);
  Entry entry_of(const SegmentRow& row) const;
  std::optional<Entry> lookup(const StreamId& stream, const SegmentId& segment) const;
  void require_same_head(const StreamId& stream) const;
  void read_on(const StreamId& stream);
  void append(const StreamId& stream, Entry entry, const std::string& key);

  const Vault* vault_;
  TenantId tenant_;
  From from_;
  std::map<StreamId, Head> heads_;
  /// Not in the catalog when this was made, by stream and sequence.
  std::map<StreamId, std::map<std::uint64_t, Entry>> fresh_;
  std::map<std::pair<StreamId, SegmentId>, std::uint64_t> fresh_sequence_;
  std::set<StreamId> looked_at_;
  std::vector<SegmentRow> new_rows_;
};

}  // namespace v0
}  // namespace atp
