// SPDX-License-Identifier: Apache-2.0
/// Vectors of signed documents and list pages.
#include "atp/merkle/frontier.hpp"
#include "format/vectors.hpp"
#include "model/signing.hpp"

namespace atp::test {
namespace {

/// What `openssl dgst -sha256 -sign es256.pem` once made of the policy: ECDSA draws at random.
constexpr std::string_view kEs256Signature =
    "MEYCIQCBjHopSBmVgga3bb8VDsm88eV5Y8Giki3goSVjalM92gIhAIUYKwHM"
    "Mt9PmXHqEIgJ5D3vLqISAJGsTeo0nKn6djlo";
constexpr std::string_view kEs256RawSignature =
    "gYx6KUgZlYIGt22/FQ7JvPHleWPBopIt4KElY2pTPdqFGCsBzDLfT5lx6hCI"
    "CeQ97y6iEgCRrE3qNJyp+nY5aA==";

Change drop(const std::string& name) {
  return [=](Json::Object& object) { object.erase(name); };
}

class DocumentCases : public Cases {
 public:
  DocumentCases() {
    make_good();
    refuse_forms();
    refuse_meanings();
    refuse_keys();
    refuse_approvals();
    refuse_exports();
    refuse_signatures();
    refuse_members();
  }

 private:
  template <class T>
  static Json::Object input_of(const std::string& stored) {
    Json::Object input{{"documentType", T::type}, {"stored", stored}};
    if (const auto tenant = tenant_of<T>()) input.emplace("tenant", tenant->str());
    return input;
  }
  template <class T>
  std::string signed_by_us(const Change& change = nullptr) const {
    Json json = parse_json(sign_document(sample<T>(), *signer_));
    if (change) change(json.as_object());
    return sign_json(json, *signer_);
  }
  template <class T>
  std::string changed_later(const Change& change) const {
    Json json = parse_json(signed_by_us<T>());
    change(json.as_object());
    return json.str();
  }
  Json co_signature(const Json& json, const Signer& other) const {
    Json::Object body = json.as_object();
    body.erase("signature");
    body.erase("coSignatures");
    const Bytes bytes = other.sign(as_bytes(Json(std::move(body)).str()));
    return Json::Object{{"keyId", other.public_key().id()}, {"signature", to_base64(bytes)}};
  }

  template <class T>
  void take(const std::string& name, const std::string& desc, const std::string& stored,
            const std::optional<TrustPolicy>& trust = {}) {
    Json::Object input = input_of<T>(stored);
    if (trust) input.emplace("trust", trust_json(*trust));
    good(name, desc, std::move(input), "verified");
  }
  template <class T>
  void refuse(const std::string& name, const std::string& desc, const std::string& stored,
              const std::string& state, const std::optional<TrustPolicy>& trust = {}) {
    Json::Object input = input_of<T>(stored);
    if (trust) input.emplace("trust", trust_json(*trust));
    bad(name, desc, std::move(input), state);
  }
  /// A trusted signer has signed what the format does not have.
  template <class T>
  void refuse_signed(const std::string& name, const std::string& desc, const Change& change) {
    refuse<T>(name, desc, signed_by_us<T>(change), "malformed");
  }

  /// `ledger.summed_up` at index 9.
  static void sum_up(Json::Object& statement) {
    statement.erase("predecessor");
    statement.insert_or_assign("action", "ledger.summed_up");
    statement.insert_or_assign("formatVersion", 2);
    statement.insert_or_assign("index", 9);
    statement.insert_or_assign("binding", true);
    statement.insert_or_assign("bindingBefore", 7);
    statement.insert_or_assign("bindingActs", Json::Array{std::uint64_t{2}, std::uint64_t{7}});
  }
  void refuse_summary(const std::string& name, const std::string& desc, const Change& change) {
    refuse_signed<Statement>(name, desc, [&](Json::Object& statement) {
      sum_up(statement);
      change(statement);
    });
  }

  static std::string claiming_version(const std::string& stored, std::uint64_t version) {
    Json json = parse_json(stored);
    json.as_object().insert_or_assign("formatVersion", version);
    return json.str();
  }

