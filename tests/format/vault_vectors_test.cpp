// SPDX-License-Identifier: Apache-2.0
/// Vectors of recovery points, ledgers and key epochs: the golden vault with some objects changed,
/// many of them signed again, as somebody with the keys could.
#include "atp/ledger/note.hpp"
#include "atp/merkle/tree.hpp"
#include "atp/model/object_key.hpp"
#include "atp/storage/memory_store.hpp"
#include "atp/verify/verify.hpp"
#include "format/vectors.hpp"
#include "model/signing.hpp"

namespace atp::test {
namespace {

constexpr const char* kStream = "default";
const std::string kOtherDigest(64, '0');

std::string entry_key(std::uint64_t index) { return layout::ledger_entry(kTenant, 0, index); }
std::string checkpoint_key(std::uint64_t size) {
  return layout::ledger_checkpoint(kTenant, 0, size);
}
std::string point_key(const std::string& id) { return layout::recovery_point(kTenant, id); }

/// The golden vault while it is changed.
class Changed {
 public:
  Changed& remove(const std::string& key) {
    store_.erase(key);
    return *this;
  }
  Changed& put(const std::string& key, std::string contents) {
    store_[key] = std::move(contents);
    return *this;
  }
  Changed& copy(const std::string& from, const std::string& to) { return put(to, store_.at(from)); }
  /// Changes a signed document and signs it again.
  Changed& edit(const std::string& key, const Change& change,
                const std::string& signing_key = "signing.pem") {
    Json json = parse_json(store_.at(key));
    const auto signer = vector_signer(signing_key);
    json.as_object().insert_or_assign("keyId", signer->public_key().id());
    change(json.as_object());
    return put(key, sign_json(json, *signer));
  }
  /// Changes a point, and with it the statement and the checkpoints over it.
  Changed& edit_point(const std::string& id, const Change& change) {
    edit(point_key(id), change);
    const std::string digest = sha256(as_bytes(store_.at(point_key(id)))).hex();
    for (std::uint64_t index = 1; store_.contains(entry_key(index)); ++index) {
      const Json json = parse_json(store_.at(entry_key(index)));
      if (text_of(json.as_object(), "subjectId") != id) continue;
      edit(entry_key(index), set("subjectSha256", digest));
    }
    return sign_checkpoints();
  }
  /// New checkpoints over the entries as they are now.
  Changed& sign_checkpoints() {
    std::vector<Digest> leaves;
    std::string origin;
    for (std::uint64_t size = 1; store_.contains(entry_key(size - 1)); ++size) {
      const std::string& entry = store_.at(entry_key(size - 1));
      leaves.push_back(Rfc9162Hasher::leaf(as_bytes(entry)));
      origin = text_of(parse_json(entry).as_object(), "origin");
      if (!store_.contains(checkpoint_key(size))) continue;
      const Checkpoint checkpoint{origin, size, merkle::root<Rfc9162Hasher>(leaves)};
      put(checkpoint_key(size), sign_checkpoint(checkpoint, *vector_signer("ledger.pem")));
    }
    return *this;
  }

  const std::string& at(const std::string& key) const { return store_.at(key); }

  /// What differs from the golden vault: texts, base64 for age files, null for what is gone.
  Json difference() const {
    Json::Object changes;
    for (const auto& [key, contents] : golden_vault().store) {
      if (!store_.contains(key)) changes.emplace(key, nullptr);
    }
    for (const auto& [key, contents] : store_) {
      const auto before = golden_vault().store.find(key);
      if (before != golden_vault().store.end() && before->second == contents) continue;
      changes.emplace(key, key.ends_with(".age") ? to_base64(as_bytes(contents)) : contents);
    }
    return changes;
  }

 private:
  FileMap store_ = golden_vault().store;
};

class VaultCases : public Cases {
 protected:
  void take(const std::string& name, const std::string& desc, const std::string& point,
            const Changed& changed, const Json& expect) {
    good(name, desc, {{"recoveryPointId", point}, {"change", changed.difference()}}, expect);
  }
  void refuse(const std::string& name, const std::string& desc, const Changed& changed,
              const std::string& checks) {
    bad(name, desc, {{"recoveryPointId", incremental_}, {"change", changed.difference()}}, checks);
  }

