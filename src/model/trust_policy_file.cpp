// SPDX-License-Identifier: Apache-2.0
#include "atp/model/trust_policy_file.hpp"

#include <algorithm>
#include <set>

#include "atp/core/error.hpp"
#include "model/fields.hpp"

namespace atp {
inline namespace v0 {

template <>
struct EnumNames<KeyRole> {
  static constexpr std::pair<KeyRole, std::string_view> names[] = {{KeyRole::document, "document"},
                                                                   {KeyRole::ledger, "ledger"},
                                                                   {KeyRole::witness, "witness"},
                                                                   {KeyRole::approver, "approver"}};
};

namespace {

constexpr std::size_t kNameLimit = 120;

bool has_name(KeyRole role) { return role == KeyRole::witness || role == KeyRole::approver; }

bool is_name(std::string_view text, bool (*matches)(char)) {
  return !text.empty() && text.size() <= kNameLimit && std::ranges::all_of(text, matches);
}

/// signed-note.md has neither spaces nor plus signs in the names of keys.
const Grammar kServiceName{"1 to 120 graphic characters without plus", [](std::string_view text) {
                             return is_name(text,
                                            [](char c) { return c > ' ' && c <= '~' && c != '+'; });
                           }};
/// Of which no two spellings look the same.
const Grammar kPersonName{"1 to 120 of a-z, 0-9, dot, dash and _", [](std::string_view text) {
                            return is_name(text, [](char c) {
                              return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
                                     c == '-' || c == '_';
                            });
                          }};
const Grammar kUrl{"an http or https URL", [](std::string_view text) {
                     const bool http = text.starts_with("http://") || text.starts_with("https://");
                     return http &&
                            std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
                   }};

}  // namespace

template <>
struct Codec<TrustedKey> {
  static Json encode(const TrustedKey& trusted) {
    const ByteView spki = trusted.key.spki();
    FieldWriter out;
    out("algorithm", to_string(trusted.key.algorithm()))("keyId", trusted.key.id());
    out("publicKey", Bytes(spki.begin(), spki.end()))("role", trusted.role);
    out("notBefore", trusted.not_before)("notAfter", trusted.not_after);
    if (has_name(trusted.role)) out("name", trusted.name);
    return std::move(out).json();
  }

  static TrustedKey decode(const Field& field) {
    FieldReader in(field);
    const Bytes spki = in["publicKey"];
    const std::string key_id = in["keyId"];
    const std::string algorithm = in["algorithm"];
    TrustedKey trusted{.key = PublicKey::from_spki(spki),
                       .role = in["role"],
                       .not_before = in.optional<Time>("notBefore"),
                       .not_after = in.optional<Time>("notAfter")};
    if (has_name(trusted.role)) {
      trusted.name = in.text("name", trusted.role == KeyRole::witness ? kServiceName : kPersonName);
    }
    in.finish();
    require(key_id == trusted.key.id(),
            "member `keyId`: expected " + trusted.key.id() + ", found another");
    require(algorithm == to_string(trusted.key.algorithm()),
            "member `algorithm`: expected " + std::string(to_string(trusted.key.algorithm())) +
                ", found another");
    return trusted;
  }
};

template <>
struct Codec<ServiceAddress> {
  static Json encode(const ServiceAddress& address) {
    FieldWriter out;
    out("name", address.name)("url", address.url);
    return std::move(out).json();
  }
  static ServiceAddress decode(const Field& field) {
    FieldReader in(field);
    ServiceAddress address{.name = in.text("name", kServiceName), .url = in.text("url", kUrl)};
    in.finish();
    return address;
  }
};

template <>
struct Codec<WitnessPolicy> {
  static Json encode(const WitnessPolicy& witnesses) {
    FieldWriter out;
    out("threshold", witnesses.threshold)("addresses", witnesses.addresses);
    return std::move(out).json();
  }
  static WitnessPolicy decode(const Field& field) {
    FieldReader in(field);
    WitnessPolicy witnesses{.threshold = in["threshold"], .addresses = in["addresses"]};
    in.finish();
    return witnesses;
  }
};

template <>
struct Codec<TimestampAuthority> {
  static Json encode(const TimestampAuthority& authority) {
    FieldWriter out;
    out("name", authority.name)("root", authority.root)("signers", authority.signers);
    out("policies", authority.policies);
    return std::move(out).json();
  }
  static TimestampAuthority decode(const Field& field) {
    FieldReader in(field);
    TimestampAuthority authority{.name = in.text("name", kServiceName),
                                 .root = in["root"],
                                 .signers = in["signers"],
                                 .policies = in["policies"]};
    in.finish();
    check_authority(authority);
    return authority;
  }
};

template <>
struct Codec<TimestampPolicy> {
  static Json encode(const TimestampPolicy& timestamps) {
    FieldWriter out;
    out("required", timestamps.required)("authorities", timestamps.authorities);
    out("addresses", timestamps.addresses);
    return std::move(out).json();
  }
  static TimestampPolicy decode(const Field& field) {
    FieldReader in(field);
    TimestampPolicy timestamps{
        .required = in["required"], .authorities = in["authorities"], .addresses = in["addresses"]};
    in.finish();
    return timestamps;
  }
};

template <>
struct Codec<Approver> {
  static Json encode(const Approver& approver) {
    FieldWriter out;
    out("name", approver.name)("roles", approver.roles);
    return std::move(out).json();
  }
  static Approver decode(const Field& field) {
    FieldReader in(field);
    Approver approver{.name = in.text("name", kPersonName),
                      .roles = in.texts("roles", kPersonName)};
    in.finish();
    return approver;
  }
};

template <>
struct Codec<ApprovalRule> {
  static Json encode(const ApprovalRule& rule) {
    FieldWriter out;
    out("action", rule.action)("threshold", rule.threshold)("roles", rule.roles);
    return std::move(out).json();
  }
  static ApprovalRule decode(const Field& field) {
    FieldReader in(field);
    ApprovalRule rule{.action = in.text("action", kWord),
                      .threshold = in["threshold"],
                      .roles = in.texts("roles", kPersonName)};
    in.finish();
    return rule;
  }
};

template <>
struct Codec<ApprovalPolicy> {
  static Json encode(const ApprovalPolicy& approvals) {
    FieldWriter out;
    out("approvers", approvals.approvers)("rules", approvals.rules);
    return std::move(out).json();
  }
  static ApprovalPolicy decode(const Field& field) {
    FieldReader in(field);
    ApprovalPolicy approvals{.approvers = in["approvers"], .rules = in["rules"]};
    in.finish();
    return approvals;
  }
};

namespace {

constexpr std::string_view kType = "trustPolicy";
constexpr std::uint64_t kFormatVersion = 1;

void check_key(const TrustedKey& trusted) {
  const bool signs_notes = trusted.role == KeyRole::ledger || trusted.role == KeyRole::witness;
  require(!signs_notes || trusted.key.algorithm() == KeyAlgorithm::ed25519,
          "key " + trusted.key.id() + ": expected Ed25519 for this role, found ES256");
  require(!trusted.not_before || !trusted.not_after || *trusted.not_before < *trusted.not_after,
          "key " + trusted.key.id() + ": expected notBefore before notAfter, found it later");
}

void check_keys(const std::vector<TrustedKey>& keys) {
  require(!keys.empty(), "member `keys`: expected a key, found none");
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    check_key(*key);
    const bool repeated = std::any_of(
        keys.begin(), key, [&](const TrustedKey& other) { return other.key == key->key; });
    require(!repeated, "key " + key->key.id() + ": expected once, found twice");
  }
}

template <class T>
void check_once(const std::vector<T>& rows, std::string T::*name, std::string_view what) {
  for (auto row = rows.begin(); row != rows.end(); ++row) {
    require(std::find_if(rows.begin(), row,
                         [&](const T& other) { return other.*name == (*row).*name; }) == row,
            std::string(what) + " `" + (*row).*name + "`: expected once, found twice");
  }
}

std::set<std::string, std::less<>> names_of(const std::vector<TrustedKey>& keys, KeyRole role) {
  std::set<std::string, std::less<>> names;
  for (const TrustedKey& trusted : keys) {
    if (trusted.role == role) names.insert(trusted.name);
  }
  return names;
}

void check_threshold(std::uint64_t threshold, std::uint64_t least, std::size_t most,
                     std::string_view of) {
  require(threshold >= least && threshold <= most,
          "member `threshold`: expected " + std::to_string(least) + " to the " +
              std::to_string(most) + " " + std::string(of) + " there are, found " +
              std::to_string(threshold));
}

void check_addresses(const std::vector<ServiceAddress>& addresses,
                     const std::set<std::string, std::less<>>& names) {
  check_once(addresses, &ServiceAddress::name, "address of");
  for (const auto& [name, url] : addresses) {
    require(names.contains(name), "address of `" + name + "`: expected one of whom is trusted");
  }
}

void check_timestamps(const TimestampPolicy& timestamps) {
  require(!timestamps.authorities.empty(), "member `authorities`: expected one, found none");
  check_once(timestamps.authorities, &TimestampAuthority::name, "authority");
  std::set<std::string, std::less<>> names;
  for (const TimestampAuthority& authority : timestamps.authorities) names.insert(authority.name);
  check_addresses(timestamps.addresses, names);
}

void check_witnesses(const TrustPolicy& policy) {
  const auto names = names_of(policy.keys, KeyRole::witness);
  require(policy.witnesses.has_value() || names.empty(),
          "member `witnesses`: expected, with a threshold, where keys have the role witness");
  if (!policy.witnesses) return;
  check_threshold(policy.witnesses->threshold, 1, names.size(), "witnesses");
  check_addresses(policy.witnesses->addresses, names);
}

void check_rule(const ApprovalRule& rule, const std::vector<Approver>& approvers) {
  check_threshold(rule.threshold, 2, approvers.size(), "approvers");
  require(rule.roles.size() <= rule.threshold, "rule of " + rule.action +
                                                   ": expected no more roles than persons, found " +
                                                   std::to_string(rule.roles.size()));
  for (const std::string& role : rule.roles) {
    require(std::ranges::any_of(approvers,
                                [&](const Approver& approver) {
                                  return std::ranges::count(approver.roles, role) > 0;
                                }),
            "rule of " + rule.action + ": expected an approver with the role " + role);
  }
}

void check_approvals(const TrustPolicy& policy) {
  const auto names = names_of(policy.keys, KeyRole::approver);
  const ApprovalPolicy& approvals = policy.approvals;
  check_once(approvals.approvers, &Approver::name, "approver");
  check_once(approvals.rules, &ApprovalRule::action, "rule of");
  for (const Approver& approver : approvals.approvers) {
    require(names.contains(approver.name), "approver `" + approver.name + "`: expected a key");
  }
  for (const std::string& name : names) {
    require(approvals.find_approver(name) != nullptr,
            "key of `" + name + "`: expected an approver of that name");
  }
  for (const ApprovalRule& rule : approvals.rules) check_rule(rule, approvals.approvers);
}

void check_kind(FieldReader& in) {
  const std::string type = in["type"];
  require(type == kType, "member `type`: expected trustPolicy, found " + type);
  const std::uint64_t version = in["formatVersion"];
  require(version >= kFormatVersion, "member `formatVersion`: expected 1, found 0");
  if (version == kFormatVersion) return;
  throw Error(ErrorKind::unsupported, "trust policy",
              "expected formatVersion 1, found " + std::to_string(version));
}

}  // namespace

std::string_view to_string(KeyRole role) { return enum_name(role); }

std::string print_trust_policy(const TrustPolicy& policy) {
  FieldWriter out;
  out("type", kType)("formatVersion", kFormatVersion)("vaultId", policy.vault_id);
  out("domain", policy.domain)("keys", policy.keys)("witnesses", policy.witnesses);
  out("timestamps", policy.timestamps);
  if (!policy.approvals.approvers.empty()) out("approvals", policy.approvals);
  return std::move(out).json().str() + "\n";
}

TrustPolicy parse_trust_policy(std::string_view text) {
  const Json json = parse_json(text);
  FieldReader in(json);
  check_kind(in);
  TrustPolicy policy{
      .vault_id = in.text("vaultId", kRandomId),
      .domain = in.text("domain", kDomain),
      .keys = in["keys"],
      .witnesses = in.optional<WitnessPolicy>("witnesses"),
      .timestamps = in.optional<TimestampPolicy>("timestamps"),
      .approvals = in.optional<ApprovalPolicy>("approvals").value_or(ApprovalPolicy())};
  in.finish();
  check_keys(policy.keys);
  check_witnesses(policy);
  if (policy.timestamps) check_timestamps(*policy.timestamps);
  check_approvals(policy);
  return policy;
}

void check_domain(std::string_view text) {
  if (kDomain.matches(text)) return;
  throw Error(ErrorKind::invalid_argument, "domain",
              "expected a domain, found `" + std::string(text) + "`");
}

}  // namespace v0
}  // namespace atp