  TrustPolicy trust_with(const PublicKey& key) const {
    TrustPolicy trust = trust_;
    trust.keys.push_back({key, KeyRole::document, {}, {}});
    return trust;
  }
  /// The key that signs documents elsewhere, here a person's.
  TrustPolicy trust_as_approver() const {
    TrustPolicy trust = trust_;
    const PublicKey key = trust.keys.front().key;
    trust.keys = {{key, KeyRole::approver, {}, {}, "alice"}};
    trust.approvals.approvers = {{"alice", {"dpo"}}};
    return trust;
  }
  TrustPolicy trust_of(const PublicKey& key) const {
    TrustPolicy trust = trust_;
    trust.keys = {{key, KeyRole::document, {}, {}}};
    return trust;
  }
  TrustPolicy trust_from(std::optional<Time> from, std::optional<Time> to) const {
    TrustPolicy trust = trust_;
    trust.keys.front().not_before = from;
    trust.keys.front().not_after = to;
    return trust;
  }
  std::string es256_policy(std::string_view signature) const {
    const auto key = vector_signer("es256.pem");
    Json json = parse_json(signed_by_us<TenantPolicy>(set("keyId", key->public_key().id())));
    json.as_object().insert_or_assign("signature", signature);
    return json.str();
  }

  void make_good() {
    take<VaultDocument>("happy-vault", "vault.json", signed_by_us<VaultDocument>());
    take<TenantPolicy>("happy-policy", "a policy", signed_by_us<TenantPolicy>());
    take<KeyEpoch>("happy-key-epoch", "a key epoch", signed_by_us<KeyEpoch>());
    take<SegmentManifest>("happy-segment-manifest", "a manifest with every member",
                          signed_by_us<SegmentManifest>());
    take<RecoveryPoint>("happy-recovery-point", "an incremental point with every member",
                        signed_by_us<RecoveryPoint>());
    take<Statement>("happy-statement", "a statement with every member", signed_by_us<Statement>());
    take<Statement>("happy-statement-summary", "a statement of version 2 with every member",
                    signed_by_us<Statement>(sum_up));
    take<Statement>("happy-statement-later", "a binding act that this release lacks",
                    signed_by_us<Statement>([](Json::Object& statement) {
                      sum_up(statement);
                      statement.erase("bindingActs");
                      statement.insert_or_assign("action", "hold.placed");
                    }));
    Json json = parse_json(signed_by_us<TenantPolicy>());
    json.as_object()["coSignatures"] = Json::Array{co_signature(json, *other_)};
    take<TenantPolicy>("happy-co-signature", "a second signer while keys overlap", json.str(),
                       trust_with(other_->public_key()));
    take<TenantPolicy>("happy-co-signature-unknown-key",
                       "a second signer whom this verifier does not know", json.str());
    take<TenantPolicy>("happy-co-signature-known-key",
                       "a first signer whom this verifier does not know yet", json.str(),
                       trust_of(other_->public_key()));
    const TrustPolicy persons = trust_as_approver();
    take<ApprovalRequest>("happy-approval-request", "a request with two steps",
                          signed_by_us<ApprovalRequest>(), persons);
    take<Approval>("happy-approval", "an approval", signed_by_us<Approval>(), persons);
    take<ExportManifest>("happy-export-manifest", "an export manifest with every member",
                         signed_by_us<ExportManifest>());
    take<TenantPolicy>("happy-es256", "a P-256 key signs in DER", es256_policy(kEs256Signature),
                       trust_with(vector_signer("es256.pem")->public_key()));
    take<TenantPolicy>("happy-not-before", "signed at the key's first instant",
                       signed_by_us<TenantPolicy>(), trust_from(header_of().created_at, {}));
  }