  Json point_json(const std::string& id) const {
    return parse_json(golden_vault().store.at(point_key(id)));
  }
  std::string page_key(const std::string& id) const {
    const Json json = point_json(id);
    const Json& list = json.as_object().at("lists").as_array().front();
    return "lists/acme-corp/" + text_of(list.as_object(), "sha256") + ".json";
  }
  std::string package_key() const {
    const Json json = parse_json(golden_vault().store.at(manifest_));
    return text_of(json.as_object(), "key");
  }

  const std::string full_ = golden_vault().full_point;
  const std::string incremental_ = golden_vault().incremental_point;
  const std::string manifest_ = layout::manifest(kTenant, StreamId(kStream), 1);
};

Verdict verify_changed(const Json::Object& body) {
  FileMap files = read_folder(vectors_path("vault/store"));
  for (const auto& [key, value] : body.at("change").as_object()) {
    files.erase(key);
    if (value.is_null()) continue;
    files[key] = key.ends_with(".age") ? std::string(as_text(*from_base64(value.as_string())))
                                       : value.as_string();
  }
  const auto store = memory_store(std::make_shared<ManualClock>());
  for (const auto& [key, contents] : files) {
    if (is_key(key)) put_object(*store, key, as_bytes(contents), {});
  }
  const age::Identity identity =
      age::Identity::parse_file(read_text(vectors_path("keys") / "vault.key"));
  const TrustPolicy trust = vector_trust();
  const Report report = verify_point(*store, find_point(*store, text_of(body, "recoveryPointId")),
                                     &trust, {&identity, 1}, {.workers = 1});
  std::set<std::string> failed;
  for (const Check& check : report.failures()) failed.insert(check.name);
  return {std::string(to_string(report.verdict())), join(failed)};
}

class PointCases : public VaultCases {
 public:
  PointCases() {
    take("happy-full", "the golden vault's full point", full_, {}, "verified");
    take("happy-incremental", "the golden vault's incremental point", incremental_, {}, "verified");
    lose_objects();
    change_signed();
    change_what_is_listed();
  }

 private:
  void lose_objects() {
    refuse("lost-vault-document", "vault.json is gone", Changed().remove("vault.json"), "vault");
    refuse("lost-page", "a list page is gone", Changed().remove(page_key(incremental_)),
           "point.list");
    refuse("lost-manifest", "the last manifest is gone", Changed().remove(manifest_),
           "manifest.chain");
    refuse("lost-package", "a package is gone", Changed().remove(package_key()), "package.stored");
    refuse("lost-parent", "the parent is gone", Changed().remove(point_key(full_)), "point.parent");
    refuse("lost-policy", "the policy is gone", Changed().remove(layout::policy(kTenant, 1)),
           "policy");
    refuse("page-of-other-bytes", "a list page with a line feed at its end",
           Changed().put(page_key(full_), Changed().at(page_key(full_)) + "\n"), "point.list");
    refuse("package-cut", "a package without its last byte",
           Changed().put(package_key(), Changed().at(package_key()).substr(0, 300)),
           "package.envelope package.index package.stored_bytes package.stored_sha256");
    refuse("manifest-of-other-place", "the first manifest in the second's place",
           Changed().copy(layout::manifest(kTenant, StreamId(kStream), 0), manifest_),
           "manifest.chain point.coverage");
    refuse("manifest-signed-again", "the last manifest changed and signed again",
           Changed().edit(manifest_, set("inputBytes", 1)), "manifest.chain point.coverage");
    refuse("manifest-previous", "the last manifest follows another one",
           Changed().edit(manifest_, set("previous", kOtherDigest)),
           "manifest.chain point.coverage");
    refuse("manifest-untrusted", "the last manifest signed by the ledger's key",
           Changed().edit(manifest_, set("inputBytes", 1), "ledger.pem"),
           "manifest.chain point.coverage");
  }

  /// The statement and the checkpoints are of the point as it stands; one member of it is a lie.
  void lie(const std::string& name, const std::string& desc, const Change& change,
           const std::string& checks) {
    refuse(name, desc, Changed().edit_point(incremental_, change), checks);
  }

