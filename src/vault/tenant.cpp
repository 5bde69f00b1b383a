// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/tenant.hpp"

#include <algorithm>
#include <utility>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/keys/key_epochs.hpp"
#include "atp/storage/layout.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// False where the key is taken.
bool put_new(ObjectStore& store, const std::string& key, std::string_view bytes,
             const PutOptions& options) {
  try {
    put_object(store, key, as_bytes(bytes), options);
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::already_exists) throw;
    return false;
  }
}

bool begin_key_epoch(const Vault& vault, const TenantId& tenant, const std::string& epoch,
                     const PutOptions& options) {
  Random& random = *vault.environment().random;
  const age::Identity identity = age::Identity::generate(random);
  std::vector<age::Recipient> recipients;
  for (const std::string& recipient : vault.document().recipients) {
    recipients.push_back(age::Recipient::parse(recipient));
  }
  const Bytes wrap = age::encrypt(identity.file().view(), recipients, random);
  const std::string wrap_key = layout::key_wrap(tenant, epoch, random_hex(random, 8));
  put_object(vault.store(), wrap_key, wrap, options);
  const KeyEpoch document{.header = vault.new_header(tenant),
                          .epoch = epoch,
                          .index = 0,
                          .recipient = identity.recipient().str(),
                          .wrap_key = wrap_key,
                          .wrap_sha256 = sha256(wrap)};
  return put_new(vault.store(), layout::key_epoch_document(tenant, epoch, 0),
                 sign_document(document, vault.signers()), options);
}

}  // namespace

std::vector<TenantPolicy> all_policies(const Vault& vault, const TenantId& tenant) {
  std::vector<TenantPolicy> policies;
  for_each_key(vault.store(), layout::policies(tenant), [&](const std::string& key) {
    const std::string expected = layout::policy(tenant, policies.size() + 1);
    if (key != expected) throw Error(ErrorKind::corrupt, expected, "expected a policy, found none");
    const Bytes stored = require_object(vault.store(), key, kDocumentLimit);
    policies.push_back(require_document<TenantPolicy>(key, as_text(stored), vault.trust(), tenant));
    if (policies.back().version != policies.size()) {
      throw Error(ErrorKind::corrupt, key,
                  "holds policy version " + std::to_string(policies.back().version));
    }
  });
  return policies;
}

const TenantPolicy& policy_at(const std::vector<TenantPolicy>& policies, const TenantId& tenant,
                              std::uint64_t version) {
  if (version >= 1 && version <= policies.size()) return policies[version - 1];
  throw Error(ErrorKind::corrupt, layout::policy(tenant, version), "is missing, but still needed");
}

SegmentTerm segment_term(const SegmentManifest& manifest, const std::vector<TenantPolicy>& policies,
                         const TenantId& tenant) {
  SegmentTerm longest;
  for (const std::uint64_t version : {manifest.policy_version, std::uint64_t{policies.size()}}) {
    const SegmentTerm term =
        segment_term(dates_of(manifest), policy_at(policies, tenant, version).retention);
    longest.by_dates = std::max(longest.by_dates, term.by_dates);
    longest.until = std::max(longest.until, term.until);
  }
  return longest;
}

std::optional<TenantPolicy> current_policy(const Vault& vault, const TenantId& tenant) {
  std::vector<TenantPolicy> policies = all_policies(vault, tenant);
  if (policies.empty()) return std::nullopt;
  return std::move(policies.back());
}

Time document_retention(const Vault& vault, const TenantId& tenant, Time time) {
  const auto policy = current_policy(vault, tenant);
  return retain_document_until(time, policy ? policy->retention : kDefaultRetention);
}

TenantPolicy ensure_policy(const Vault& vault, const TenantId& tenant,
                           const std::optional<FieldMap>& field_map,
                           const std::optional<CalendarPeriod>& retention, Time now) {
  while (true) {
    const auto current = current_policy(vault, tenant);
    TenantPolicy next{.header = vault.new_header(tenant),
                      .version = current ? current->version + 1 : 1,
                      .field_map = current ? current->field_map : default_field_map(),
                      .retention = current ? current->retention : kDefaultRetention};
    if (field_map) {
      for (const auto& [field, path] : *field_map) next.field_map[field] = path;
    }
    if (retention) next.retention = *retention;
    if (current && current->field_map == next.field_map && current->retention == next.retention) {
      return *current;
    }
    const PutOptions options{.retain_until = retain_document_until(now, next.retention)};
    if (put_new(vault.store(), layout::policy(tenant, next.version),
                sign_document(next, vault.signers()), options)) {
      return next;
    }
  }
}

KeyEpoch ensure_key_epoch(const Vault& vault, const TenantId& tenant, const SegmentChains& chains,
                          Time now, Time retain_until) {
  const std::string epoch = epoch_name(now);
  const std::string first = layout::key_epoch_document(tenant, epoch, 0);
  if (!find_object(vault.store(), first, kDocumentLimit)) {
    if (chains.uses_key_epoch(epoch)) {
      throw Error(ErrorKind::corrupt, first, "is missing, but packages are sealed to it");
    }
    begin_key_epoch(vault, tenant, epoch, {.retain_until = retain_until});
  }
  KeyEpochs epochs = read_key_epochs(vault.store(), &vault.trust(), tenant);
  if (!epochs.problems.empty()) throw_problem(epochs.problems.front());
  return epochs.documents.at(epoch).front();
}

SegmentChains::SegmentChains(const Vault& vault, const TenantId& tenant, From from)
    : vault_(&vault), tenant_(tenant) {
  if (from == From::catalog) read_catalog();
  read_store();
}

