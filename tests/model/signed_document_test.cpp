// SPDX-License-Identifier: Apache-2.0
#include "atp/model/signed_document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/signing.hpp"
#include "support/command.hpp"
#include "support/shared_data.hpp"

namespace atp {
namespace {

using test::check;
using test::kOtherSigner;
using test::kSigner;
using test::kTenant;
using test::malformed;
using test::refusal;
using test::sample;
using test::sign_json;
using test::signed_json;
using test::state_of;
using test::tenant_of;
using test::trust;
using test::trust_in;
using testing::HasSubstr;

template <class T>
class SignedDocument : public testing::Test {};

using Documents =
    testing::Types<VaultDocument, TenantPolicy, KeyEpoch, SegmentManifest, RecoveryPoint, Statement,
                   ApprovalRequest, Approval, ExportManifest>;

struct DocumentNames {
  template <class T>
  static std::string GetName(int) {
    return std::string(T::type);
  }
};
TYPED_TEST_SUITE(SignedDocument, Documents, DocumentNames);

TYPED_TEST(SignedDocument, ReadsBackWhatWasSigned) {
  const auto document = sample<TypeParam>();
  const std::string stored = sign_document(document, *kSigner);
  const auto checked = check<TypeParam>(stored);
  ASSERT_EQ(checked.state, DocumentState::verified) << checked.detail;
  EXPECT_EQ(checked.document, document);
  EXPECT_EQ(parse_json(stored).str(), stored);
  EXPECT_EQ(require_document<TypeParam>("x", stored, trust<TypeParam>(), tenant_of<TypeParam>()),
            document);
}

TYPED_TEST(SignedDocument, SignsTheCanonicalBytesWithoutTheSignature) {
  Json json = signed_json<TypeParam>();
  const std::string signature = json.as_object().at("signature").as_string();
  EXPECT_EQ(json.as_object().at("keyId").as_string(), kSigner->public_key().id());
  EXPECT_EQ(json.as_object().at("type").as_string(), TypeParam::type);
  json.as_object().erase("signature");
  EXPECT_TRUE(kSigner->public_key().verify(as_bytes(json.str()), *from_base64(signature)));
}

TYPED_TEST(SignedDocument, T049_OtherTextOfTheSameValueIsMalformed) {
  const std::string stored = sign_document(sample<TypeParam>(), *kSigner);
  std::string escaped = stored;
  escaped.replace(escaped.find(test::kVaultId), 1, "\\u0030");
  std::string reordered = stored;  // `vaultId`, which begins with no other member's name, in front.
  const std::string member = R"("vaultId":")" + test::kVaultId + "\"";
  reordered.erase(reordered.find(member) - 1, member.size() + 1);
  reordered.insert(1, member + ",");
  EXPECT_EQ(parse_json(reordered), parse_json(stored));
  std::string twice = stored;
  twice.insert(1, member + ",");
  std::string spaced = stored;
  spaced.insert(spaced.find(':') + 1, " ");
  for (const std::string& text :
       {escaped, reordered, twice, spaced, stored + "\n", " " + stored, "\xef\xbb\xbf" + stored,
        stored + stored, "[" + stored + "]", stored.substr(0, stored.size() - 1), std::string()}) {
    EXPECT_EQ(state_of<TypeParam>(text), DocumentState::malformed) << text;
  }
}

TYPED_TEST(SignedDocument, EveryChangedByteIsNoticed) {
  const std::string stored = sign_document(sample<TypeParam>(), *kSigner);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    std::string text = stored;
    text[i] = static_cast<char>(text[i] ^ (1 << i % 8));
    EXPECT_NE(state_of<TypeParam>(text), DocumentState::verified) << "byte " << i;
  }
}

TYPED_TEST(SignedDocument, EveryChangedValueIsNoticed) {
  Json json = signed_json<TypeParam>();
  int count = 0;
  test::for_each_value(json, [&](Json& value) {
    if (&value == &json) return;
    const Json original = value;
    std::vector<Json> others{nullptr, false, true, 0, 7, "", "x", Json::Array(), Json::Object()};
    if (value.is_integer()) others.emplace_back(value.as_integer() + 1);
    if (value.is_string()) others.emplace_back(value.as_string() + "0");
    if (value.is_array()) {
      others.emplace_back(value);
      others.back().as_array().push_back(value.as_array().front());
    }
    for (const Json& other : others) {
      if (other == original) continue;
      value = other;
      EXPECT_NE(state_of<TypeParam>(json.str()), DocumentState::verified) << json.str();
      ++count;
    }
    value = original;
  });
  EXPECT_GT(count, 80);
  EXPECT_EQ(state_of<TypeParam>(json.str()), DocumentState::verified);
}