  void change_signed() {
    refuse("point-signed-again", "the point changed and signed again, not so the ledger",
           Changed().edit(point_key(incremental_), set("nonce", std::string(32, '0'))),
           "ledger.statement");
    refuse(
        "point-untrusted", "the point signed by the ledger's key",
        Changed().edit(point_key(incremental_), set("nonce", std::string(32, '0')), "ledger.pem"),
        "point.manifest");
    refuse("point-of-other-id", "the full point in the incremental one's place",
           Changed().copy(point_key(full_), point_key(incremental_)), "point.manifest");
    lie("point-id", "the point says another id", set("recoveryPointId", full_), "point.manifest");
    lie("point-ledger-size", "the point saw a longer ledger than the one it stands in",
        set("ledgerSizeSeen", 3), "ledger.statement");
    lie("point-policy", "the point names a policy that there is not", set("policyVersion", 2),
        "policy");
    lie("parent-digest", "the parent had other bytes",
        set("parent", Json::Object{{"recoveryPointId", full_}, {"sha256", kOtherDigest}}),
        "point.parent");
    lie("parent-itself", "the point is its own parent",
        set("parent", Json::Object{{"recoveryPointId", incremental_}, {"sha256", kOtherDigest}}),
        "point.parent");
    lie(
        "parent-none", "the point claims to be full",
        [](Json::Object& object) {
          object.erase("parent");
          object["backupType"] = "full";
        },
        "point.coverage");
  }

  Change set_list(const std::string& name, const Json& value) const {
    return [=](Json::Object& object) {
      object.at("lists").as_array().front().as_object().insert_or_assign(name, value);
    };
  }
  Change set_coverage(const std::string& name, const Json& value) const {
    return [=](Json::Object& object) {
      object.at("coveredTo").as_array().front().as_object().insert_or_assign(name, value);
    };
  }

