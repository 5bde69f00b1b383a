// SPDX-License-Identifier: Apache-2.0
#include "atp/keys/key_epochs.hpp"

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/storage/layout.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::uint64_t kWrapLimit = 64 << 10;

/// Why the document cannot stand where it was found; nothing where it can.
std::optional<Problem> misplaced(const KeyEpoch& found, const std::string& key,
                                 const TenantId& tenant, const std::vector<KeyEpoch>& before) {
  const std::string expected =
      layout::key_epoch_document(tenant, std::string(layout::element(key, 2)), before.size());
  const std::string own_key = layout::key_epoch_document(tenant, found.epoch, found.index);
  if (key != expected || own_key != key) {
    return Problem{Problem::Kind::integrity, key, expected, own_key};
  }
  if (!before.empty() && before.front().recipient != found.recipient) {
    return Problem{Problem::Kind::integrity, key, "recipient " + before.front().recipient,
                   "recipient " + found.recipient};
  }
  return std::nullopt;
}

std::optional<Problem> check_wrap(ObjectStore& store, const TenantId& tenant,
                                  const KeyEpoch& epoch) {
  const std::string folder = layout::key_epoch(tenant, epoch.epoch);
  if (!epoch.wrap_key.starts_with(folder)) {
    return Problem{Problem::Kind::integrity, epoch.wrap_key, "a wrap under " + folder,
                   epoch.wrap_key};
  }
  const auto wrap = find_small_object(store, epoch.wrap_key, kWrapLimit);
  const std::string expected = "SHA-256 " + epoch.wrap_sha256.hex();
  if (!wrap) return Problem{Problem::Kind::integrity, epoch.wrap_key, expected, "no such object"};
  const Digest digest = sha256(*wrap);
  if (digest == epoch.wrap_sha256) return std::nullopt;
  return Problem{Problem::Kind::integrity, epoch.wrap_key, expected, "SHA-256 " + digest.hex()};
}

KeyEpochs read_under(ObjectStore& store, const TrustPolicy* trust, const TenantId& tenant,
                     const std::string& prefix) {
  KeyEpochs epochs;
  for_each_key(store, prefix, [&](const std::string& key) {
    if (!key.ends_with(".json")) return;
    const Bytes stored = find_small_object(store, key, kDocumentLimit).value_or(Bytes());
    auto checked = check_document<KeyEpoch>(as_text(stored), trust, tenant);
    if (!checked.document) {
      epochs.problems.push_back(problem_of(key, checked));
      return;
    }
    auto& documents = epochs.documents[std::string(layout::element(key, 2))];
    auto problem = misplaced(*checked.document, key, tenant, documents);
    if (!problem) problem = check_wrap(store, tenant, *checked.document);
    if (problem) {
      epochs.problems.push_back(std::move(*problem));
      return;
    }
    documents.push_back(std::move(*checked.document));
  });
  return epochs;
}

}  // namespace

std::string epoch_name(Time now) { return format_compact_time(now).substr(0, 6); }

KeyEpochs read_key_epochs(ObjectStore& store, const TrustPolicy* trust, const TenantId& tenant) {
  return read_under(store, trust, tenant, layout::key_epochs(tenant));
}

KeyEpochs read_key_epoch(ObjectStore& store, const TrustPolicy* trust, const TenantId& tenant,
                         const std::string& epoch) {
  return read_under(store, trust, tenant, layout::key_epoch(tenant, epoch));
}

std::vector<age::Identity> open_key_epochs(ObjectStore& store, const KeyEpochs& epochs,
                                           std::span<const age::Identity> identities) {
  std::vector<age::Identity> opened;
  for (const auto& [name, documents] : epochs.documents) {
    for (const KeyEpoch& epoch : documents) {
      const Bytes wrap = get_object(store, epoch.wrap_key, kWrapLimit);
      try {
        age::Identity identity = age::Identity::parse_file(age::decrypt(wrap, identities).text());
        if (identity.recipient().str() != epoch.recipient) {
          throw Error(ErrorKind::corrupt, epoch.wrap_key,
                      "expected the identity of " + epoch.recipient + ", found another");
        }
        opened.push_back(std::move(identity));
        break;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::unauthenticated) throw;
      }
    }
  }
  if (opened.empty() && !epochs.documents.empty()) {
    throw Error(ErrorKind::unauthenticated,
                epochs.documents.begin()->second.empty()
                    ? std::string("keys/")
                    : epochs.documents.begin()->second.front().wrap_key,
                "no identity at hand opens this tenant's key epochs");
  }
  return opened;
}

}  // namespace v0
}  // namespace atp
