// SPDX-License-Identifier: Apache-2.0
#include "verify/anchors.hpp"

#include <algorithm>

#include "atp/crypto/timestamp.hpp"
#include "atp/ledger/cosignature.hpp"
#include "atp/merkle/tree.hpp"
#include "atp/storage/layout.hpp"
#include "ledger/stored_tiles.hpp"

namespace atp {
inline namespace v0 {
namespace verify {
namespace {

constexpr std::uint64_t kTerm = 0;

std::string wanted(const TrustPolicy& trust) {
  return std::to_string(trust.witnesses->threshold) + " trusted witnesses";
}

std::string names_of(const std::vector<Cosignature>& cosignatures) {
  if (cosignatures.empty()) return "none";
  std::string names;
  for (const Cosignature& each : cosignatures) names += (names.empty() ? "" : ", ") + each.witness;
  return names;
}

/// Sizes with cosignatures, the largest first.
std::vector<std::uint64_t> cosigned_sizes(const Context& context) {
  std::vector<std::uint64_t> sizes;
  for_each_key(context.store, layout::cosignatures(context.tenant, kTerm),
               [&](const std::string& key) {
                 const auto size = layout::find_number(key, 3);
                 if (size && (sizes.empty() || sizes.back() != *size)) sizes.push_back(*size);
               });
  std::ranges::reverse(sizes);
  return sizes;
}

/// The stored checkpoint of `size`, with its cosignatures; nothing where it is not this ledger's:
/// what is read here is not believed to be what was read with the entries.
std::optional<Checkpoint> cosigned(const Context& context, const LedgerHead& head,
                                   std::uint64_t size, const RootAt& root_at) {
  const std::string key = layout::ledger_checkpoint(context.tenant, kTerm, size);
  const auto stored = find_small_object(context.store, key, kCheckpointLimit);
  if (!stored) return std::nullopt;
  const auto checkpoint =
      open_checkpoint(as_text(*stored), context.trust->keys_of(KeyRole::ledger));
  if (!checkpoint || checkpoint->size != size || checkpoint->origin != head.origin) {
    return std::nullopt;
  }
  const std::string note = with_stored_cosignatures(context.store, context.tenant, size,
                                                    std::string(as_text(*stored)), *context.trust);
  if (!has_quorum(cosignatures_of(note, *context.trust), *context.trust)) return std::nullopt;
  const bool newest = size == head.newest_checkpoint->size;
  if ((newest ? head.newest_checkpoint->root : root_at(size)) != checkpoint->root) {
    return std::nullopt;
  }
  return checkpoint;
}

/// The newest that covers `entry` and has a quorum.
std::optional<Checkpoint> newest_cosigned(const Context& context, const LedgerHead& head,
                                          std::uint64_t entry, const RootAt& root_at) {
  if (!head.newest_checkpoint || head.newest_checkpoint->size <= entry) return std::nullopt;
  for (const std::uint64_t size : cosigned_sizes(context)) {
    if (size <= entry) break;
    if (size > head.newest_checkpoint->size) continue;
    if (auto found = cosigned(context, head, size, root_at)) return found;
  }
  return std::nullopt;
}

/// Of an object; a time-stamp by an authority that this policy does not know is passed over.
class Timestamps {
 public:
  Timestamps(const TrustPolicy& trust, const char* name, const Digest& sha256)
      : trust_(trust), name_(name), sha256_(sha256) {}

  void look_at(const std::string& key, const Bytes& reply) {
    const CheckedTimestamp checked =
        check_timestamp(reply, sha256_, trust_.timestamps->authorities, std::nullopt, std::nullopt);
    if (checked.state == TimestampState::untrusted_authority) return;
    if (checked.state != TimestampState::verified) {
      bad_ = failed(name_, key, "a time-stamp of SHA-256 " + sha256_.hex(),
                    std::string(to_string(checked.state)) + ": " + checked.detail,
                    CheckClass::timestamp);
    } else if (!earliest_ || checked.gen_time < earliest_->gen_time) {
      earliest_ = checked;
    }
  }

  /// Whoever can write can put something beside a time-stamp: where one holds, that decides.
  void finish(const std::string& key, std::vector<Check>& checks) {
    if (earliest_) {
      checks.push_back(verified(name_, key));
      checks.back().found = format_time(earliest_->gen_time) + ", " + earliest_->authority;
    } else if (bad_) {
      checks.push_back(*bad_);
    } else if (trust_.timestamps->required) {
      checks.push_back(failed(name_, key, "a time-stamp", "none: atp ledger anchor asks for it",
                              CheckClass::timestamp));
    } else {
      checks.push_back(attested(name_, key, "a time-stamp",
                                "none yet: its time is its signer's word", CheckClass::timestamp));
    }
  }

 private:
  const TrustPolicy& trust_;
  const char* name_;
  const Digest& sha256_;
  std::optional<Check> bad_;
  std::optional<CheckedTimestamp> earliest_;
};

/// What is too large to be a reply is none.
void for_each_reply(const Context& context, const Digest& sha256,
                    const std::function<void(const std::string& key, const Bytes&)>& each) {
  for_each_key(
      context.store, layout::timestamps(context.tenant, sha256), [&](const std::string& key) {
        each(key, find_small_object(context.store, key, kTimestampLimit).value_or(Bytes()));
      });
}

}  // namespace

RootAt root_at(const LedgerReading& ledger) {
  return [&ledger](std::uint64_t size) { return merkle::root<Rfc9162Hasher>(ledger.leaves(size)); };
}

RootAt root_at(const Context& context, const LedgerHead& head) {
  return [&context, &head](std::uint64_t size) -> std::optional<Digest> {
    try {
      return ledger::StoredTree(context.store, context.tenant, head.tree.size(), head.tree.root(),
                                context.stop)
          ->root_at(size);
    } catch (const Error& error) {
      if (!is_finding(error)) throw;
      return std::nullopt;
    }
  };
}

void check_cosignatures(const Context& context, const LedgerHead& head,
                        std::optional<std::uint64_t> entry, const RootAt& root_at,
                        std::vector<Check>& checks) {
  if (context.trust == nullptr || !context.trust->witnesses || head.tree.size() == 0) return;
  const std::string subject = layout::ledger_checkpoints(context.tenant, kTerm);
  const auto found = newest_cosigned(context, head, entry.value_or(0), root_at);
  if (!found) {
    checks.push_back(failed(kCosignatures, subject,
                            "a checkpoint cosigned by " + wanted(*context.trust),
                            "none: atp ledger anchor asks them", CheckClass::trust));
  } else if (!entry && found->size < head.tree.size()) {
    checks.push_back(not_checked(kCosignatures, subject,
                                 "witnesses have seen " + std::to_string(found->size) + " of " +
                                     std::to_string(head.tree.size()) + " entries"));
  } else {
    checks.push_back(verified(kCosignatures, subject));
  }
}

void check_cosignatures_in(std::string_view note, const std::string& subject,
                           const TrustPolicy& trust, std::vector<Check>& checks) {
  if (!trust.witnesses) return;
  const auto cosignatures = cosignatures_of(note, trust);
  checks.push_back(has_quorum(cosignatures, trust)
                       ? verified(kCosignatures, subject)
                       : failed(kCosignatures, subject, wanted(trust), names_of(cosignatures),
                                CheckClass::trust));
}

void check_timestamps_of(const Context& context, const char* name, const std::string& key,
                         const Digest& sha256, std::vector<Check>& checks) {
  if (context.trust == nullptr || !context.trust->timestamps) return;
  Timestamps timestamps(*context.trust, name, sha256);
  for_each_reply(context, sha256, [&](const std::string& reply_key, const Bytes& reply) {
    timestamps.look_at(reply_key, reply);
  });
  timestamps.finish(key, checks);
}

void check_replies(const TrustPolicy& trust, const char* name, const std::string& key,
                   const Digest& sha256, std::span<const Bytes> replies,
                   std::vector<Check>& checks) {
  if (!trust.timestamps) return;
  Timestamps timestamps(trust, name, sha256);
  for (const Bytes& reply : replies) timestamps.look_at(key, reply);
  timestamps.finish(key, checks);
}

std::vector<Bytes> sound_replies(const Context& context, const Digest& sha256) {
  constexpr std::size_t kMost = 2;
  std::vector<Bytes> sound;
  if (context.trust == nullptr || !context.trust->timestamps) return sound;
  for_each_reply(context, sha256, [&](const std::string&, const Bytes& reply) {
    const auto& authorities = context.trust->timestamps->authorities;
    const auto checked = check_timestamp(reply, sha256, authorities, std::nullopt, std::nullopt);
    if (sound.size() < kMost && checked.state == TimestampState::verified) sound.push_back(reply);
  });
  return sound;
}

}  // namespace verify
}  // namespace v0
}  // namespace atp