  void change_what_is_listed() {
    lie("merkle-root", "another root", set("merkleRoot", kOtherDigest), "point.merkle_root");
    lie("count-segments", "one segment more", set("segments", 2), "point.counts");
    lie("count-records", "one record more", set("records", 2), "point.counts");
    lie("count-bytes", "other raw bytes", set("bytes", 1), "point.counts");
    lie("count-stored-bytes", "other stored bytes", set("storedBytes", 1), "point.counts");
    lie("list-digest", "a page that there is not", set_list("sha256", kOtherDigest), "point.list");
    lie("list-descriptors", "one descriptor more", set_list("descriptors", 2), "point.list");
    lie("list-page", "another number of the page", set_list("page", 1), "point.list");
    lie("list-stream", "another stream", set_list("stream", "other"), "point.list");
    lie("list-of-parent", "the parent's page in the place of its own",
        set_list("sha256",
                 text_of(point_json(full_).as_object().at("lists").as_array().front().as_object(),
                         "sha256")),
        "point.counts point.coverage point.merkle_root");
    lie("list-none", "nothing is listed", set("lists", Json::Array{}),
        "point.counts point.coverage point.merkle_root");
    lie("coverage-head", "another head of the stream", set_coverage("head", kOtherDigest),
        "point.coverage");
    lie("coverage-less", "less of the stream than is listed", set_coverage("sequences", 1),
        "point.coverage");
    lie("coverage-more", "more of the stream than there is", set_coverage("sequences", 3),
        "manifest.chain point.coverage");
    lie("coverage-none", "no stream is covered", set("coveredTo", Json::Array{}), "point.coverage");
  }
};

TEST(RecoveryPointVectors, GetTheirVerdicts) {
  run_vectors("recovery_point", PointCases(), verify_changed);
}

/// Nothing is believed from a damaged entry on, so the point's statement is not found.
constexpr const char* kUnread = "ledger.entries ledger.statement";

class StatementCases : public VaultCases {
 public:
  StatementCases() {
    take("happy", "the golden vault's ledger", incremental_, {}, "verified");
    take("happy-checkpoint-signed-again", "a checkpoint of the same size and root", incremental_,
         Changed().sign_checkpoints(), "verified");
    take("happy-first-checkpoint-lost", "the newest checkpoint is enough", incremental_,
         Changed().remove(checkpoint_key(2)), "verified");
    refuse("entry-lost", "an entry in the middle is gone", Changed().remove(entry_key(1)), kUnread);
    refuse("tail-cut", "the last entry is gone, and a checkpoint over it is there",
           Changed().remove(entry_key(2)), "ledger.checkpoint ledger.statement");
    refuse("tail-cut-with-checkpoint", "the last entry is gone with its checkpoint",
           Changed().remove(entry_key(2)).remove(checkpoint_key(3)), "ledger.statement");
    refuse("entry-signed-again", "an entry changed and signed again",
           Changed().edit(entry_key(1), set("jobId", std::string(32, '0'))), "ledger.checkpoint");
    refuse("entry-untrusted", "an entry signed by the ledger's key",
           Changed().edit(entry_key(1), set("jobId", std::string(32, '0')), "ledger.pem"), kUnread);
    change("entry-index", "an entry with another index", 1, set("index", 2), kUnread);
    change("entry-origin", "an entry of another log", 2, set("origin", "vault.example/x/0"),
           kUnread);
    change("entry-tenant", "an entry of another tenant", 1, set("tenantId", "acme"), kUnread);
    change("entry-type", "another document in an entry's place", 1, set("type", "policy"), kUnread);
    change("opened-twice", "a second beginning", 1, set("action", "ledger.opened"), kUnread);
    change("opened-never", "a first entry that opens nothing", 0, set("action", "checked"),
           kUnread);
    take("happy-old", "statements of version 1", incremental_, old(3), "verified");
    refuse("old-above-new", "a statement of version 1 above one of version 2",
           Changed().edit(entry_key(2), make_old).sign_checkpoints(), kUnread);
    refuse("summary-missing", "version 2 goes on without a summary", old(2), kUnread);
    take("happy-summary", "version 2 goes on behind a summary", incremental_,
         summed_up(Json::Array{}), "verified");
    refuse("summary-of-others", "a summary of what is not binding",
           summed_up(Json::Array{std::uint64_t{1}}), kUnread);
    change("binding-before", "an entry that leads to what is not binding", 2,
           set("bindingBefore", 1), kUnread);
    change("statement-digest", "the statement names other bytes", 2,
           set("subjectSha256", kOtherDigest), "ledger.statement");
    change("statement-action", "the point was checked, never completed", 2,
           set("action", "checked"), "ledger.statement");
    change("statement-order", "the parent completed after its child", 1,
           set("subjectId", incremental_), "ledger.statement");
    refuse("entries-swapped", "two entries in each other's place",
           Changed()
               .put(entry_key(1), Changed().at(entry_key(2)))
               .put(entry_key(2), Changed().at(entry_key(1))),
           kUnread);
    refuse("checkpoint-fork", "a checkpoint of another root",
           Changed().put(checkpoint_key(3), checkpoint({}, 3)), "ledger.checkpoint");
    refuse("checkpoint-size", "a checkpoint of another size",
           Changed().copy(checkpoint_key(2), checkpoint_key(3)), "ledger.checkpoint");
    refuse("checkpoint-beyond", "a checkpoint over entries that there are not",
           Changed().put(checkpoint_key(4), checkpoint({}, 4)), "ledger.checkpoint");
  }

 private:
  static void make_old(Json::Object& entry) {
    entry.insert_or_assign("formatVersion", 1);
    entry.erase("binding");
    entry.erase("bindingBefore");
  }
  /// The golden vault whose first `entries` are of version 1.
  static Changed old(std::uint64_t entries) {
    Changed changed;
    for (std::uint64_t index = 0; index < entries; ++index)
      changed.edit(entry_key(index), make_old);
    return changed.sign_checkpoints();
  }
  /// The same with two, and a summary of them that names `acts`.
  static Changed summed_up(const Json& acts) {
    Changed changed = old(2);
    changed.copy(entry_key(2), entry_key(3)).copy(checkpoint_key(3), checkpoint_key(4));
    changed.edit(entry_key(2), [&](Json::Object& entry) {
      entry.erase("subjectId");
      entry.erase("subjectSha256");
      entry.insert_or_assign("action", "ledger.summed_up");
      entry.insert_or_assign("binding", true);
      entry.insert_or_assign("bindingActs", acts);
    });
    changed.edit(entry_key(3), [](Json::Object& entry) {
      entry.insert_or_assign("index", 3);
      entry.insert_or_assign("bindingBefore", 2);
    });
    return changed.sign_checkpoints();
  }

