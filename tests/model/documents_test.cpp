// SPDX-License-Identifier: Apache-2.0
#include "atp/model/documents.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/signing.hpp"

namespace atp {
namespace {

using test::check;
using test::kOtherSigner;
using test::kSigner;
using test::kTenant;
using test::malformed;
using test::refusal;
using test::sample;
using test::sample_descriptor;
using test::sign_json;
using test::signed_json;
using test::state_of;
using testing::HasSubstr;

ListPage sample_page() {
  return {.vault_id = test::kVaultId,
          .tenant = kTenant,
          .stream = StreamId("audit.default"),
          .page = 0,
          .descriptors = {sample_descriptor(0), sample_descriptor(41), sample_descriptor(999)}};
}

std::string corrupt(const std::string& stored) {
  return refusal(ErrorKind::corrupt, [&] { parse_list_page(stored); });
}

std::string changed(const std::function<void(Json::Object&)>& change) {
  Json json = parse_json(canonical(sample_page()));
  change(json.as_object());
  return json.str();
}

TEST(Descriptor, HasTheMembersOfTheFormat) {
  Descriptor descriptor = sample_descriptor();
  const Json json = parse_json(canonical(descriptor));
  std::vector<std::string> names;
  for (const auto& [name, value] : json.as_object()) names.push_back(name);
  EXPECT_THAT(
      names, testing::ElementsAre("bytes", "key", "kind", "leafScheme", "manifestSha256",
                                  "merkleRoot", "name", "records", "sequence", "sha256", "stream"));
  EXPECT_EQ(json.as_object().at("kind").as_string(), "segment");
  descriptor.kind = DescriptorKind::blob;
  EXPECT_THAT(canonical(descriptor), HasSubstr(R"("kind":"blob")"));
}

TEST(Descriptor, SaysWhatTheManifestSays) {
  const auto manifest = sample<SegmentManifest>();
  const Descriptor descriptor = descriptor_of(manifest, test::digest_of("m"));
  EXPECT_EQ(descriptor.name, manifest.segment.str());
  EXPECT_EQ(descriptor.stream, manifest.stream);
  EXPECT_EQ(descriptor.sequence, manifest.sequence);
  EXPECT_EQ(descriptor.key, manifest.key);
  EXPECT_EQ(descriptor.sha256, manifest.stored_sha256);
  EXPECT_EQ(descriptor.bytes, manifest.stored_bytes);
  EXPECT_EQ(descriptor.manifest_sha256, test::digest_of("m"));
  EXPECT_EQ(descriptor.merkle_root, manifest.merkle_root);
  EXPECT_EQ(descriptor.leaf_scheme, manifest.leaf_scheme);
  EXPECT_EQ(descriptor.records, manifest.records);
}

TEST(FieldMap, MapsEachNameToItselfAtFirst) {
  const FieldMap map = default_field_map();
  EXPECT_EQ(map.size(), 6U);
  for (const auto& [name, path] : map) EXPECT_EQ(name, path);
  EXPECT_TRUE(map.contains("subject.email"));
}

TEST(ListPage, ReadsBackWhatItPrints) {
  const ListPage page = sample_page();
  EXPECT_EQ(parse_list_page(canonical(page)), page);
  EXPECT_EQ(canonical(parse_list_page(canonical(page))), canonical(page));
}

TEST(ListPage, HoldsUpTo1000Descriptors) {
  ListPage page = sample_page();
  page.descriptors.clear();
  page.page = 2;
  for (std::uint64_t i = 2000; i < 3000; ++i) page.descriptors.push_back(sample_descriptor(i));
  EXPECT_EQ(parse_list_page(canonical(page)), page);
  page.descriptors.push_back(sample_descriptor(3000));
  refusal(ErrorKind::invalid_argument, [&] { canonical(page); });
}

TEST(ListPage, RefusesDescriptorsOutOfPlace) {
  ListPage page = sample_page();
  std::swap(page.descriptors[0], page.descriptors[1]);
  const auto refuse = [&] {
    return refusal(ErrorKind::invalid_argument, [&] { canonical(page); });
  };
  EXPECT_THAT(refuse(), HasSubstr("rise"));
  page.descriptors[0] = page.descriptors[1];
  EXPECT_THAT(refuse(), HasSubstr("rise"));
  page = sample_page();
  page.page = 1;
  EXPECT_THAT(refuse(), HasSubstr("page 1"));
  page = sample_page();
  page.descriptors[1].stream = StreamId("other");
  EXPECT_THAT(refuse(), HasSubstr("stream"));
  page.descriptors.clear();
  EXPECT_THAT(refuse(), HasSubstr("1 to 1000"));
}

TEST(ListPage, RefusesStoredDescriptorsOutOfPlace) {
  const auto descriptor = [](Json::Object& page, std::size_t i) -> Json::Object& {
    return page.at("descriptors").as_array().at(i).as_object();
  };
  EXPECT_THAT(corrupt(changed([&](Json::Object& page) { descriptor(page, 1).at("sequence") = 0; })),
              HasSubstr("rise"));
  EXPECT_THAT(
      corrupt(changed([&](Json::Object& page) { descriptor(page, 2).at("sequence") = 1000; })),
      HasSubstr("page 0"));
  EXPECT_THAT(
      corrupt(changed([&](Json::Object& page) { descriptor(page, 0).at("stream") = "other"; })),
      HasSubstr("stream"));
  EXPECT_THAT(corrupt(changed([](Json::Object& page) { page.at("descriptors") = Json::Array(); })),
              HasSubstr("1 to 1000"));
  EXPECT_THAT(
      corrupt(changed([&](Json::Object& page) { descriptor(page, 0).at("leafScheme") = 0; })),
      HasSubstr("leafScheme"));
}

TEST(ListPage, T031_KeysThatLeadElsewhereAreRefused) {
  for (const char* key : {"../other/a", "file:///etc/passwd", "https://host/a", "/a", "//host/a"}) {
    EXPECT_THAT(corrupt(changed([&](Json::Object& page) {
                  page.at("descriptors").as_array().at(0).as_object().at("key") = key;
                })),
                HasSubstr("object key"))
        << key;
  }
}

TEST(ListPage, T049_OtherTextOfTheSameValueIsRefused) {
  const std::string stored = canonical(sample_page());
  EXPECT_THAT(corrupt(stored + "\n"), HasSubstr("canonical"));
  EXPECT_THAT(corrupt(" " + stored), HasSubstr("canonical"));
  std::string escaped = stored;
  escaped.replace(escaped.find("acme"), 1, "\\u0061");
  EXPECT_THAT(corrupt(escaped), HasSubstr("canonical"));
  EXPECT_THAT(corrupt(""), HasSubstr("byte 0"));
  EXPECT_THAT(corrupt("[]"), HasSubstr("an object"));
}

TEST(ListPage, EveryMemberIsNeededAndNoOtherIsTaken) {
  const Json json = parse_json(canonical(sample_page()));
  for (const auto& [name, value] : json.as_object()) {
    EXPECT_NE(corrupt(changed([&, &name = name](Json::Object& page) { page.erase(name); })), "")
        << name;
    EXPECT_NE(corrupt(changed([&, &name = name](Json::Object& page) { page.at(name) = nullptr; })),
              "")
        << name;
  }
  EXPECT_THAT(corrupt(changed([](Json::Object& page) { page.emplace("nonce", "x"); })),
              HasSubstr("unknown"));
  EXPECT_THAT(corrupt(changed([](Json::Object& page) { page.at("type") = "lists"; })),
              HasSubstr("type"));
  EXPECT_THAT(corrupt(changed([](Json::Object& page) { page.at("formatVersion") = 2; })),
              HasSubstr("formatVersion"));
  EXPECT_THAT(corrupt(changed([](Json::Object& page) {
                page.at("descriptors").as_array().at(0).as_object().emplace("uri", "x");
              })),
              HasSubstr("unknown"));
}

TEST(AnyDocument, RefusesTimesAndDigestsInOtherForms) {
  EXPECT_THAT(malformed<KeyEpoch>("createdAt", "2026-11-23T07:56:29Z"), HasSubstr("nine decimals"));
  EXPECT_THAT(malformed<KeyEpoch>("createdAt", "2026-11-23T08:56:29.000000000+01:00"),
              HasSubstr("createdAt"));
  EXPECT_NE(malformed<KeyEpoch>("wrapSha256", std::string(64, 'A')), "");
  EXPECT_NE(malformed<KeyEpoch>("wrapSha256", std::string(63, 'a')), "");
  EXPECT_NE(malformed<KeyEpoch>("keyId", "1"), "");
  EXPECT_NE(malformed<KeyEpoch>("tenantId", ""), "");
  EXPECT_NE(malformed<KeyEpoch>("tenantId", "a\n"), "");
}

TEST(AnyDocument, T064_CountsAreIntegersFromZeroToTwoToThe53rd) {
  EXPECT_NE(malformed<SegmentManifest>("bytes", -1), "");
  EXPECT_NE(malformed<SegmentManifest>("bytes", "5"), "");
  Json json = signed_json<SegmentManifest>();
  json.as_object().at("bytes") = (std::int64_t{1} << 53) - 1;
  EXPECT_EQ(state_of<SegmentManifest>(sign_json(json, *kSigner)), DocumentState::verified);
  std::string stored = json.str();
  stored.replace(stored.find("9007199254740991"), 16, "9007199254740992");
  EXPECT_EQ(state_of<SegmentManifest>(stored), DocumentState::malformed);
  SegmentManifest manifest = sample<SegmentManifest>();
  manifest.bytes = std::uint64_t{1} << 53;
  refusal(ErrorKind::invalid_argument, [&] { sign_document(manifest, *kSigner); });
}

TEST(VaultDocument, RefusesForeignForms) {
  EXPECT_NE(malformed<VaultDocument>("tenantId", "acme-corp"), "");
  EXPECT_NE(malformed<VaultDocument>("recipients", Json::Array()), "");
  EXPECT_NE(malformed<VaultDocument>("recipients", Json::Array{"ssh-ed25519 AAAA"}), "");
  EXPECT_NE(malformed<VaultDocument>("recipients", Json::Array{"age1"}), "");
  EXPECT_NE(malformed<VaultDocument>("recipients", Json::Array{"age1\nx"}), "");
  EXPECT_NE(malformed<VaultDocument>("domain", "a b"), "");
  EXPECT_NE(malformed<VaultDocument>("domain", ""), "");
  EXPECT_NE(malformed<VaultDocument>("region", std::string(33, 'a')), "");
}

TEST(TenantPolicy, T062_RefusesMappedNamesAndPathsItDoesNotKnow) {
  const auto field_map = [](const Json::Object& map) {
    return malformed<TenantPolicy>("fieldMap", map);
  };
  EXPECT_THAT(field_map({{"time", "time"}, {"subject.mail", "x"}}), HasSubstr("unknown"));
  EXPECT_THAT(field_map({{"action", "action"}}), HasSubstr("`time`"));
  for (const char* path : {"", ".", "a.", ".a", "a..b", "a\tb", "a\xc3\xa9"}) {
    EXPECT_THAT(field_map({{"time", path}}), HasSubstr("dotted path")) << path;
  }
  TenantPolicy policy = sample<TenantPolicy>();
  policy.field_map = {{"time", "meta.created at"}};
  EXPECT_EQ(check<TenantPolicy>(sign_document(policy, *kSigner)).document, policy);
}

TEST(TenantPolicy, RefusesVersionsFromZeroAndPeriodsInOtherForms) {
  EXPECT_NE(malformed<TenantPolicy>("version", 0), "");
  for (const char* period : {"", "P", "7Y", "P0D", "P07Y", "PT1H", "P-1Y", "P99999999999Y"}) {
    EXPECT_NE(malformed<TenantPolicy>("retention", period), "") << period;
  }
}

TEST(KeyEpoch, T031_RefusesWrapsUnderKeysThatLeadElsewhere) {
  for (const char* key :
       {"", "/k", "../k", "k/..", "file:///etc/passwd", "http://host/k", "//h/k"}) {
    EXPECT_THAT(malformed<KeyEpoch>("wrapKey", key), HasSubstr("object key")) << key;
  }
  for (const char* epoch : {"", "2026", "202613", "202600", "20261", "2026-1", "2026111"}) {
    EXPECT_THAT(malformed<KeyEpoch>("epoch", epoch), HasSubstr("yyyymm")) << epoch;
  }
  EXPECT_NE(malformed<KeyEpoch>("recipient", "AGE-SECRET-KEY-1"), "");
}

TEST(SegmentManifest, T031_RefusesPackagesUnderKeysThatLeadElsewhere) {
  for (const char* key : {"", "/k", "../k", "k/../l", "file:///etc/passwd", "https://host/k",
                          "http://169.254.169.254/latest", "//host/k", "k\\l"}) {
    EXPECT_THAT(malformed<SegmentManifest>("key", key), HasSubstr("object key")) << key;
  }
}

TEST(SegmentManifest, RefusesWhatContradictsItself) {
  EXPECT_THAT(malformed<SegmentManifest>("opaqueRecords", 10), HasSubstr("opaqueRecords"));
  EXPECT_THAT(malformed<SegmentManifest>("opaqueRecords", 9), HasSubstr("firstTime"));
  EXPECT_THAT(malformed<SegmentManifest>("firstTime", "2026-11-22T18:00:00.000000000Z"),
              HasSubstr("no later than"));
  EXPECT_THAT(malformed<SegmentManifest>([](Json::Object& json) { json.erase("firstTime"); }),
              HasSubstr("both or neither"));
  EXPECT_THAT(malformed<SegmentManifest>([](Json::Object& json) {
                json.erase("firstTime");
                json.erase("lastTime");
              }),
              HasSubstr("not opaque"));
  EXPECT_THAT(malformed<SegmentManifest>("leafScheme", 0), HasSubstr("leafScheme"));
  EXPECT_THAT(malformed<SegmentManifest>("inputEncoding", "bzip2"), HasSubstr("inputEncoding"));
  EXPECT_THAT(malformed<SegmentManifest>("finalNewline", 1), HasSubstr("true or false"));
}

TEST(SegmentManifest, LeavesOutWhatIsAbsent) {
  SegmentManifest manifest = sample<SegmentManifest>();
  manifest.opaque_records = manifest.records;
  manifest.first_time.reset();
  manifest.last_time.reset();
  manifest.previous.reset();
  const std::string stored = sign_document(manifest, *kSigner);
  EXPECT_EQ(check<SegmentManifest>(stored).document, manifest);
  for (const char* name : {"firstTime", "lastTime", "previous", "null"}) {
    EXPECT_EQ(stored.find(name), stored.npos) << name;
  }
}

TEST(RecoveryPoint, HasAParentWhereIncrementalAndOnlyThere) {
  EXPECT_THAT(malformed<RecoveryPoint>("backupType", "full"), HasSubstr("parent"));
  EXPECT_THAT(malformed<RecoveryPoint>([](Json::Object& json) { json.erase("parent"); }),
              HasSubstr("parent"));
  RecoveryPoint point = sample<RecoveryPoint>();
  point.backup_type = BackupType::full;
  point.parent.reset();
  point.skipped.clear();
  point.alarms.clear();
  point.lists.clear();
  point.covered_to.clear();
  EXPECT_EQ(check<RecoveryPoint>(sign_document(point, *kSigner)).document, point);
}

TEST(RecoveryPoint, RefusesListsOutOfOrderOrEmpty) {
  RecoveryPoint point = sample<RecoveryPoint>();
  point.lists.push_back(point.lists.front());
  const auto refuse = [&] {
    return refusal(ErrorKind::invalid_argument, [&] { sign_document(point, *kSigner); });
  };
  EXPECT_THAT(refuse(), HasSubstr("in order"));
  point.lists.back().page = 1;
  EXPECT_EQ(check<RecoveryPoint>(sign_document(point, *kSigner)).document, point);
  point.lists.back().descriptors = 0;
  EXPECT_THAT(refuse(), HasSubstr("1 to 1000"));
  point.lists.back().descriptors = 1001;
  EXPECT_THAT(refuse(), HasSubstr("1 to 1000"));
}

TEST(RecoveryPoint, T031_IdsThatLeadElsewhereAreRefused) {
  for (const char* id : {"", "../RP", "a/b", "file:///x", ".RP"}) {
    EXPECT_THAT(malformed<RecoveryPoint>("recoveryPointId", id), HasSubstr("recovery point id"));
    EXPECT_THAT(malformed<RecoveryPoint>([&](Json::Object& json) {
                  json.at("parent").as_object().at("recoveryPointId") = id;
                }),
                HasSubstr("recovery point id"));
  }
}

TEST(RecoveryPoint, RefusesToSignNamesOutsideTheProfile) {
  for (const char* name : {"\xff", "a\x7f", ""}) {
    RecoveryPoint point = sample<RecoveryPoint>();
    point.skipped.front().name = name;
    refusal(ErrorKind::invalid_argument, [&] { sign_document(point, *kSigner); });
  }
  RecoveryPoint point = sample<RecoveryPoint>();
  point.skipped.front().detail = "\xc3";
  refusal(ErrorKind::invalid_argument, [&] { sign_document(point, *kSigner); });
}

TEST(Statement, RefusesForeignForms) {
  EXPECT_THAT(malformed<Statement>("jobId", "1"), HasSubstr("jobId"));
  EXPECT_THAT(malformed<Statement>("origin", "a b"), HasSubstr("origin"));
  EXPECT_THAT(malformed<Statement>("origin", "a\nb"), HasSubstr("origin"));
  EXPECT_THAT(malformed<Statement>("action", "Checked!"), HasSubstr("action"));
  EXPECT_THAT(malformed<Statement>("subjectId", ""), HasSubstr("subjectId"));
  EXPECT_THAT(malformed<Statement>("action", "checked"), HasSubstr("predecessor"));
  Statement statement = sample<Statement>();
  statement.action = "checked";
  statement.job_id.reset();
  statement.subject_id.reset();
  statement.subject_sha256.reset();
  statement.predecessor.reset();
  EXPECT_EQ(check<Statement>(sign_document(statement, *kSigner)).document, statement);
}

}  // namespace
}  // namespace atp