  void refuse_forms() {
    const std::string stored = signed_by_us<TenantPolicy>();
    const auto refuse_form = [&](const char* name, const char* desc, const std::string& text) {
      refuse<TenantPolicy>(name, desc, text, "malformed");
    };
    refuse_form("form-line-feed", "a line feed at the end", stored + "\n");
    refuse_form("form-white-space", "a space between tokens", "{ " + stored.substr(1));
    refuse_form("form-cut", "the last byte is missing", stored.substr(0, stored.size() - 1));
    refuse_form("form-duplicate-member", "a member that stands twice",
                "{\"createdAt\":\"2026-11-23T07:56:29.123456789Z\"," + stored.substr(1));
    refuse_form("form-needless-escape", "a character escaped without need",
                std::string(stored).replace(stored.find("policy"), 1, "\\u0070"));
    refuse_form("form-array", "an array", "[" + stored + "]");
    refuse_form("form-empty", "nothing", "");
    std::string swapped = stored;
    const std::string first = stored.substr(1, stored.find(',') - 1);
    swapped.erase(1, first.size() + 1).insert(swapped.size() - 1, "," + first);
    refuse_form("form-member-order", "members out of order", swapped);
  }

  void refuse_meanings() {
    refuse<TenantPolicy>("type-of-another-document", "a statement in a policy's place",
                         signed_by_us<Statement>(), "wrong_type");
    refuse<TenantPolicy>("type-changed", "another type",
                         signed_by_us<TenantPolicy>(set("type", "keyEpoch")), "wrong_type");
    refuse<TenantPolicy>("version-2", "a later version",
                         signed_by_us<TenantPolicy>(set("formatVersion", 2)), "unsupported");
    refuse<TenantPolicy>("version-2-unknown-member", "a later version is not read any further",
                         signed_by_us<TenantPolicy>([](Json::Object& object) {
                           object["formatVersion"] = 2;
                           object["later"] = true;
                         }),
                         "unsupported");
    refuse<TenantPolicy>("version-2-unsigned", "a later version that nobody signed",
                         claiming_version(signed_by_us<TenantPolicy>(), 2), "bad_signature");
    refuse_signed<TenantPolicy>("version-0", "no version", set("formatVersion", 0));
    refuse<TenantPolicy>("vault-of-another", "another vault's document",
                         signed_by_us<TenantPolicy>(set("vaultId", kOtherVaultId)), "wrong_vault");
    refuse<TenantPolicy>("tenant-of-another", "another tenant's document",
                         signed_by_us<TenantPolicy>(set("tenantId", "acme")), "wrong_tenant");
    refuse<TenantPolicy>("tenant-case-twin", "a tenant that differs in case",
                         signed_by_us<TenantPolicy>(set("tenantId", "Acme-corp")), "wrong_tenant");
  }

  void refuse_keys() {
    const std::string stored = signed_by_us<TenantPolicy>();
    const Time signed_at = header_of().created_at;
    const std::string other_id = other_->public_key().id();
    refuse<TenantPolicy>(
        "key-unknown", "a key that the trust policy lacks",
        sign_json(parse_json(signed_by_us<TenantPolicy>(set("keyId", other_id))), *other_),
        "untrusted_key");
    const auto ledger = vector_signer("ledger.pem");
    refuse<TenantPolicy>(
        "key-of-ledger", "a trusted key of another role",
        sign_json(parse_json(signed_by_us<TenantPolicy>(set("keyId", ledger->public_key().id()))),
                  *ledger),
        "untrusted_key");
    refuse<TenantPolicy>("key-not-yet", "signed before the key's first instant", stored,
                         "untrusted_key", trust_from(signed_at + std::chrono::nanoseconds(1), {}));
    refuse<TenantPolicy>("key-no-longer", "signed at the key's end", stored, "untrusted_key",
                         trust_from({}, signed_at));
    Json json = parse_json(stored);
    json.as_object()["coSignatures"] = Json::Array{co_signature(json, *other_)};
    Json wrong = co_signature(json, *signer_);
    wrong.as_object()["keyId"] = other_id;
    json.as_object()["coSignatures"] = Json::Array{wrong};
    refuse<TenantPolicy>("co-signature-wrong", "a second signature that is none", json.str(),
                         "bad_signature", trust_with(other_->public_key()));
    json.as_object()["coSignatures"] = Json::Array{co_signature(json, *signer_)};
    refuse<TenantPolicy>("co-signature-same-key", "the same key twice", json.str(), "malformed");
    Json::Array many;
    for (std::uint64_t i = 0; i < 9; ++i) {
      Json each = co_signature(json, *other_);
      each.as_object()["keyId"] = std::string(63, '0') + std::to_string(i);
      many.push_back(each);
    }
    json.as_object()["coSignatures"] = many;
    refuse<TenantPolicy>("co-signatures-many", "nine of them, by nobody", json.str(), "malformed");
    json.as_object()["coSignatures"] = Json::Array{};
    refuse<TenantPolicy>("co-signature-none", "an empty list", json.str(), "malformed");
  }