  /// The checkpoints are of the entries as they stand.
  void change(const std::string& name, const std::string& desc, std::uint64_t index,
              const Change& how, const std::string& checks) {
    refuse(name, desc, Changed().edit(entry_key(index), how).sign_checkpoints(), checks);
  }
  static std::string checkpoint(const Digest& root, std::uint64_t size) {
    const Json entry = parse_json(golden_vault().store.at(entry_key(0)));
    return sign_checkpoint({text_of(entry.as_object(), "origin"), size, root},
                           *vector_signer("ledger.pem"));
  }
};

TEST(StatementVectors, GetTheirVerdicts) {
  run_vectors("statement", StatementCases(), verify_changed);
}

class KeyEpochCases : public VaultCases {
 public:
  KeyEpochCases() {
    take("happy", "the golden vault's key epoch", incremental_, {}, "verified");
    take("happy-rotated", "a second wrap of the same identity", incremental_, rotated({}),
         "verified");
    refuse("document-lost", "no document of the epoch", Changed().remove(document_), "key_epoch");
    refuse("wrap-lost", "the wrap is gone", Changed().remove(wrap_), "key_epoch");
    refuse("wrap-of-other-bytes", "a bit of the wrap", Changed().put(wrap_, flipped()),
           "key_epoch");
    refuse("wrap-of-another-identity", "a sound wrap of an identity that fits no package",
           rewrapped(other_identity_), "key_epoch");
    refuse("wrap-outside", "a wrap outside of the epoch",
           Changed()
               .copy(wrap_, "keys/acme-corp/202612/0123456789abcdef.age")
               .edit(document_, set("wrapKey", "keys/acme-corp/202612/0123456789abcdef.age")),
           "key_epoch");
    refuse("document-of-other-epoch", "a document that says another epoch",
           Changed().edit(document_, set("epoch", "202612")), "key_epoch");
    refuse("document-of-other-index", "a document that says another index",
           Changed().edit(document_, set("index", 1)), "key_epoch");
    refuse("document-untrusted", "a document signed by the ledger's key",
           Changed().edit(document_, set("index", 0), "ledger.pem"), "key_epoch");
    refuse("index-gap", "a second document with index 2",
           Changed().copy(document_, next(2)).edit(next(2), set("index", 2)), "key_epoch");
    refuse("rotated-to-another-recipient", "a rotation with another recipient",
           rotated(set("recipient", other_identity_.recipient().str())), "key_epoch");
  }

 private:
  std::string next(std::uint64_t index) const {
    return layout::key_epoch_document(kTenant, "202611", index);
  }
  Changed rotated(const Change& change) const {
    const std::string wrap = "keys/acme-corp/202611/ffffffffffffffff.age";
    return Changed()
        .copy(wrap_, wrap)
        .copy(document_, next(1))
        .edit(next(1), [&](Json::Object& object) {
          object["index"] = 1;
          object["wrapKey"] = wrap;
          if (change) change(object);
        });
  }
  Changed rewrapped(const age::Identity& identity) const {
    const age::Recipient vault =
        age::Identity::parse_file(golden_vault().keys.at("vault.key")).recipient();
    SequenceRandom random(12);
    const std::string line = std::string(identity.str().text()) + "\n";
    const Bytes wrap = age::encrypt(as_bytes(line), {&vault, 1}, random);
    return Changed()
        .put(wrap_, std::string(as_text(wrap)))
        .edit(document_, set("wrapSha256", sha256(wrap).hex()));
  }
  std::string flipped() const {
    std::string wrap = golden_vault().store.at(wrap_);
    wrap.back() = static_cast<char>(wrap.back() ^ 1);
    return wrap;
  }
  static age::Identity make_other() {
    SequenceRandom random(11);
    return age::Identity::generate(random);
  }

  const age::Identity other_identity_ = make_other();
  const std::string document_ = layout::key_epoch_document(kTenant, "202611", 0);
  const std::string wrap_ =
      text_of(parse_json(golden_vault().store.at(document_)).as_object(), "wrapKey");
};

TEST(KeyEpochVectors, GetTheirVerdicts) {
  run_vectors("key_epoch", KeyEpochCases(), verify_changed);
}

}  // namespace
}  // namespace atp::test
