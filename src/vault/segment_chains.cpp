// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/segment_chains.hpp"

#include <algorithm>
#include <utility>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/keys/key_epochs.hpp"
#include "atp/storage/layout.hpp"
#include "vault/put_new.hpp"

namespace atp {
inline namespace v0 {
namespace {

std::string place_of(const SegmentRow& row) {
  return "catalog row " + row.stream.str() + "/" + std::to_string(row.sequence);
}

}  // namespace

SegmentChains::SegmentChains(const Vault& vault, const TenantId& tenant, From from)
    : vault_(&vault), tenant_(tenant), from_(from) {
  if (from == From::store) {
    look_at_all();
    return;
  }
  for (const StreamHeadRow& row : vault.catalog().stream_heads(tenant)) {
    heads_.emplace(row.stream, Head{row.manifests, row.sha256});
  }
}

SegmentChains::Entry SegmentChains::entry_of(const SegmentRow& row) const {
  auto checked = check_document<SegmentManifest>(row.manifest, nullptr, tenant_);
  const Digest digest = sha256(as_bytes(row.manifest));
  const bool same =
      checked.document && digest == row.manifest_sha256 && checked.document->stream == row.stream &&
      checked.document->segment == row.segment && checked.document->sequence == row.sequence;
  if (same) return {std::move(*checked.document), digest, row.manifest};
  throw Error(ErrorKind::corrupt, place_of(row),
              "is not the manifest it says; run `atp catalog rebuild`");
}

std::optional<SegmentChains::Entry> SegmentChains::find(const StreamId& stream,
                                                        const SegmentId& segment) {
  auto found = lookup(stream, segment);
  if (found && found->manifest.sequence >= heads_[stream].manifests) read_on(stream);
  return found;
}

void SegmentChains::catch_up() {
  for (const StreamHeadRow& row : vault_->catalog().stream_heads(tenant_)) {
    Head& head = heads_[row.stream];
    if (row.manifests <= head.manifests) continue;
    if (fresh_.contains(row.stream)) {
      read_on(row.stream);  // What this run has of the stream must have no gap.
    } else {
      head = {row.manifests, row.sha256};
    }
  }
}

std::optional<SegmentChains::Entry> SegmentChains::lookup(const StreamId& stream,
                                                          const SegmentId& segment) const {
  const auto fresh = fresh_sequence_.find({stream, segment});
  if (fresh != fresh_sequence_.end()) return fresh_.at(stream).at(fresh->second);
  if (from_ == From::store) return std::nullopt;
  const auto row = vault_->catalog().find_segment(tenant_, stream, segment);
  return row ? std::optional(entry_of(*row)) : std::nullopt;
}

std::vector<SegmentChains::Entry> SegmentChains::from(const StreamId& stream,
                                                      std::uint64_t sequence,
                                                      std::uint64_t limit) const {
  std::vector<Entry> entries;
  const auto head = heads_.find(stream);
  if (head == heads_.end()) return entries;
  const auto fresh = fresh_.find(stream);
  const bool all_fresh =
      from_ == From::store || (fresh != fresh_.end() && fresh->second.begin()->first <= sequence);
  if (!all_fresh) {
    for (const SegmentRow& row : vault_->catalog().segments(tenant_, stream, sequence, limit)) {
      // Another run may have recorded more meanwhile.
      const bool is_known = row.sequence < head->second.manifests &&
                            (fresh == fresh_.end() || !fresh->second.contains(row.sequence));
      if (is_known) entries.push_back(entry_of(row));
    }
  }
  if (fresh != fresh_.end()) {
    for (auto next = fresh->second.lower_bound(sequence);
         next != fresh->second.end() && entries.size() < limit; ++next) {
      entries.push_back(next->second);
    }
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const SegmentManifest& manifest = entries[i].manifest;
    if (manifest.sequence == sequence + i &&
        (i == 0 || manifest.previous == entries[i - 1].sha256)) {
      continue;
    }
    throw Error(ErrorKind::corrupt, layout::manifest(tenant_, stream, sequence + i),
                "does not follow the manifest before it in its chain");
  }
  const std::uint64_t known = head->second.manifests;
  if (sequence < known && entries.size() < std::min(limit, known - sequence)) {
    throw Error(ErrorKind::corrupt, "catalog rows of " + stream.str(),
                "are fewer than the stream's head says; run `atp catalog rebuild`");
  }
  return entries;
}

void SegmentChains::append(const StreamId& stream, Entry entry, const std::string& key) {
  Head& head = heads_[stream];
  const SegmentManifest& manifest = entry.manifest;
  const auto previous = head.manifests == 0 ? std::nullopt : std::optional(head.sha256);
  if (manifest.stream != stream || manifest.sequence != head.manifests ||
      manifest.previous != previous) {
    throw Error(ErrorKind::corrupt, key, "does not follow the manifest before it in its chain");
  }
  const auto sealed = lookup(stream, manifest.segment);  // By another run of this catalog, perhaps.
  if (sealed && sealed->sha256 != entry.sha256) {
    throw Error(ErrorKind::corrupt, key, "seals segment " + manifest.segment.str() + " again");
  }
  new_rows_.push_back(
      {tenant_, stream, manifest.sequence, manifest.segment, entry.sha256, entry.stored});
  head = {manifest.sequence + 1, entry.sha256};
  fresh_sequence_.emplace(std::pair(stream, manifest.segment), manifest.sequence);
  fresh_[stream].emplace(manifest.sequence, std::move(entry));
}

void SegmentChains::require_same_head(const StreamId& stream) const {
  const auto head = heads_.find(stream);
  if (head == heads_.end() || head->second.manifests == 0) return;
  const std::string key = layout::manifest(tenant_, stream, head->second.manifests - 1);
  const Bytes stored = require_object(vault_->store(), key, kDocumentLimit);
  require_document<SegmentManifest>(key, as_text(stored), vault_->trust(), tenant_);
  if (sha256(stored) == head->second.sha256) return;
  throw Error(ErrorKind::corrupt, key, "is another manifest than the catalog's");
}

void SegmentChains::look_at(const StreamId& stream) {
  if (looked_at_.contains(stream)) return;
  require_same_head(stream);
  read_on(stream);
  looked_at_.insert(stream);
}

void SegmentChains::look_at_all() {
  std::set<StreamId> streams;
  for (const auto& [stream, head] : heads_) streams.insert(stream);
  for_each_folder(vault_->store(), layout::manifests(tenant_), [&](const std::string& name) {
    if (const auto stream = StreamId::try_decode(name)) streams.insert(*stream);
  });
  for (const StreamId& stream : streams) look_at(stream);
}

void SegmentChains::read_on(const StreamId& stream) {
  const std::string prefix = layout::manifests(tenant_, stream);
  const auto known = heads_.find(stream);
  std::uint64_t next = known == heads_.end() ? 0 : known->second.manifests;
  std::string after = next == 0 ? "" : layout::manifest(tenant_, stream, next - 1);
  while (true) {
    const ListPageOfKeys page = list_keys(vault_->store(), prefix, after, 1000);
    for (const std::string& key : page.keys) {
      const auto found = layout::find_manifest(key);
      if (!found) continue;
      if (found->sequence != next) {
        throw Error(ErrorKind::corrupt, layout::manifest(tenant_, stream, next),
                    "is missing, but later ones are there");
      }
      const Bytes stored = require_object(vault_->store(), key, kDocumentLimit);
      auto manifest =
          require_document<SegmentManifest>(key, as_text(stored), vault_->trust(), tenant_);
      append(stream, {std::move(manifest), sha256(stored), std::string(as_text(stored))}, key);
      ++next;
    }
    if (!page.next) return;
    after = *page.next;
  }
}

/// What the draft of a segment that is sealed already comes to.
SegmentChains::Commit SegmentChains::compare(Entry sealed, const SegmentManifest& draft) {
  const SegmentManifest& theirs = sealed.manifest;
  const bool same = theirs.bytes == draft.bytes && theirs.records == draft.records &&
                    theirs.sha256 == draft.sha256;
  return {std::move(sealed), same ? Commit::Outcome::adopted : Commit::Outcome::altered};
}

SegmentChains::Commit SegmentChains::commit(SegmentManifest draft, const PutOptions& options) {
  const StreamId stream = draft.stream;
  look_at(stream);
  while (true) {
    // Known, or learnt from another writer at an earlier commit to the stream.
    if (auto sealed = find(stream, draft.segment)) return compare(std::move(*sealed), draft);
    const Head head = heads_[stream];
    draft.header = vault_->new_header(tenant_);
    draft.sequence = head.manifests;
    draft.previous = head.manifests == 0 ? std::nullopt : std::optional(head.sha256);
    const std::string key = layout::manifest(tenant_, stream, draft.sequence);
    const std::string stored = sign_document(draft, vault_->signers());
    if (put_new(vault_->store(), key, stored, options)) {
      Entry entry{std::move(draft), sha256(as_bytes(stored)), stored};
      append(stream, entry, key);
      return {std::move(entry), Commit::Outcome::committed};
    }
    read_on(stream);
  }
}

bool SegmentChains::uses_key_epoch(const std::string& epoch) const {
  for (const auto& [stream, head] : heads_) {
    std::uint64_t asked = 16;  // Newest first: only what is as young as the epoch can name it.
    for (bool older = false; !older && head.manifests > 0; asked *= 4) {
      const std::uint64_t first = head.manifests - std::min(head.manifests, asked);
      const auto entries = from(stream, first);
      const bool named = std::ranges::any_of(
          entries, [&](const Entry& each) { return each.manifest.key_epoch == epoch; });
      if (named) return true;
      older = first == 0 || epoch_name(entries.front().manifest.header.created_at) < epoch;
    }
  }
  return false;
}

std::vector<SegmentRow> SegmentChains::take_new_rows() { return std::exchange(new_rows_, {}); }

}  // namespace v0
}  // namespace atp