  void refuse_approvals() {
    const TrustPolicy persons = trust_as_approver();
    refuse<ApprovalRequest>("approval-request-by-a-server", "signed with a key for documents",
                            signed_by_us<ApprovalRequest>(), "untrusted_key");
    refuse<Approval>("approval-by-a-server", "signed with a key for documents",
                     signed_by_us<Approval>(), "untrusted_key");
    refuse<Statement>("statement-by-an-approver", "signed with a person's key",
                      signed_by_us<Statement>(), "untrusted_key", persons);
    refuse<Approval>("approval-type", "a request in an approval's place",
                     signed_by_us<ApprovalRequest>(), "wrong_type", persons);
    Json json = parse_json(signed_by_us<Approval>());
    json.as_object()["coSignatures"] = Json::Array{co_signature(json, *other_)};
    refuse<Approval>("approval-co-signed", "two persons in one approval", json.str(), "malformed",
                     persons);
    refuse<ApprovalRequest>(
        "approval-request-ended", "its end before its beginning",
        signed_by_us<ApprovalRequest>(set("expiresAt", "2026-11-23T07:56:29.123456789Z")),
        "malformed", persons);
    refuse<ApprovalRequest>("approval-request-without-steps", "no steps",
                            signed_by_us<ApprovalRequest>(set("plan", Json::Array{})), "malformed",
                            persons);
  }

  void refuse_exports() {
    const auto refuse_form = [&](const std::string& name, const std::string& desc,
                                 const Change& change) {
      refuse_signed<ExportManifest>(name, desc, change);
    };
    const auto in = [](const std::string& member, const std::string& name, const Json& value) {
      return [=](Json::Object& object) {
        Json& found = object.at(member);
        Json& inner = found.is_array() ? found.as_array().front() : found;
        inner.as_object().insert_or_assign(name, value);
      };
    };
    refuse_form("export-format", "another format", set("format", "parquet"));
    refuse_form("export-file-twice", "a file that stands twice", [](Json::Object& object) {
      object.at("hashes").as_array().at(1) = object.at("hashes").as_array().at(0);
      object.at("bytes") = 200 + 200 + 4000;
    });
    refuse_form("export-files-out-of-order", "files out of order", [](Json::Object& object) {
      std::swap(object.at("hashes").as_array().at(0), object.at("hashes").as_array().at(1));
    });
    refuse_form("export-file-name", "a name that leads out of the bundle",
                in("hashes", "file", "../x"));
    refuse_form("export-region", "a region without a name", set("region", ""));
    refuse_form("export-created", "a day that is none",
                set("createdAt", "2026-02-30T00:00:00.000000000Z"));
    refuse_form("export-bytes", "another sum of bytes", set("bytes", 1));
    refuse_form("export-files-counted", "another number of files", in("counts", "files", 4));
    refuse_form("export-tsa-type", "another kind of time-stamp", in("tsa", "type", "none"));
    refuse_form("export-ranges-twice", "a stream that stands twice", [](Json::Object& object) {
      auto& ranges = object.at("proofRefs").as_array();
      ranges.push_back(ranges.front());
    });
  }