const SegmentChains::Entry* SegmentChains::find(const StreamId& stream,
                                                const SegmentId& segment) const {
  const auto found = sequence_of_.find({stream, segment});
  return found == sequence_of_.end() ? nullptr : &streams_.at(stream)[found->second];
}

void SegmentChains::append(const StreamId& stream, Entry entry, const std::string& key) {
  std::vector<Entry>& chain = streams_[stream];
  const SegmentManifest& manifest = entry.manifest;
  const auto previous = chain.empty() ? std::nullopt : std::optional(chain.back().sha256);
  if (manifest.stream != stream || manifest.sequence != chain.size() ||
      manifest.previous != previous) {
    throw Error(ErrorKind::corrupt, key, "does not follow the manifest before it in its chain");
  }
  if (!sequence_of_.emplace(std::pair(stream, manifest.segment), chain.size()).second) {
    throw Error(ErrorKind::corrupt, key, "seals segment " + manifest.segment.str() + " again");
  }
  chain.push_back(std::move(entry));
}

void SegmentChains::read_catalog() {
  const auto subject = [](const SegmentRow& row) {
    return "catalog row " + row.stream.str() + "/" + std::to_string(row.sequence);
  };
  for (SegmentRow& row : vault_->catalog().segments(tenant_)) {
    auto checked = check_document<SegmentManifest>(row.manifest, nullptr, tenant_);
    const Digest digest = sha256(as_bytes(row.manifest));
    if (!checked.document || digest != row.manifest_sha256) {
      throw Error(ErrorKind::corrupt, subject(row),
                  "is not the manifest it says; run `atp catalog rebuild`");
    }
    const StreamId stream = row.stream;
    const std::string name = subject(row);
    append(stream, {std::move(*checked.document), digest, std::move(row.manifest)}, name);
  }
  for (const auto& [stream, chain] : streams_) {
    const std::string key = layout::manifest(tenant_, stream, chain.size() - 1);
    const Bytes stored = require_object(vault_->store(), key, kDocumentLimit);
    require_document<SegmentManifest>(key, as_text(stored), vault_->trust(), tenant_);
    if (as_text(stored) != chain.back().stored) {
      throw Error(ErrorKind::corrupt, key, "is another manifest than the catalog's");
    }
  }
}

void SegmentChains::read_store() {
  const std::string prefix = layout::manifests(tenant_);
  std::string after;
  while (true) {
    const ListPageOfKeys page = vault_->store().list(prefix, after, 1);
    if (page.keys.empty()) return;
    const std::string stream(layout::element(page.keys.front(), 2));
    read_on(StreamId::decode(stream));
    after = prefix + stream + '0';  // '0' follows '/': past every key of the stream.
  }
}

bool SegmentChains::has_later_manifest(const StreamId& stream, const std::string& key) const {
  return !vault_->store().list(layout::manifests(tenant_, stream), key, 1).keys.empty();
}

void SegmentChains::read_on(const StreamId& stream) {
  while (true) {
    const std::string key = layout::manifest(tenant_, stream, streams_[stream].size());
    auto stored = find_object(vault_->store(), key, kDocumentLimit);
    if (!stored && has_later_manifest(stream, key)) {
      stored = find_object(vault_->store(), key, kDocumentLimit);  // Committed since, or missing.
      if (!stored) throw Error(ErrorKind::corrupt, key, "is missing, but later ones are there");
    }
    if (!stored) return;
    SegmentManifest manifest =
        require_document<SegmentManifest>(key, as_text(*stored), vault_->trust(), tenant_);
    const Digest digest = sha256(*stored);
    new_rows_.push_back({tenant_, stream, manifest.sequence, manifest.segment, digest,
                         std::string(as_text(*stored))});
    append(stream, {std::move(manifest), digest, std::string(as_text(*stored))}, key);
  }
}

/// What the draft of a segment that is sealed already comes to.
SegmentChains::Commit SegmentChains::compare(const Entry& sealed, const SegmentManifest& draft) {
  const SegmentManifest& theirs = sealed.manifest;
  const bool same = theirs.bytes == draft.bytes && theirs.records == draft.records &&
                    theirs.sha256 == draft.sha256;
  return {&sealed, same ? Commit::Outcome::adopted : Commit::Outcome::altered};
}

SegmentChains::Commit SegmentChains::commit(SegmentManifest draft, const PutOptions& options) {
  const StreamId stream = draft.stream;
  while (true) {
    // Known, or learnt from another writer at an earlier commit to the stream.
    if (const Entry* sealed = find(stream, draft.segment)) return compare(*sealed, draft);
    const std::vector<Entry>& chain = streams_[stream];
    draft.header = vault_->new_header(tenant_);
    draft.sequence = chain.size();
    draft.previous = chain.empty() ? std::nullopt : std::optional(chain.back().sha256);
    const std::string key = layout::manifest(tenant_, stream, draft.sequence);
    const bool first =
        put_new(vault_->store(), key, sign_document(draft, vault_->signers()), options);
    read_on(stream);
    if (first) return {find(stream, draft.segment), Commit::Outcome::committed};
  }
}

std::uint64_t SegmentChains::newest_policy_version() const {
  std::uint64_t newest = 0;
  for (const auto& [stream, chain] : streams_) {
    for (const Entry& entry : chain) newest = std::max(newest, entry.manifest.policy_version);
  }
  return newest;
}

bool SegmentChains::uses_key_epoch(const std::string& epoch) const {
  return std::any_of(streams_.begin(), streams_.end(), [&](const auto& stream) {
    return std::any_of(stream.second.begin(), stream.second.end(),
                       [&](const Entry& entry) { return entry.manifest.key_epoch == epoch; });
  });
}

std::vector<SegmentRow> SegmentChains::take_new_rows() { return std::exchange(new_rows_, {}); }

}  // namespace v0
}  // namespace atp