TYPED_TEST(SignedDocument, EveryRemovedOrAddedMemberIsNoticed) {
  Json json = signed_json<TypeParam>();
  test::for_each_value(json, [&](Json& value) {
    if (!value.is_object()) return;
    const Json original = value;
    for (const auto& [name, member] : original.as_object()) {
      value.as_object().erase(name);
      EXPECT_NE(state_of<TypeParam>(json.str()), DocumentState::verified) << "without " << name;
      value = original;
    }
    for (const char* name : {"a", "alg", "jwk", "tsa", "zz"}) {
      if (original.as_object().contains(name)) continue;
      value.as_object().emplace(name, "x");
      EXPECT_EQ(state_of<TypeParam>(json.str()), DocumentState::malformed) << "with " << name;
      value = original;
    }
  });
}

TYPED_TEST(SignedDocument, T062_UnknownMembersAreMalformedEvenIfSigned) {
  Json json = signed_json<TypeParam>();
  test::for_each_value(json, [&](Json& value) {
    if (!value.is_object()) return;
    value.as_object().emplace("imutable", true);
    EXPECT_EQ(state_of<TypeParam>(sign_json(json, *kSigner)), DocumentState::malformed);
    value.as_object().erase("imutable");
  });
}

TYPED_TEST(SignedDocument, NullsAndWrongTypesAreMalformedEvenIfSigned) {
  Json json = signed_json<TypeParam>();
  for (const auto& [name, original] : Json::Object(json.as_object())) {
    if (name == "signature") continue;
    for (const Json& other : {Json(), Json(-1), Json(Json::Object{{"a", 1}})}) {
      json.as_object().at(name) = other;
      EXPECT_EQ(state_of<TypeParam>(sign_json(json, *kSigner)), DocumentState::malformed)
          << json.str();
    }
    json.as_object().at(name) = original;
  }
}

TYPED_TEST(SignedDocument, ALaterVersionIsUnsupported) {
  Json json = signed_json<TypeParam>();
  json.as_object().at("formatVersion") = 3;
  json.as_object().emplace("later", 1);
  const std::string stored = sign_json(json, *kSigner);
  EXPECT_EQ(state_of<TypeParam>(stored), DocumentState::unsupported);
  refusal(ErrorKind::unsupported, [&] {
    require_document<TypeParam>("x", stored, trust<TypeParam>(), tenant_of<TypeParam>());
  });
  EXPECT_NE(malformed<TypeParam>("formatVersion", 0), "");
}

template <class T>
void expect_no_other_type_takes(const std::string& stored, std::string_view type) {
  if (T::type == type) return;
  EXPECT_EQ(state_of<T>(stored), DocumentState::wrong_type) << type << " taken as " << T::type;
}

TYPED_TEST(SignedDocument, T047_AVerifiedDocumentIsNoDocumentOfAnotherType) {
  const std::string stored = sign_document(sample<TypeParam>(), *kSigner);
  expect_no_other_type_takes<VaultDocument>(stored, TypeParam::type);
  expect_no_other_type_takes<TenantPolicy>(stored, TypeParam::type);
  expect_no_other_type_takes<KeyEpoch>(stored, TypeParam::type);
  expect_no_other_type_takes<SegmentManifest>(stored, TypeParam::type);
  expect_no_other_type_takes<RecoveryPoint>(stored, TypeParam::type);
  expect_no_other_type_takes<Statement>(stored, TypeParam::type);
}

TYPED_TEST(SignedDocument, T047_AVerifiedDocumentIsNoneOfAnotherTenantOrVault) {
  const std::string stored = sign_document(sample<TypeParam>(), *kSigner);
  TrustPolicy policy = trust<TypeParam>();
  EXPECT_EQ(check_document<TypeParam>(stored, &policy, TenantId("other")).state,
            DocumentState::wrong_tenant);
  if (tenant_of<TypeParam>()) {
    EXPECT_EQ(check_document<TypeParam>(stored, &policy, std::nullopt).state,
              DocumentState::wrong_tenant);
  }
  EXPECT_EQ(check_document<TypeParam>(stored, nullptr, TenantId("other")).state,
            DocumentState::wrong_tenant);
  policy.vault_id = test::kOtherVaultId;
  const auto checked = check_document<TypeParam>(stored, &policy, tenant_of<TypeParam>());
  EXPECT_EQ(checked.state, DocumentState::wrong_vault);
  EXPECT_FALSE(checked.document);
  refusal(ErrorKind::untrusted,
          [&] { require_document<TypeParam>("x", stored, policy, tenant_of<TypeParam>()); });
}

