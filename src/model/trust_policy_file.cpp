// SPDX-License-Identifier: Apache-2.0
#include "atp/model/trust_policy_file.hpp"

#include "atp/core/error.hpp"
#include "model/fields.hpp"

namespace atp::inline v0 {

template <>
struct EnumNames<KeyRole> {
  static constexpr std::pair<KeyRole, std::string_view> names[] = {{KeyRole::document, "document"},
                                                                   {KeyRole::ledger, "ledger"}};
};

template <>
struct Codec<TrustedKey> {
  static Json encode(const TrustedKey& trusted) {
    const ByteView spki = trusted.key.spki();
    FieldWriter out;
    out("algorithm", to_string(trusted.key.algorithm()))("keyId", trusted.key.id());
    out("publicKey", Bytes(spki.begin(), spki.end()))("role", trusted.role);
    out("notBefore", trusted.not_before)("notAfter", trusted.not_after);
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
    in.finish();
    require(key_id == trusted.key.id(),
            "member `keyId`: expected " + trusted.key.id() + ", found another");
    require(algorithm == to_string(trusted.key.algorithm()),
            "member `algorithm`: expected " + std::string(to_string(trusted.key.algorithm())) +
                ", found another");
    return trusted;
  }
};

namespace {

constexpr std::string_view kType = "trustPolicy";
constexpr std::uint64_t kFormatVersion = 1;

void check_key(const TrustedKey& trusted) {
  require(trusted.role != KeyRole::ledger || trusted.key.algorithm() == KeyAlgorithm::ed25519,
          "key " + trusted.key.id() + ": expected Ed25519 for the role ledger, found ES256");
  require(!trusted.not_before || !trusted.not_after || *trusted.not_before < *trusted.not_after,
          "key " + trusted.key.id() + ": expected notBefore before notAfter, found it later");
}

void check_keys(const std::vector<TrustedKey>& keys) {
  require(!keys.empty(), "member `keys`: expected a key, found none");
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    check_key(*key);
    const bool repeated = std::any_of(keys.begin(), key, [&](const TrustedKey& other) {
      return other.role == key->role && other.key == key->key;
    });
    require(!repeated, "key " + key->key.id() + ": expected once in a role, found twice");
  }
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

std::string print_trust_policy(const TrustPolicy& policy) {
  FieldWriter out;
  out("type", kType)("formatVersion", kFormatVersion)("vaultId", policy.vault_id);
  out("domain", policy.domain)("keys", policy.keys);
  return std::move(out).json().str() + "\n";
}

TrustPolicy parse_trust_policy(std::string_view text) {
  const Json json = parse_json(text);
  FieldReader in(json);
  check_kind(in);
  TrustPolicy policy{.vault_id = in.text("vaultId", kRandomId),
                     .domain = in.text("domain", kDomain),
                     .keys = in["keys"]};
  in.finish();
  check_keys(policy.keys);
  return policy;
}

void check_domain(std::string_view text) {
  if (kDomain.matches(text)) return;
  throw Error(ErrorKind::invalid_argument, "domain",
              "expected a domain, found `" + std::string(text) + "`");
}

}  // namespace atp::inline v0
