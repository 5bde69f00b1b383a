// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/anchor.hpp"

#include <algorithm>
#include <chrono>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/halt.hpp"
#include "vault/services.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::chrono::days kRenewBefore{90};
constexpr std::uint64_t kPointsOfABackup = 10;

/// Whether an error is about what a service answered, so that others can be asked. What is asked
/// rests on the ledger, whose damage is nobody else's.
bool is_of_service(const Error& error) {
  if (error.subject().starts_with("ledger/")) return false;
  return error.kind() == ErrorKind::unavailable || error.kind() == ErrorKind::untrusted ||
         error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::invalid_argument;
}

/// Random, so that nobody can take the name in advance.
std::string new_attempt(const Vault& vault) { return random_hex(*vault.environment().random, 8); }

/// What `ask` got from a service; where it got nothing, what was wrong goes to `pending`.
template <class Ask>
auto answer(const ServiceAddress& address, const std::string& key,
            std::vector<PendingAnchor>& pending, const Ask& ask) -> std::optional<decltype(ask())> {
  try {
    return ask();
  } catch (const Error& error) {
    if (!is_of_service(error)) throw;
    const bool contradicts = error.kind() == ErrorKind::corrupt;
    pending.push_back({address.name, key, error.message(), contradicts});
    return std::nullopt;
  }
}

/// The first answer of an authority that holds; else what was wrong with each.
Timestamped ask_authorities(const Vault& vault, const std::string& subject, const Digest& sha256,
                            const std::stop_token& stop) {
  const TimestampPolicy& policy = *vault.trust().timestamps;
  const Environment& environment = vault.environment();
  Timestamped stamped;
  for (const ServiceAddress& address : policy.addresses) {
    const auto authority =
        std::ranges::find(policy.authorities, address.name, &TimestampAuthority::name);
    auto reply = answer(address, subject, stamped.pending, [&] {
      return ask_authority({vault.http(), address, stop}, *authority, sha256, *environment.random,
                           environment.clock->now());
    });
    if (reply) return {std::move(reply), {}};
  }
  if (policy.addresses.empty()) {
    stamped.pending.push_back(
        {"", subject, "the trust policy says of no authority where to ask it"});
  }
  return stamped;
}

[[noreturn]] void refuse_unstamped(const std::string& subject,
                                   const std::vector<PendingAnchor>& pending) {
  throw Error(ErrorKind::unavailable, subject,
              "needs a time-stamp, and no authority gave one: " + pending.front().service + " " +
                  pending.front().problem,
              Error::Retry::temporary);
}

/// Asks authorities, and stores what they say.
class Stamper {
 public:
  Stamper(const Vault& vault, const TenantId& tenant, Time retain_until, std::stop_token stop)
      : vault_(vault),
        tenant_(tenant),
        retain_until_(retain_until),
        stop_(std::move(stop)),
        policy_(*vault.trust().timestamps) {}

  /// Whether a time-stamp of `sha256` is stored that holds.
  bool has(const Digest& sha256) const {
    bool found = false;
    for_each_key(vault_.store(), layout::timestamps(tenant_, sha256), [&](const std::string& key) {
      if (found) return;
      const Bytes reply = find_small_object(vault_.store(), key, kTimestampLimit).value_or(Bytes());
      found = check_timestamp(reply, sha256, policy_.authorities, {}, {}).state ==
              TimestampState::verified;
    });
    return found;
  }

  /// What was wrong with each authority asked; nothing once one has stamped it.
  std::vector<PendingAnchor> stamp(const std::string& key, const Digest& sha256) const {
    const Timestamped stamped = ask_authorities(vault_, key, sha256, stop_);
    if (stamped.reply) {
      put_object(vault_.store(), layout::timestamp(tenant_, sha256, new_attempt(vault_)),
                 *stamped.reply, {.retain_until = retain_until_});
    }
    return stamped.pending;
  }

 private:
  const Vault& vault_;
  const TenantId& tenant_;
  Time retain_until_;
  std::stop_token stop_;
  const TimestampPolicy& policy_;
};

class Anchoring {
 public:
  Anchoring(OpenTenant& tenant, const AnchorOptions& options)
      : open_(tenant),
        vault_(tenant.vault()),
        ledger_(tenant.ledger()),
        options_(options),
        tenant_(tenant.tenant()),
        retain_until_(tenant.document_retention(vault_.environment().clock->now())) {}

  Anchors run() {
    if (!ledger_.has_checkpoint()) return std::move(anchors_);
    anchors_.checkpoint = Checkpoint{ledger_.origin(), ledger_.size(), ledger_.root()};
    try {
      if (vault_.trust().witnesses) ask_witnesses();
      if (vault_.trust().timestamps) stamp();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      halt_for(vault_, tenant_, error);
      anchors_.complete = false;  // Of the store; what the ledger has is as durable as before.
      anchors_.pending.push_back({"", error.subject(), error.message()});
    }
    return std::move(anchors_);
  }

 private:
  std::vector<Cosignature> stored_cosignatures() const {
    const std::string note = with_stored_cosignatures(vault_.store(), tenant_, ledger_.size(),
                                                      ledger_.newest_note(), vault_.trust());
    return cosignatures_of(note, vault_.trust());
  }

