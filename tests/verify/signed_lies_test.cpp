// SPDX-License-Identifier: Apache-2.0
/// Documents with a trusted signature that say what cannot be, and signatures that do not count.
#include "atp/crypto/sha256.hpp"
#include "atp/ledger/note.hpp"
#include "atp/merkle/frontier.hpp"
#include "atp/model/signed_document.hpp"
#include "atp/storage/layout.hpp"
#include "verify/manifest_chain.hpp"
#include "verify/verifying.hpp"

namespace atp {
namespace {

using test::failed_subjects;
using test::named;
using test::small_vault;
using test::SmallVault;
using test::text_of;
using test::verify;

const StreamId kApi("api");

std::string manifest_key(std::uint64_t sequence) {
  return layout::manifest(small_vault().tenant, kApi, sequence);
}

/// The vault with the newest segment's manifest saying something else, signed.
std::shared_ptr<ObjectStore> with_manifest(const std::string& member, const Json& value) {
  const std::string key = manifest_key(1);
  return small_vault().store_with(key, small_vault().resigned(key, {{member, value}}));
}

TEST(SignedLies, T031_APackageElsewhereIsNeverRead) {
  const SmallVault& vault = small_vault();
  const std::string other_tenants = vault.key_of("segments/acme/");
  const std::string own = vault.key_of("segments/acme-corp/api/000002");
  for (const std::string& target :
       {std::string("../../etc/passwd"), std::string("file:///etc/passwd"),
        std::string("http://169.254.169.254/latest"), std::string("//host/share"),
        std::string("/etc/passwd"), other_tenants, vault.key_of("segments/acme-corp/default/"),
        own + ".x", std::string("vault.json"), std::string("segments/acme-corp/api")}) {
    const auto store = std::make_shared<test::RecordingStore>(with_manifest("key", target));
    const Report report = verify(*store);
    EXPECT_EQ(report.verdict(), CheckState::failed) << target;
    EXPECT_TRUE(failed_subjects(report).contains(manifest_key(1))) << text_of(report);
    const bool of_the_point =
        target == "vault.json" || target.starts_with("segments/acme-corp/default");
    EXPECT_TRUE(of_the_point || !store->read().contains(target)) << target;
  }
}

template <class T>
T read_document(const Bytes& stored) {
  return check_document<T>(as_text(stored), nullptr, small_vault().tenant).document.value();
}

/// The vault with the newest segment's package under `target`, as everything says that names it,
/// from manifest to checkpoint, all of it signed.
std::shared_ptr<test::RecordingStore> with_package_at(const std::string& target) {
  const SmallVault& vault = small_vault();
  const Signer& signer = vault.vault->signers().current();
  test::Objects objects = vault.objects();
  auto manifest = read_document<SegmentManifest>(objects.at(manifest_key(1)));
  manifest.key = target;
  manifest.stored_sha256 = sha256(objects.at(target));
  manifest.stored_bytes = objects.at(target).size();
  objects[manifest_key(1)] = to_bytes(sign_document(manifest, signer));

  const Descriptor descriptor = descriptor_of(manifest, sha256(objects.at(manifest_key(1))));
  const ListPage page{vault.vault->id(), vault.tenant, kApi, 0, {descriptor}};
  const Digest page_sha256 = sha256(as_bytes(canonical(page)));
  objects[layout::list_page(vault.tenant, page_sha256)] = to_bytes(canonical(page));

  const std::string point_key = layout::recovery_point(vault.tenant, vault.incremental);
  auto point = read_document<RecoveryPoint>(objects.at(point_key));
  point.lists = {{.stream = kApi, .page = 0, .sha256 = page_sha256, .descriptors = 1}};
  point.merkle_root = Rfc9162Hasher::leaf(as_bytes(canonical(descriptor)));
  point.stored_bytes = descriptor.bytes;
  for (StreamCoverage& coverage : point.covered_to) {
    if (coverage.stream == kApi) coverage.head = descriptor.manifest_sha256;
  }
  objects[point_key] = to_bytes(sign_document(point, signer));

  const std::string entry_key = layout::ledger_entry(vault.tenant, 0, 2);
  auto statement = read_document<Statement>(objects.at(entry_key));
  statement.subject_sha256 = sha256(objects.at(point_key));
  objects[entry_key] = to_bytes(sign_document(statement, signer));
  merkle::Frontier<Rfc9162Hasher> tree;
  for (std::uint64_t i = 0; i < 3; ++i) {
    tree.push(Rfc9162Hasher::leaf(objects.at(layout::ledger_entry(vault.tenant, 0, i))));
  }
  objects[layout::ledger_checkpoint(vault.tenant, 0, 3)] =
      to_bytes(sign_checkpoint({statement.origin, 3, tree.root()}, vault.vault->ledger_signers()));
  return std::make_shared<test::RecordingStore>(vault.store_of(objects));
}

TEST(SignedLies, T031_APackageElsewhereIsNeverReadEvenWhereAllAgreeOnIt) {
  const SmallVault& vault = small_vault();
  const test::Verification stored{.depth = VerifyDepth::stored};
  const auto at_home = with_package_at(vault.key_of("segments/acme-corp/api/000002"));
  EXPECT_TRUE(verify(*at_home, vault.incremental, stored).passed());
  const std::string target = vault.key_of("segments/acme/");
  const auto elsewhere = with_package_at(target);
  EXPECT_FALSE(verify(*elsewhere, vault.incremental, stored).passed());
  EXPECT_FALSE(elsewhere->read().contains(target));
}

TEST(SignedLies, T070_APackageBelongsIntoItsOwnPlaceOnly) {
  const auto misplaced = [](const std::string& key) {
    return verify::misplaced_package(TenantId("acme"), StreamId("api"), "000001", key).has_value();
  };
  EXPECT_FALSE(misplaced("segments/acme/api/000001.0123456789abcdef.jsonl.zst.age"));
  EXPECT_TRUE(misplaced("segments/acme-corp/api/000001.0123456789abcdef.jsonl.zst.age"));
  EXPECT_TRUE(misplaced("segments/acme/apis/000001.0123456789abcdef.jsonl.zst.age"));
  EXPECT_TRUE(misplaced("segments/acme/api/000002.0123456789abcdef.jsonl.zst.age"));
  EXPECT_TRUE(misplaced("segments/acme/api/000001.0123456789ABCDEF.jsonl.zst.age"));
  EXPECT_TRUE(misplaced("segments/acme/api/000001.0123456789abcde.jsonl.zst.age"));
  EXPECT_TRUE(misplaced("segments/acme/api/000001.0123456789abcdef.jsonl.zst.age.age"));
  EXPECT_TRUE(misplaced("segments/acme/api/000001.0123456/89abcdef.jsonl.zst.age"));
  EXPECT_TRUE(misplaced("segments/acme/api/000001.jsonl.zst.age"));
  EXPECT_TRUE(misplaced(""));
}

TEST(SignedLies, InAManifestAreFoundWhateverTheMember) {
  const std::string zeros(64, '0');
  for (const auto& [member, value] : Json::Object{{"previous", zeros},
                                                  {"sequence", 7},
                                                  {"stream", "default"},
                                                  {"segment", "000001"},
                                                  {"storedBytes", 1},
                                                  {"storedSha256", zeros},
                                                  {"records", 2},
                                                  {"merkleRoot", zeros},
                                                  {"sha256", zeros},
                                                  {"bytes", 1},
                                                  {"leafScheme", 2},
                                                  {"keyEpoch", "202701"},
                                                  {"policyVersion", 9}}) {
    const Report report = verify(*with_manifest(member, value));
    EXPECT_EQ(report.verdict(), CheckState::failed) << member;
    EXPECT_TRUE(failed_subjects(report).contains(manifest_key(1))) << member << text_of(report);
  }
}

TEST(SignedLies, InAPointAreFoundWhateverTheMember) {
  const SmallVault& vault = small_vault();
  const std::string key = layout::recovery_point(vault.tenant, vault.full);
  const std::string zeros(64, '0');
  const Json::Array coverage{Json::Object{{"stream", "api"}, {"sequences", 1}, {"head", zeros}}};
  for (const auto& [member, value] : Json::Object{{"merkleRoot", zeros},
                                                  {"segments", 1},
                                                  {"records", 1},
                                                  {"bytes", 1},
                                                  {"storedBytes", 1},
                                                  {"coveredTo", coverage},
                                                  {"lists", Json::Array{}},
                                                  {"policyVersion", 9},
                                                  {"recoveryPointId", vault.incremental}}) {
    const auto store = vault.store_with(key, vault.resigned(key, {{member, value}}));
    const Report report = verify(*store, vault.full);
    EXPECT_EQ(report.verdict(), CheckState::failed) << member;
    EXPECT_TRUE(failed_subjects(report).contains(key)) << member << text_of(report);
    if (member == "recoveryPointId") continue;
    std::set<std::string> kinds;
    for (const Check& check : report.failures()) kinds.insert(check.name);
    EXPECT_GE(kinds.size(), 2U) << member << " is found by the ledger's digest alone";
  }
}

TEST(SignedLies, APointThatSawMoreOfTheLedgerThanThereWasIsRefused) {
  const SmallVault& vault = small_vault();
  const std::string point_key = layout::recovery_point(vault.tenant, vault.full);
  const std::string entry_key = layout::ledger_entry(vault.tenant, 0, 1);
  test::Objects objects = vault.objects();
  objects[point_key] = vault.resigned(point_key, {{"ledgerSizeSeen", 9}});
  objects[entry_key] =
      vault.resigned(entry_key, {{"subjectSha256", sha256(objects[point_key]).hex()}});
  const Report report = verify(*vault.store_of(objects), vault.full);
  EXPECT_EQ(named(report, "ledger.statement").at(0).found, "index 1");
}

TEST(SignedLies, AClaimOfEndlessManifestsTakesNoMemory) {
  const SmallVault& vault = small_vault();
  const std::string key = layout::recovery_point(vault.tenant, vault.full);
  Json::Array coverage{Json::Object{
      {"stream", "api"}, {"sequences", std::int64_t{1} << 52}, {"head", std::string(64, '0')}}};
  const auto store = vault.store_with(key, vault.resigned(key, {{"coveredTo", coverage}}));
  const Report report = verify(*store, vault.full);
  EXPECT_TRUE(failed_subjects(report).contains(manifest_key(2))) << text_of(report);
}

TEST(SignedLies, AnEpochWhoseWrapIsAnothersIsRefused) {
  const SmallVault& vault = small_vault();
  const std::string key = layout::key_epoch_document(vault.tenant, "202601", 0);
  const std::string wrap = vault.key_of("keys/acme/202601/", ".age");
  const Bytes lie = vault.resigned(
      key, {{"wrapKey", wrap}, {"wrapSha256", sha256(vault.objects().at(wrap)).hex()}});
  const Report report = verify(*vault.store_with(key, lie));
  EXPECT_EQ(verdict_of(named(report, "key_epoch")), CheckState::failed);
  EXPECT_EQ(verdict_of(named(report, "package.content")), CheckState::not_checked);
  EXPECT_EQ(verdict_of(named(report, "package.stored")), CheckState::verified);
}

TEST(SignedLies, T047_SignaturesByKeysOfAnotherRoleOrTimeDoNotCount) {
  const SmallVault& vault = small_vault();
  const auto store = vault.store_of(vault.objects());
  TrustPolicy swapped = vault.trust();
  for (TrustedKey& key : swapped.keys) {
    key.role = key.role == KeyRole::document ? KeyRole::ledger : KeyRole::document;
  }
  TrustPolicy expired = vault.trust();
  for (TrustedKey& key : expired.keys) key.not_after = Time{};
  TrustPolicy none = vault.trust();
  none.keys.clear();
  for (const TrustPolicy& trust : {swapped, expired, none}) {
    const Report report =
        verify_point(*store, find_point(*store, vault.incremental), &trust, vault.identities(), {});
    EXPECT_EQ(report.verdict(), CheckState::failed);
    EXPECT_EQ(named(report, "point.manifest").at(0).check_class, CheckClass::trust);
  }
}

TEST(SignedLies, T047_ATrustedKeyOfAnotherVaultDoesNotCount) {
  const SmallVault& vault = small_vault();
  TrustPolicy other = vault.trust();
  other.vault_id = std::string(32, '0');
  const auto store = vault.store_of(vault.objects());
  EXPECT_EQ(
      verify_point(*store, find_point(*store, vault.incremental), &other, vault.identities(), {})
          .verdict(),
      CheckState::failed);
}

TEST(SignedLies, OfTrustAloneEndInTheExitCodeOfTrust) {
  const SmallVault& vault = small_vault();
  const std::string key = layout::policy(vault.tenant, 1);
  Json json = parse_json(as_text(vault.objects().at(key)));
  json.as_object().insert_or_assign("signature", to_base64(Bytes(64)));
  const Report report = verify(*vault.store_with(key, to_bytes(json.str())));
  EXPECT_EQ(failed_subjects(report), std::set<std::string>{key}) << text_of(report);
  EXPECT_EQ(report.exit_code(), 21);
}

}  // namespace
}  // namespace atp
