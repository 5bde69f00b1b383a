// SPDX-License-Identifier: Apache-2.0
// Stored documents, behind the signature too: each input that is an object is signed anew by a key
// that the trust policy knows.
// covers: src/model/signed_document.cpp src/model/fields.cpp src/model/vault_documents.cpp
// covers: src/model/policy_documents.cpp src/model/key_epoch_documents.cpp
// covers: src/model/segment_documents.cpp src/model/point_documents.cpp
// covers: src/model/statement_documents.cpp
#include <memory>
#include <string>

#include "atp/model/json.hpp"
#include "atp/model/signed_document.hpp"
#include "fuzz.hpp"
#include "support/sequence_random.hpp"

using atp::fuzz::parse;
using atp::fuzz::require;

namespace {

const std::string kVaultId = "00112233445566778899aabbccddeeff";

const atp::Signer& signer() {
  static const auto made = [] {
    atp::test::SequenceRandom random;
    return atp::signer_from_pem(atp::generate_ed25519_pem(random));
  }();
  return *made;
}

const atp::TrustPolicy& trust() {
  static const atp::TrustPolicy policy{
      kVaultId, "vault.example", {{signer().public_key(), atp::KeyRole::document, {}, {}}}};
  return policy;
}

std::string signed_anew(std::string_view text) {
  atp::Json json = atp::parse_json(text);
  atp::Json::Object& members = json.as_object();
  members.insert_or_assign("vaultId", kVaultId);
  members.insert_or_assign("keyId", signer().public_key().id());
  members.erase("signature");
  members.erase("coSignatures");
  const atp::Bytes signature = signer().sign(atp::as_bytes(json.str()));
  members.emplace("signature", atp::to_base64(signature));
  return json.str();
}

template <class T>
void check(std::string_view stored, const std::optional<atp::TenantId>& tenant) {
  const auto unsigned_check = atp::check_document<T>(stored, nullptr, tenant);
  require(unsigned_check.state != atp::DocumentState::verified, "nothing verifies without trust");
  require(unsigned_check.document.has_value() ==
              (unsigned_check.state == atp::DocumentState::not_checked),
          "a document comes only where it may be believed");
  const auto found = atp::check_document<T>(stored, &trust(), tenant);
  if (!found.document) return;
  require(found.state == atp::DocumentState::verified, "only what verifies comes");
  const std::string printed = atp::sign_document(*found.document, signer());
  const auto again = atp::check_document<T>(printed, &trust(), tenant);
  require(again.document == found.document, "a document signed again is the document");
}

void check_all(std::string_view stored) {
  const atp::TenantId tenant("acme-corp");
  check<atp::VaultDocument>(stored, std::nullopt);
  check<atp::TenantPolicy>(stored, tenant);
  check<atp::KeyEpoch>(stored, tenant);
  check<atp::SegmentManifest>(stored, tenant);
  check<atp::RecoveryPoint>(stored, tenant);
  check<atp::Statement>(stored, tenant);
  check<atp::ApprovalRequest>(stored, tenant);
  check<atp::Approval>(stored, tenant);
  check<atp::ExportManifest>(stored, tenant);
}

void check_page(std::string_view stored) {
  const atp::ListPage page = atp::parse_list_page(stored);
  require(atp::canonical(page) == stored, "a list page has one text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = atp::as_text(atp::fuzz::input(data, size));
  check_all(text);
  parse([&] { check_all(signed_anew(text)); });
  parse([&] { check_page(text); });
  parse([&] { check_page(atp::parse_json(text).str()); });
  return 0;
}