TYPED_TEST(SignedDocument, T047_TheKeyMustBeTrustedForDocumentsAtThatTime) {
  const std::string stored = sign_document(sample<TypeParam>(), *kSigner);
  const auto with = [&](const TrustPolicy& policy) {
    return check_document<TypeParam>(stored, &policy, tenant_of<TypeParam>()).state;
  };
  const Time created_at = sample<TypeParam>().header.created_at;
  EXPECT_EQ(with(trust_in({kOtherSigner->public_key()}, test::role_of<TypeParam>())),
            DocumentState::untrusted_key);
  for (const KeyRole role :
       {KeyRole::document, KeyRole::ledger, KeyRole::witness, KeyRole::approver}) {
    if (role == test::role_of<TypeParam>()) continue;
    EXPECT_EQ(with(trust_in({kSigner->public_key()}, role)), DocumentState::untrusted_key);
  }
  TrustPolicy expired = trust<TypeParam>();
  expired.keys[0].not_after = created_at;
  EXPECT_EQ(with(expired), DocumentState::untrusted_key);
  TrustPolicy early = trust<TypeParam>();
  early.keys[0].not_before = created_at + std::chrono::nanoseconds(1);
  EXPECT_EQ(with(early), DocumentState::untrusted_key);
  TrustPolicy valid = trust<TypeParam>();
  valid.keys[0].not_before = created_at;
  valid.keys[0].not_after = created_at + std::chrono::nanoseconds(1);
  EXPECT_EQ(with(valid), DocumentState::verified);
}

TYPED_TEST(SignedDocument, T047_TheSignatureIsOfTheNamedKey) {
  Json json = signed_json<TypeParam>();
  EXPECT_EQ(state_of<TypeParam>(sign_json(json, *kOtherSigner)), DocumentState::bad_signature);
  const TrustPolicy both =
      trust_in({kSigner->public_key(), kOtherSigner->public_key()}, test::role_of<TypeParam>());
  EXPECT_EQ(check_document<TypeParam>(sign_json(json, *kOtherSigner), &both, tenant_of<TypeParam>())
                .state,
            DocumentState::bad_signature);
}

TYPED_TEST(SignedDocument, WithoutTrustNothingIsVerified) {
  const auto document = sample<TypeParam>();
  const std::string stored = sign_document(document, *kOtherSigner);
  const auto checked = check_document<TypeParam>(stored, nullptr, tenant_of<TypeParam>());
  EXPECT_EQ(checked.state, DocumentState::not_checked);
  EXPECT_EQ(checked.document, document);
  EXPECT_FALSE(checked.detail.empty());
  EXPECT_EQ(check_document<TypeParam>(stored + " ", nullptr, tenant_of<TypeParam>()).state,
            DocumentState::malformed);
}

TYPED_TEST(SignedDocument, RefusesToSignWhatItWouldNotRead) {
  const auto refuse = [](const std::function<void(DocumentHeader&)>& change) {
    auto document = sample<TypeParam>();
    change(document.header);
    return refusal(ErrorKind::invalid_argument, [&] { sign_document(document, *kSigner); });
  };
  EXPECT_THAT(refuse([](DocumentHeader& header) { header.nonce = "short"; }), HasSubstr("nonce"));
  EXPECT_THAT(refuse([](DocumentHeader& header) { header.vault_id[0] = 'A'; }),
              HasSubstr("vaultId"));
  EXPECT_THAT(refuse([](DocumentHeader& header) {
                header.tenant = header.tenant ? std::nullopt : std::optional(kTenant);
              }),
              HasSubstr("tenantId"));
}

/// Adds a co-signature of `signer` to a stored document.
std::string co_sign(const std::string& stored, const Signer& signer) {
  Json json = parse_json(stored);
  Json plain = json;
  plain.as_object().erase("signature");
  plain.as_object().erase("coSignatures");
  Json::Object row{{"keyId", signer.public_key().id()},
                   {"signature", to_base64(signer.sign(as_bytes(plain.str())))}};
  auto& rows = json.as_object().emplace("coSignatures", Json::Array()).first->second.as_array();
  rows.emplace_back(std::move(row));
  return json.str();
}

