// SPDX-License-Identifier: Apache-2.0
#include "verify/anchors.hpp"

#include <algorithm>

#include "atp/crypto/timestamp.hpp"
#include "atp/ledger/cosignature.hpp"
#include "atp/storage/layout.hpp"

namespace atp::inline v0::verify {
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

/// Nothing for a key that stands there and is none of ours.
std::optional<std::uint64_t> size_in(const std::string& key) {
  try {
    return parse_sequence(layout::element(key, 3));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_argument) throw;
    return std::nullopt;
  }
}

/// Sizes with cosignatures, the largest first.
std::vector<std::uint64_t> cosigned_sizes(const Context& context) {
  std::vector<std::uint64_t> sizes;
  for_each_key(context.store, layout::cosignatures(context.tenant, kTerm),
               [&](const std::string& key) {
                 const auto size = size_in(key);
                 if (size && (sizes.empty() || sizes.back() != *size)) sizes.push_back(*size);
               });
  std::ranges::reverse(sizes);
  return sizes;
}

/// The stored checkpoint of `size`, with its cosignatures; nothing where it is none of this ledger.
std::optional<WitnessedCheckpoint> cosigned(const Context& context, const LedgerHead& head,
                                            std::uint64_t size) {
  const std::string key = layout::ledger_checkpoint(context.tenant, kTerm, size);
  const auto stored = find_small_object(context.store, key, kCheckpointLimit);
  if (!stored) return std::nullopt;
  const auto checkpoint =
      open_checkpoint(as_text(*stored), context.trust->keys_of(KeyRole::ledger));
  if (!checkpoint || checkpoint->size != size || checkpoint->origin != head.origin) {
    return std::nullopt;
  }
  return WitnessedCheckpoint{
      *checkpoint,
      with_stored_cosignatures(context.store, context.tenant, size, std::string(as_text(*stored)))};
}

struct Found {
  std::vector<Check> bad;
  std::optional<CheckedTimestamp> earliest;
};

/// A time-stamp by an authority that this policy does not know is passed over: another may.
Found look_at_timestamps(const Context& context, const char* name, const Digest& sha256) {
  Found found;
  for_each_key(
      context.store, layout::timestamps(context.tenant, sha256), [&](const std::string& key) {
        const auto reply = find_small_object(context.store, key, kTimestampLimit);
        const CheckedTimestamp checked =
            check_timestamp(reply.value_or(Bytes()), sha256, context.trust->timestamps->authorities,
                            std::nullopt, std::nullopt);
        if (checked.state == TimestampState::untrusted_authority) return;
        if (checked.state != TimestampState::verified) {
          found.bad.push_back(failed(name, key, "a time-stamp of SHA-256 " + sha256.hex(),
                                     std::string(to_string(checked.state)) + ": " + checked.detail,
                                     CheckClass::timestamp));
        } else if (!found.earliest || checked.gen_time < found.earliest->gen_time) {
          found.earliest = checked;
        }
      });
  return found;
}

}  // namespace

std::optional<WitnessedCheckpoint> find_witnessed(const Context& context, const LedgerHead& head,
                                                  std::uint64_t entry) {
  if (!head.newest_checkpoint || head.newest_checkpoint->size <= entry) return std::nullopt;
  if (context.trust == nullptr || !context.trust->witnesses) {
    return WitnessedCheckpoint{*head.newest_checkpoint, head.newest_note};
  }
  for (const std::uint64_t size : cosigned_sizes(context)) {
    if (size <= entry) break;
    if (size > head.newest_checkpoint->size) continue;
    auto found = cosigned(context, head, size);
    if (found && has_quorum(cosignatures_of(found->note, *context.trust), *context.trust)) {
      return found;
    }
  }
  return std::nullopt;
}

void check_cosignatures(const Context& context, const LedgerHead& head,
                        std::optional<std::uint64_t> entry, std::vector<Check>& checks) {
  if (context.trust == nullptr || !context.trust->witnesses || !head.newest_checkpoint) return;
  const std::string subject = layout::ledger_checkpoints(context.tenant, kTerm);
  const auto found = find_witnessed(context, head, entry.value_or(0));
  if (!found) {
    checks.push_back(failed(kCosignatures, subject,
                            "a checkpoint cosigned by " + wanted(*context.trust),
                            "none: atp ledger anchor asks them", CheckClass::trust));
  } else if (!entry && found->checkpoint.size < head.tree.size()) {
    checks.push_back(not_checked(kCosignatures, subject,
                                 "witnesses have seen " + std::to_string(found->checkpoint.size) +
                                     " of " + std::to_string(head.tree.size()) + " entries"));
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
  Found found = look_at_timestamps(context, name, sha256);
  if (!found.bad.empty()) {
    std::ranges::move(found.bad, std::back_inserter(checks));
  } else if (found.earliest) {
    checks.push_back(verified(name, key));
    checks.back().found = format_time(found.earliest->gen_time) + ", " + found.earliest->authority;
  } else if (context.trust->timestamps->required) {
    checks.push_back(failed(name, key, "a time-stamp", "none: atp ledger anchor asks for it",
                            CheckClass::timestamp));
  } else {
    checks.push_back(attested(name, key, "a time-stamp", "none yet: its time is its signer's word",
                              CheckClass::timestamp));
  }
}

}  // namespace atp::inline v0::verify
