// SPDX-License-Identifier: Apache-2.0
/// Keys for the samples, and documents that a trusted signer signed in forms the format lacks.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "atp/model/signed_document.hpp"
#include "model/samples.hpp"
#include "support/sequence_random.hpp"

namespace atp::test {

inline std::shared_ptr<const Signer> ed25519_signer(std::uint64_t seed) {
  SequenceRandom random(seed);
  return signer_from_pem(generate_ed25519_pem(random));
}

inline TrustPolicy trust_in(const std::vector<PublicKey>& keys, KeyRole role = KeyRole::document) {
  TrustPolicy trust{.vault_id = kVaultId, .domain = "vault.example"};
  for (const PublicKey& key : keys) {
    trust.keys.push_back({.key = key, .role = role});
  }
  return trust;
}

/// Signs a document's members, whatever they are, as a signer of the vault could.
inline std::string sign_json(Json json, const Signer& signer) {
  json.as_object().erase("signature");
  json.as_object().erase("coSignatures");
  const std::string text = json.str();
  json.as_object().insert_or_assign("signature", to_base64(signer.sign(as_bytes(text))));
  return json.str();
}

inline const std::shared_ptr<const Signer> kSigner = ed25519_signer(1);
inline const std::shared_ptr<const Signer> kOtherSigner = ed25519_signer(2);

/// The role whose keys sign documents of the type.
template <class T>
constexpr KeyRole role_of() {
  const bool personal = std::is_same_v<T, ApprovalRequest> || std::is_same_v<T, Approval>;
  return personal ? KeyRole::approver : KeyRole::document;
}

template <class T = Statement>
TrustPolicy trust() {
  return trust_in({kSigner->public_key()}, role_of<T>());
}

template <class T>
std::optional<TenantId> tenant_of() {
  return sample<T>().header.tenant;
}

template <class T>
CheckedDocument<T> check(std::string_view stored) {
  const TrustPolicy policy = trust<T>();
  return check_document<T>(stored, &policy, tenant_of<T>());
}

template <class T>
DocumentState state_of(std::string_view stored) {
  const CheckedDocument<T> checked = check<T>(stored);
  EXPECT_EQ(checked.document.has_value(), checked.state == DocumentState::verified);
  EXPECT_EQ(checked.detail.empty(), checked.state == DocumentState::verified);
  return checked.state;
}

template <class T>
Json signed_json() {
  return parse_json(sign_document(sample<T>(), *kSigner));
}

/// The detail of a document that a trusted signer signed in a form the format does not have.
template <class T>
std::string malformed(const std::function<void(Json::Object&)>& change) {
  Json json = signed_json<T>();
  change(json.as_object());
  const CheckedDocument<T> checked = check<T>(sign_json(json, *kSigner));
  EXPECT_EQ(checked.state, DocumentState::malformed) << json.str();
  return checked.detail;
}

template <class T>
std::string malformed(const std::string& name, const Json& value) {
  return malformed<T>([&](Json::Object& object) { object.insert_or_assign(name, value); });
}

}  // namespace atp::test