TEST(CoSignature, EitherKeyWillDoAndNoneOfTheTrustedMayBeWrong) {
  const std::string both = sign_document(sample<Statement>(), {*kSigner, kOtherSigner.get()});
  EXPECT_EQ(both, co_sign(sign_document(sample<Statement>(), *kSigner), *kOtherSigner));
  const TrustPolicy old_policy = trust();
  const TrustPolicy new_policy = trust_in({kOtherSigner->public_key()});
  const TrustPolicy two = trust_in({kSigner->public_key(), kOtherSigner->public_key()});
  const TrustPolicy none = trust_in({test::ed25519_signer(3)->public_key()});
  const auto state = [&](const std::string& text, const TrustPolicy& policy) {
    return check_document<Statement>(text, &policy, kTenant).state;
  };
  for (const TrustPolicy& policy : {old_policy, new_policy, two}) {
    EXPECT_EQ(state(both, policy), DocumentState::verified);
  }
  EXPECT_EQ(state(both, none), DocumentState::untrusted_key);
  Json json = parse_json(both);
  const Json signature = json.as_object().at("signature");
  json.as_object().at("coSignatures").as_array().at(0).as_object().at("signature") = signature;
  EXPECT_EQ(state(json.str(), two), DocumentState::bad_signature);
  EXPECT_EQ(state(json.str(), new_policy), DocumentState::bad_signature);
}

TEST(CoSignature, T047_AKeyOfAnotherRoleOrTimeIsPassedOver) {
  const std::string both = sign_document(sample<Statement>(), {*kSigner, kOtherSigner.get()});
  TrustPolicy policy = trust_in({kSigner->public_key(), kOtherSigner->public_key()});
  policy.keys[1].role = KeyRole::approver;
  EXPECT_EQ(check_document<Statement>(both, &policy, kTenant).state, DocumentState::verified);
  policy.keys[0].role = KeyRole::ledger;
  EXPECT_EQ(check_document<Statement>(both, &policy, kTenant).state, DocumentState::untrusted_key);
  policy.keys[0].role = KeyRole::document;
  policy.keys[0].not_after = sample<Statement>().header.created_at;
  EXPECT_EQ(check_document<Statement>(both, &policy, kTenant).state, DocumentState::untrusted_key);
}

TEST(CoSignature, NoneAndTheSameKeyTwiceAreMalformed) {
  const std::string stored = sign_document(sample<Statement>(), *kSigner);
  EXPECT_EQ(state_of<Statement>(co_sign(stored, *kSigner)), DocumentState::malformed);
  Json json = parse_json(stored);
  json.as_object().emplace("coSignatures", Json::Array());
  EXPECT_EQ(state_of<Statement>(json.str()), DocumentState::malformed);
  json = parse_json(co_sign(stored, *kOtherSigner));
  json.as_object().at("coSignatures").as_array().at(0).as_object().emplace("alg", "none");
  EXPECT_EQ(state_of<Statement>(json.str()), DocumentState::malformed);
}

TEST(Es256, SignsDocumentsWithDerSignatures) {
  const std::string pem =
      test::output_of("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null");
  if (pem.empty()) return test::miss("openssl");
  const auto signer = signer_from_pem(SecretBytes(as_bytes(pem)));
  const TrustPolicy policy = trust_in({signer->public_key()});
  const std::string stored = sign_document(sample<KeyEpoch>(), *signer);
  EXPECT_EQ(require_document<KeyEpoch>("x", stored, policy, kTenant), sample<KeyEpoch>());
  const std::string signature = parse_json(stored).as_object().at("signature").as_string();
  EXPECT_EQ(from_base64(signature)->front(), std::byte{0x30});
}

TEST(RequireDocument, SaysWhichDocumentAndWhy) {
  EXPECT_THAT(refusal(ErrorKind::corrupt,
                      [] { require_document<KeyEpoch>("keys/a.json", "{}", trust(), kTenant); }),
              testing::StartsWith(
                  "keys/a.json: expected a signed document of type keyEpoch, found malformed: "));
}

TEST(DocumentSize, T054_DocumentsOverTheLimitAreRefusedUnread) {
  const std::string large(kStatementLimit + 1, ' ');
  EXPECT_THAT(check<Statement>(large).detail, HasSubstr("at most 65535 bytes"));
  EXPECT_THAT(check<KeyEpoch>(large).detail, HasSubstr("byte 65536"));
  EXPECT_THAT(check<KeyEpoch>(std::string(kDocumentLimit + 1, ' ')).detail,
              HasSubstr("at most 67108864 bytes"));
  Statement statement = sample<Statement>();
  statement.subject_id = std::string(kStatementLimit, 'x');
  EXPECT_THAT(refusal(ErrorKind::invalid_argument, [&] { sign_document(statement, *kSigner); }),
              HasSubstr("at most 65535 bytes"));
}

TEST(DocumentState, HasANameForEach) {
  EXPECT_EQ(to_string(DocumentState::verified), "verified");
  EXPECT_EQ(to_string(DocumentState::bad_signature), "bad_signature");
  EXPECT_EQ(to_string(DocumentState::not_checked), "not_checked");
  EXPECT_EQ(to_string(DocumentState::wrong_tenant), "wrong_tenant");
}

}  // namespace
}  // namespace atp
