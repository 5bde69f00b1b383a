// SPDX-License-Identifier: Apache-2.0
#include "atp/model/signed_document.hpp"

#include <type_traits>

#include "atp/core/error.hpp"
#include "atp/model/problem.hpp"
#include "model/document_fields.hpp"

namespace atp {
inline namespace v0 {
namespace {

template <class T>
constexpr std::uint64_t newest_version() {
  if constexpr (requires { T::newest_version; }) return T::newest_version;
  return 1;
}

constexpr std::size_t kCoSignatureLimit = 8;

struct DocumentSignature {
  std::string key_id;
  Bytes bytes;
};

}  // namespace

/// A row of `coSignatures`.
template <>
struct Codec<DocumentSignature> {
  static DocumentSignature decode(const Field& field) {
    FieldReader in(field);
    DocumentSignature signature{.key_id = in.text("keyId", kKeyId), .bytes = in["signature"]};
    in.finish();
    return signature;
  }
};

namespace {

/// All that the members of a document say.
template <class T>
struct Parsed {
  T document;
  std::vector<DocumentSignature> signatures;
};

struct Outcome {
  DocumentState state;
  std::string detail;
  std::string key_id = {};
};

/// Whether persons sign it, each for themselves.
template <class T>
constexpr bool is_personal = std::is_same_v<T, ApprovalRequest> || std::is_same_v<T, Approval>;

template <class T>
constexpr std::uint64_t size_limit() {
  return std::is_same_v<T, Statement> || is_personal<T> ? kStatementLimit : kDocumentLimit;
}

void check_size(std::uint64_t size, std::uint64_t limit) {
  require(size <= limit,
          "expected at most " + std::to_string(limit) + " bytes, found " + std::to_string(size));
}

Json parse_stored(std::string_view stored) {
  Json json = parse_json(stored);
  require(json.is_object(), "expected an object, found another value");
  require(json.str() == stored, "expected canonical JSON, found another form");
  return json;
}

std::string signed_text(Json json) {
  json.as_object().erase("signature");
  json.as_object().erase("coSignatures");
  return json.str();
}

Json co_signature(const Signer& signer, const std::string& text) {
  return Json::Object{{"keyId", signer.public_key().id()},
                      {"signature", to_base64(signer.sign(as_bytes(text)))}};
}

template <class T>
DocumentHeader read_header(FieldReader& in) {
  DocumentHeader header{.format_version = in["formatVersion"],
                        .vault_id = in.text("vaultId", kRandomId),
                        .nonce = in.text("nonce", kRandomId),
                        .created_at = in["createdAt"]};
  if constexpr (!std::is_same_v<T, VaultDocument>) header.tenant = TenantId(in["tenantId"]);
  return header;
}

std::vector<DocumentSignature> read_signatures(FieldReader& in) {
  std::vector<DocumentSignature> signatures{
      {.key_id = in.text("keyId", kKeyId), .bytes = in["signature"]}};
  const auto more = in.optional<std::vector<DocumentSignature>>("coSignatures");
  require(!more || !more->empty(), "member `coSignatures`: expected a signature, found none");
  if (!more) return signatures;
  require(more->size() <= kCoSignatureLimit,
          "member `coSignatures`: expected at most 8 signatures");
  for (const DocumentSignature& signature : *more) {
    for (const DocumentSignature& other : signatures) {
      require(signature.key_id != other.key_id,
              "member `coSignatures`: expected each key once, found another " + signature.key_id);
    }
    signatures.push_back(signature);
  }
  return signatures;
}

/// What tells the document apart before its members are read; nothing where all is as it should be.
template <class T>
std::optional<Outcome> check_kind(const Json& json) {
  FieldReader in(json);
  const std::string type = in["type"];
  const std::uint64_t version = in["formatVersion"];
  require(version >= 1, "member `formatVersion`: expected 1, found 0");
  if (version > newest_version<T>()) {
    return Outcome{DocumentState::unsupported, "expected formatVersion " +
                                                   std::to_string(newest_version<T>()) +
                                                   " at most, found " + std::to_string(version) +
                                                   ": a later release has written it"};
  }
  if (type == T::type) return std::nullopt;
  return Outcome{DocumentState::wrong_type,
                 "expected type " + std::string(T::type) + ", found " + type};
}

template <class T>
Parsed<T> read_document(const Json& json) {
  FieldReader in(json);
  in["type"];
  T document = read_members<T>(in, read_header<T>(in));
  std::vector<DocumentSignature> signatures = read_signatures(in);
  require(!is_personal<T> || signatures.size() == 1, "member `coSignatures`: expected none");
  in.finish();
  return {std::move(document), std::move(signatures)};
}

Outcome check_tenant(const DocumentHeader& header, const std::optional<TenantId>& tenant) {
  const auto name = [](const std::optional<TenantId>& id) { return id ? id->str() : "no tenant"; };
  if (header.tenant == tenant) return {DocumentState::not_checked, "no trust policy was given"};
  return {DocumentState::wrong_tenant,
          "expected " + name(tenant) + ", found " + name(header.tenant)};
}

/// Signatures by keys that the policy does not take are passed over: while keys overlap, each
/// verifier may know another of the two.
Outcome check_signatures(Time signed_at, const std::string& text,
                         const std::vector<DocumentSignature>& signatures, const TrustPolicy& trust,
                         KeyRole role) {
  Outcome found{
      DocumentState::untrusted_key,
      "expected a trusted key of the document's role and time, found " + signatures.front().key_id};
  for (const DocumentSignature& signature : signatures) {
    const TrustedKey* trusted = trust.find(signature.key_id, role, signed_at);
    if (trusted == nullptr) continue;
    if (!trusted->key.verify(as_bytes(text), signature.bytes)) {
      return {DocumentState::bad_signature,
              "expected a signature of key " + signature.key_id + ", found another"};
    }
    if (found.key_id.empty()) found = {DocumentState::verified, "", signature.key_id};
  }
  return found;
}

/// What all versions of a document have in common.
template <class T>
Outcome check_common(Json json, const DocumentHeader& header,
                     const std::vector<DocumentSignature>& signatures, const TrustPolicy* trust,
                     const std::optional<TenantId>& tenant) {
  if (trust != nullptr && header.vault_id != trust->vault_id) {
    return {DocumentState::wrong_vault,
            "expected vault " + trust->vault_id + ", found " + header.vault_id};
  }
  Outcome outcome = check_tenant(header, tenant);
  if (outcome.state != DocumentState::not_checked || trust == nullptr) return outcome;
  return check_signatures(header.created_at, signed_text(std::move(json)), signatures, *trust,
                          is_personal<T> ? KeyRole::approver : KeyRole::document);
}

bool is_usable(const Outcome& outcome) {
  return outcome.state == DocumentState::verified || outcome.state == DocumentState::not_checked;
}

/// Only a trusted signer has a later version; what nobody signed is another's, or was changed.
template <class T>
Outcome check_later(Json json, Outcome unsupported, const TrustPolicy* trust,
                    const std::optional<TenantId>& tenant) {
  FieldReader in(json);
  const DocumentHeader header = read_header<T>(in);
  const std::vector<DocumentSignature> signatures = read_signatures(in);
  Outcome outcome = check_common<T>(json, header, signatures, trust, tenant);
  return is_usable(outcome) ? unsupported : outcome;
}

}  // namespace

std::string_view to_string(DocumentState state) {
  switch (state) {
    case DocumentState::verified:
      return "verified";
    case DocumentState::not_checked:
      return "not_checked";
    case DocumentState::malformed:
      return "malformed";
    case DocumentState::unsupported:
      return "unsupported";
    case DocumentState::wrong_type:
      return "wrong_type";
    case DocumentState::wrong_vault:
      return "wrong_vault";
    case DocumentState::wrong_tenant:
      return "wrong_tenant";
    case DocumentState::untrusted_key:
      return "untrusted_key";
    case DocumentState::bad_signature:
      return "bad_signature";
  }
  return "";
}

std::optional<TenantId> tenant_in(std::string_view stored) {
  try {
    const Json json = parse_stored(stored);
    FieldReader in(json);
    return in.optional<TenantId>("tenantId");
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_argument) throw;
    return std::nullopt;
  }
}

template <class T>
std::string sign_document(const T& document, const Signers& signers) {
  const DocumentHeader& header = document.header;
  FieldWriter out;
  out("type", T::type)("formatVersion", header.format_version)("vaultId", header.vault_id);
  out("tenantId", header.tenant)("nonce", header.nonce)("createdAt", header.created_at);
  out("keyId", signers.current().public_key().id());
  write_members(out, document);
  Json json = std::move(out).json();
  const std::string text = json.str();
  json.as_object().emplace("signature", to_base64(signers.current().sign(as_bytes(text))));
  if (const Signer* replaced = signers.replaced()) {
    json.as_object().emplace("coSignatures", Json::Array{co_signature(*replaced, text)});
  }
  read_document<T>(json);  // What would be refused later is refused now.
  std::string stored = json.str();
  check_size(stored.size(), size_limit<T>());
  return stored;
}

template <class T>
CheckedDocument<T> check_document(std::string_view stored, const TrustPolicy* trust,
                                  const std::optional<TenantId>& tenant) {
  try {
    check_size(stored.size(), size_limit<T>());
    Json json = parse_stored(stored);
    if (auto kind = check_kind<T>(json)) {
      const bool later = kind->state == DocumentState::unsupported;
      if (later) kind = check_later<T>(std::move(json), *std::move(kind), trust, tenant);
      return {kind->state, kind->detail, std::nullopt};
    }
    Parsed<T> parsed = read_document<T>(json);
    Outcome outcome =
        check_common<T>(std::move(json), parsed.document.header, parsed.signatures, trust, tenant);
    if (!is_usable(outcome)) return {outcome.state, std::move(outcome.detail), std::nullopt};
    return {outcome.state, std::move(outcome.detail), std::move(parsed.document),
            std::move(outcome.key_id)};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_argument) throw;
    return {DocumentState::malformed, error.what(), std::nullopt};
  }
}