  void refuse_signatures() {
    const std::string signature =
        parse_json(signed_by_us<TenantPolicy>()).as_object().at("signature").as_string();
    const auto with = [&](const std::string& text) {
      return changed_later<TenantPolicy>(set("signature", text));
    };
    Bytes bytes = from_base64(signature).value();
    const TrustPolicy es256 = trust_with(vector_signer("es256.pem")->public_key());
    refuse<TenantPolicy>("signature-of-other-bytes", "a member was changed later",
                         changed_later<TenantPolicy>(set("retention", "P1D")), "bad_signature");
    refuse<TenantPolicy>("signature-of-nonce", "the nonce was changed later",
                         changed_later<TenantPolicy>(set("nonce", std::string(32, '0'))),
                         "bad_signature");
    refuse<TenantPolicy>("signature-cut", "63 bytes", with(to_base64(ByteView(bytes).first(63))),
                         "bad_signature");
    refuse<TenantPolicy>("signature-empty", "no bytes", with(""), "bad_signature");
    refuse<TenantPolicy>("signature-es256-raw", "r and s without DER",
                         es256_policy(kEs256RawSignature), "bad_signature", es256);
    bytes[40] ^= std::byte{1};
    refuse<TenantPolicy>("signature-bit-flipped", "one bit of it", with(to_base64(bytes)),
                         "bad_signature");
    refuse<TenantPolicy>("signature-without-padding", "base64 without padding",
                         with(signature.substr(0, 86)), "malformed");
    refuse<TenantPolicy>("signature-trailing-bits", "base64 that is not canonical",
                         with(signature.substr(0, 85) + "B=="), "malformed");
    refuse<TenantPolicy>("signature-missing", "no signature",
                         changed_later<TenantPolicy>(drop("signature")), "malformed");
  }

  void refuse_members() {
    refuse_signed<TenantPolicy>("member-alg", "the document names an algorithm",
                                set("alg", "none"));
    refuse_signed<TenantPolicy>("member-missing", "a member is missing", drop("retention"));
    refuse_signed<TenantPolicy>("member-null", "null is not absence", set("retention", Json()));
    refuse_signed<VaultDocument>("vault-with-tenant", "a tenant where there is none",
                                 set("tenantId", "acme-corp"));
    refuse_signed<VaultDocument>("vault-without-recipient", "nobody could open a wrap",
                                 set("recipients", Json::Array{}));
    refuse_signed<TenantPolicy>("nonce-short", "a nonce of 31 digits",
                                set("nonce", std::string(31, '0')));
    refuse_signed<TenantPolicy>("time-without-decimals", "a time without nine decimals",
                                set("createdAt", "2026-11-23T07:56:29Z"));
    refuse_signed<TenantPolicy>("time-with-offset", "a time with an offset",
                                set("createdAt", "2026-11-23T07:56:29.000000000+00:00"));
    refuse_signed<TenantPolicy>("policy-version-0", "versions count from 1", set("version", 0));
    refuse_signed<TenantPolicy>("policy-retention-weeks", "a period not in its one form",
                                set("retention", "P2W"));
    refuse_signed<TenantPolicy>("policy-field-unknown", "a name that is not mapped",
                                set("fieldMap", Json::Object{{"time", "t"}, {"user", "u"}}));
    refuse_signed<TenantPolicy>("policy-time-unmapped", "no path for the time",
                                set("fieldMap", Json::Object{{"action", "a"}}));
    refuse_signed<KeyEpoch>("key-epoch-month-13", "no such month", set("epoch", "202613"));
    refuse_signed<KeyEpoch>("key-epoch-uri", "an absolute URI in the place of a key",
                            set("wrapKey", "https://host.example/wrap.age"));
    refuse_signed<SegmentManifest>("manifest-key-up", "a key that leads up",
                                   set("key", "segments/acme-corp/../x"));
    refuse_signed<SegmentManifest>("manifest-key-absolute", "a key that is a path",
                                   set("key", "/x"));
    refuse_signed<SegmentManifest>("manifest-digest-upper-case", "a digest in upper case",
                                   set("sha256", std::string(64, 'A')));
    refuse_signed<SegmentManifest>("manifest-negative", "a count below 0", set("records", -1));
    refuse_signed<SegmentManifest>("manifest-one-time", "a first time without a last",
                                   drop("lastTime"));
    refuse_signed<SegmentManifest>("manifest-times-reversed", "a first time after the last",
                                   set("firstTime", "2026-11-22T18:00:00.000000000Z"));
    refuse_signed<SegmentManifest>("manifest-times-of-opaque", "times where every record is opaque",
                                   set("opaqueRecords", 9));
    refuse_signed<SegmentManifest>("manifest-too-many-opaque", "more opaque records than records",
                                   set("opaqueRecords", 10));
    refuse_signed<SegmentManifest>("manifest-leaf-scheme-0", "schemes count from 1",
                                   set("leafScheme", 0));
    refuse_signed<SegmentManifest>("manifest-encoding-unknown", "an encoding that is none",
                                   set("inputEncoding", "brotli"));
    refuse_signed<RecoveryPoint>("point-incremental-without-parent", "an incremental point alone",
                                 drop("parent"));
    refuse_signed<RecoveryPoint>("point-full-with-parent", "a full point with a parent",
                                 set("backupType", "full"));
    refuse_signed<RecoveryPoint>("point-page-twice", "a page that is listed twice",
                                 [](Json::Object& object) {
                                   Json::Array& lists = object.at("lists").as_array();
                                   lists.push_back(lists.front());
                                 });
    refuse_signed<RecoveryPoint>("point-id-path", "an id that is a path",
                                 set("recoveryPointId", "a/b"));
    refuse_signed<Statement>("statement-predecessor", "a predecessor where no term begins",
                             set("action", "checked"));
    refuse_signed<Statement>("statement-binding-in-version-1", "a member that version 1 lacks",
                             set("binding", true));
    refuse_summary("statement-binding-missing", "version 2 says whether it is binding",
                   [](Json::Object& statement) { statement.erase("binding"); });
    refuse_summary("statement-binding-false", "an act of the table is what the table says",
                   set("binding", false));
    refuse_summary("statement-binding-before-itself", "it leads to what came before",
                   set("bindingBefore", 9));
    refuse_summary("statement-summary-not-rising", "each index once and in order",
                   set("bindingActs", Json::Array{std::uint64_t{2}, std::uint64_t{2}}));
    refuse_summary("statement-summary-of-itself", "it sums up what came before",
                   set("bindingActs", Json::Array{std::uint64_t{9}}));
    refuse_summary("statement-summary-elsewhere", "no other act sums up",
                   set("action", "clock.corrected"));
    refuse<Statement>("statement-version-3", "a later version",
                      signed_by_us<Statement>(set("formatVersion", 3)), "unsupported");
    refuse_signed<Statement>("statement-action-upper-case", "an action that is no word",
                             set("action", "Ledger.Opened"));
  }