  /// The newest size that anybody has cosigned; a first guess at what a witness knows.
  std::uint64_t cosigned_before() const {
    std::uint64_t size = 0;
    for_each_key(vault_.store(), layout::cosignatures(tenant_, ledger_.term()),
                 [&](const std::string& key) {
                   const std::uint64_t found = layout::find_number(key, 3).value_or(0);
                   if (found <= ledger_.size()) size = std::max(size, found);
                 });
    return size;
  }

  void ask_witnesses() {
    const WitnessPolicy& policy = *vault_.trust().witnesses;
    const auto known = stored_cosignatures();
    const std::uint64_t before = cosigned_before();
    const std::string key = layout::ledger_checkpoint(tenant_, ledger_.term(), ledger_.size());
    for (const ServiceAddress& address : policy.addresses) {
      const bool has_signed = std::ranges::count(known, address.name, &Cosignature::witness) > 0;
      if (has_signed && !options_.thorough) continue;
      const auto lines = answer(address, key, anchors_.pending, [&] {
        return ask_witness({vault_.http(), address, options_.stop}, ledger_, vault_.trust(),
                           before);
      });
      if (!lines || has_signed) continue;
      put_object(vault_.store(),
                 layout::cosignature(tenant_, ledger_.term(), ledger_.size(), new_attempt(vault_)),
                 as_bytes(*lines), {.retain_until = retain_until_});
    }
    anchors_.cosignatures = stored_cosignatures();
    if (has_quorum(anchors_.cosignatures, vault_.trust())) return;
    anchors_.complete = false;
    if (anchors_.pending.empty()) {
      anchors_.pending.push_back(
          {"", key, "the trust policy has addresses of too few witnesses to ask"});
    }
  }

  void stamp() {
    const Stamper stamper(vault_, tenant_, retain_until_, options_.stop);
    ProgressMeter progress(options_.progress, {.stage = "anchor"});
    stamp_one(stamper, layout::ledger_checkpoint(tenant_, ledger_.term(), ledger_.size()),
              sha256(as_bytes(ledger_.newest_note())));
    open_.record_progress();  // So that the catalog has the newest points.
    const std::uint64_t limit = options_.thorough ? kNoLimit : kPointsOfABackup;
    for (const PointRow& point : vault_.catalog().newest_points(tenant_, limit)) {
      throw_if_stopped(options_.stop);
      if (!stamp_one(stamper, layout::recovery_point(tenant_, point.recovery_point_id),
                     point.manifest_sha256)) {
        return;  // Who does not answer now need not be asked a thousand times.
      }
      progress.add(0, 1);
    }
    if (options_.thorough) renew(stamper);
  }

  bool stamp_one(const Stamper& stamper, const std::string& key, const Digest& sha256) {
    if (stamper.has(sha256)) return true;
    auto pending = stamper.stamp(key, sha256);
    if (pending.empty()) {
      ++anchors_.timestamps_added;
      return true;
    }
    std::ranges::move(pending, std::back_inserter(anchors_.pending));
    if (vault_.trust().timestamps->required) anchors_.complete = false;
    return false;
  }

  void renew(const Stamper& stamper) {
    const Time soon = vault_.environment().clock->now() + kRenewBefore;
    std::vector<std::string> keys;
    for_each_key(vault_.store(), layout::timestamps(tenant_),
                 [&](const std::string& key) { keys.push_back(key); });
    for (const std::string& key : keys) {
      const auto of = Digest::from_hex(layout::element(key, 2));
      const auto reply = find_small_object(vault_.store(), key, kTimestampLimit);
      if (!of || !reply) continue;
      const auto checked =
          check_timestamp(*reply, *of, vault_.trust().timestamps->authorities, {}, {});
      const bool ends =
          checked.state == TimestampState::verified && checked.certificate_ends < soon;
      if (ends && !stamp_one(stamper, key, sha256(*reply))) return;
    }
  }

  OpenTenant& open_;
  const Vault& vault_;
  Ledger& ledger_;
  const AnchorOptions& options_;
  const TenantId& tenant_;
  Time retain_until_;
  Anchors anchors_;
};

}  // namespace

bool Anchors::contradicted() const {
  return std::ranges::any_of(pending, &PendingAnchor::contradicts);
}

Anchors anchor_ledger(OpenTenant& tenant, const AnchorOptions& options) {
  return Anchoring(tenant, options).run();
}

void require_timestamp(const Vault& vault, const TenantId& tenant, const std::string& key,
                       const Digest& sha256, Time retain_until, const std::stop_token& stop) {
  const auto& policy = vault.trust().timestamps;
  if (!policy || !policy->required) return;
  const Stamper stamper(vault, tenant, retain_until, stop);
  if (stamper.has(sha256)) return;
  const auto pending = stamper.stamp(key, sha256);
  if (!pending.empty()) refuse_unstamped(key, pending);
}

Timestamped request_timestamp(const Vault& vault, const std::string& subject, const Digest& sha256,
                              const std::stop_token& stop) {
  const auto& policy = vault.trust().timestamps;
  if (!policy) return {};
  Timestamped stamped = ask_authorities(vault, subject, sha256, stop);
  if (!stamped.reply && policy->required) refuse_unstamped(subject, stamped.pending);
  return stamped;
}

}  // namespace v0
}  // namespace atp