template <class T>
T require_document(const std::string& subject, std::string_view stored, const TrustPolicy& trust,
                   const std::optional<TenantId>& tenant) {
  CheckedDocument<T> checked = check_document<T>(stored, &trust, tenant);
  if (checked.state == DocumentState::verified) return *std::move(checked.document);
  refuse_document(subject, checked);
}

#define ATP_INSTANTIATE(T)                                                              \
  template std::string sign_document(const T&, const Signers&);                         \
  template CheckedDocument<T> check_document(std::string_view, const TrustPolicy*,      \
                                             const std::optional<TenantId>&);           \
  template T require_document(const std::string&, std::string_view, const TrustPolicy&, \
                              const std::optional<TenantId>&)

ATP_INSTANTIATE(VaultDocument);
ATP_INSTANTIATE(TenantPolicy);
ATP_INSTANTIATE(KeyEpoch);
ATP_INSTANTIATE(SegmentManifest);
ATP_INSTANTIATE(RecoveryPoint);
ATP_INSTANTIATE(Statement);
ATP_INSTANTIATE(ApprovalRequest);
ATP_INSTANTIATE(Approval);
ATP_INSTANTIATE(ExportManifest);
ATP_INSTANTIATE(Halt);

#undef ATP_INSTANTIATE

}  // namespace v0
}  // namespace atp