  const std::shared_ptr<const Signer> signer_ = vector_signer("signing.pem");
  const std::shared_ptr<const Signer> other_ = ed25519_signer(9);
  const TrustPolicy trust_ = vector_trust();
};

template <class T>
Verdict check_as(const Json::Object& body, const TrustPolicy& trust) {
  std::optional<TenantId> tenant;
  if (const std::string* name = find_text(body, "tenant")) tenant = TenantId(*name);
  const auto checked = check_document<T>(text_of(body, "stored"), &trust, tenant);
  if (checked.state == DocumentState::verified) return {"verified", ""};
  return {{}, std::string(to_string(checked.state))};
}

Verdict check_any(const Json::Object& body, const TrustPolicy& trust) {
  const std::string& type = text_of(body, "documentType");
  if (type == VaultDocument::type) return check_as<VaultDocument>(body, trust);
  if (type == TenantPolicy::type) return check_as<TenantPolicy>(body, trust);
  if (type == KeyEpoch::type) return check_as<KeyEpoch>(body, trust);
  if (type == SegmentManifest::type) return check_as<SegmentManifest>(body, trust);
  if (type == RecoveryPoint::type) return check_as<RecoveryPoint>(body, trust);
  if (type == ApprovalRequest::type) return check_as<ApprovalRequest>(body, trust);
  if (type == Approval::type) return check_as<Approval>(body, trust);
  if (type == ExportManifest::type) return check_as<ExportManifest>(body, trust);
  return check_as<Statement>(body, trust);
}

TEST(SignedDocumentVectors, GetTheirVerdicts) {
  run_vectors("signed_document", DocumentCases(), [](const Json::Object& body) {
    const auto trust = body.find("trust");
    return check_any(
        body, trust == body.end() ? vector_trust() : parse_trust_policy(trust->second.str()));
  });
}

class ListCases : public Cases {
 public:
  ListCases() {
    const std::string page = stored({1039, 1041});
    take("happy", "two descriptors", page, {1039, 1041});
    take("happy-one", "one descriptor at the page's last place", stored({1999}), {1999});
    refuse("form-line-feed", "a line feed at the end", page + "\n");
    refuse("form-white-space", "a space between tokens", "{ " + page.substr(1));
    change("type-changed", "another type", set("type", "manifest"));
    change("version-2", "a later version", set("formatVersion", 2));
    change("member-unknown", "a member that the format lacks", set("nonce", "0"));
    change("member-missing", "a member is missing", drop("tenantId"));
    change("descriptors-none", "an empty page", set("descriptors", Json::Array{}));
    change("page-of-another", "descriptors of another page", set("page", 2));
    change("stream-of-another", "descriptors of another stream", set("stream", "other"));
    change("descriptors-swapped", "descriptors out of order", [](Json::Object& object) {
      Json::Array& all = object.at("descriptors").as_array();
      std::swap(all.front(), all.back());
    });
    change("descriptor-twice", "a descriptor that stands twice", [](Json::Object& object) {
      Json::Array& all = object.at("descriptors").as_array();
      all.back() = all.front();
    });
    change_first("descriptor-member-unknown", "a descriptor with a member too many",
                 set("uri", "https://host.example/"));
    change_first("descriptor-uri", "an absolute URI in the place of a key",
                 set("key", "https://host.example/package"));
    change_first("descriptor-name-empty", "a segment without a name", set("name", ""));
    change_first("descriptor-kind-unknown", "a kind that is none", set("kind", "folder"));
    change_first("descriptor-leaf-scheme-0", "schemes count from 1", set("leafScheme", 0));
  }

 private:
  static std::vector<Descriptor> descriptors(const std::vector<std::uint64_t>& sequences) {
    std::vector<Descriptor> all;
    for (const std::uint64_t sequence : sequences) all.push_back(sample_descriptor(sequence));
    return all;
  }
  static std::string stored(const std::vector<std::uint64_t>& sequences) {
    return canonical(
        ListPage{kVaultId, kTenant, sample_descriptor().stream, 1, descriptors(sequences)});
  }
  void take(const std::string& name, const std::string& desc, const std::string& page,
            const std::vector<std::uint64_t>& sequences) {
    merkle::Frontier<Rfc9162Hasher> tree;
    for (const Descriptor& each : descriptors(sequences)) {
      tree.push(Rfc9162Hasher::leaf(as_bytes(canonical(each))));
    }
    good(name, desc, {{"stored", page}},
         Json::Object{{"sha256", sha256(as_bytes(page)).hex()}, {"merkleRoot", tree.root().hex()}});
  }
  void refuse(const std::string& name, const std::string& desc, const std::string& page) {
    bad(name, desc, {{"stored", page}}, "corrupt");
  }
  void change(const std::string& name, const std::string& desc, const Change& how) {
    Json json = parse_json(stored({1039, 1041}));
    how(json.as_object());
    refuse(name, desc, json.str());
  }
  void change_first(const std::string& name, const std::string& desc, const Change& how) {
    change(name, desc, [&](Json::Object& object) {
      how(object.at("descriptors").as_array().front().as_object());
    });
  }
};

TEST(ListPageVectors, GetTheirVerdicts) {
  run_vectors("list_page", ListCases(), [](const Json::Object& body) {
    return verdict_of([&]() -> Json {
      const std::string& stored = text_of(body, "stored");
      merkle::Frontier<Rfc9162Hasher> tree;
      for (const Descriptor& each : parse_list_page(stored).descriptors) {
        tree.push(Rfc9162Hasher::leaf(as_bytes(canonical(each))));
      }
      return Json::Object{{"sha256", sha256(as_bytes(stored)).hex()},
                          {"merkleRoot", tree.root().hex()}};
    });
  });
}

}  // namespace
}  // namespace atp::test
