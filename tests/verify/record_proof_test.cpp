// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/record_proof.hpp"

#include <functional>

#include "atp/crypto/sha256.hpp"
#include "atp/ledger/log_proof.hpp"
#include "atp/model/record_evidence.hpp"
#include "verify/verifying.hpp"

namespace atp::test {
namespace {

class RecordProofTest : public testing::Test {
 protected:
  static RecordPlace place(const std::string& stream, const std::string& segment,
                           std::uint64_t number) {
    return {{StreamId(stream), SegmentId(segment)}, number};
  }
  std::string prove(const RecordPlace& of, ObjectStore& store) const {
    return prove_record(store, find_point(store, vault_.incremental), of, vault_.trust(),
                        vault_.identities());
  }
  std::string prove(const RecordPlace& of) const { return prove(of, *store_); }
  CheckedProof check(const std::string& proof) const {
    return check_record_proof(proof, vault_.trust());
  }

  /// A proof with other evidence or another frame around it.
  std::string with(const std::function<void(RecordEvidence&, LogProof&)>& change) const {
    LogProof proof = parse_log_proof(proof_);
    RecordEvidence evidence = parse_record_evidence(proof.extra);
    change(evidence, proof);
    proof.extra = canonical(evidence);
    return format_log_proof(proof);
  }
  bool is_refused(const std::string& proof) const {
    const auto kind = error_kind([&] {
      if (!check(proof).proven) throw Error(ErrorKind::corrupt, "proof", "a check failed");
    });
    return is_of_changed_bytes(kind);
  }
  /// A check of that name failed, and so does all.
  void expect_failed(const std::string& proof, const std::string& name) const {
    const CheckedProof checked = check(proof);
    EXPECT_EQ(checked.report.verdict(), CheckState::failed);
    EXPECT_FALSE(checked.proven);
    const auto failures = names(checked.report.failures());
    EXPECT_NE(std::ranges::find(failures, name), failures.end()) << name << "\n"
                                                                 << text_of(checked.report);
  }

  const SmallVault& vault_ = small_vault();
  const std::shared_ptr<ObjectStore> store_ = vault_.store_of(vault_.objects());
  const std::string proof_ = prove(place("api", "000001", 1));
};

TEST_F(RecordProofTest, ShowsTheRecordThePointAndTheCheckpoint) {
  const CheckedProof checked = check(proof_);
  ASSERT_TRUE(checked.report.passed()) << text_of(checked.report);
  EXPECT_EQ(names(checked.report.checks),
            (std::vector<std::string>{"proof.form", "proof.record", "point.manifest",
                                      "point.parent", "proof.descriptor", "ledger.statement",
                                      "ledger.checkpoint", "ledger.inclusion"}));
  const ProvenRecord& proven = *checked.proven;
  EXPECT_EQ(as_text(proven.record), R"({"n":1,"time":"2026-01-01T00:00:01Z"})");
  EXPECT_EQ(proven.tenant, vault_.tenant);
  EXPECT_EQ(proven.place, place("api", "000001", 1));
  EXPECT_EQ(proven.recovery_point_id, vault_.incremental);
  const auto newest = vault_.objects().rbegin();
  EXPECT_EQ(proven.checkpoint.size, 3U) << newest->first;
  EXPECT_EQ(proven.entry, 2U);
}

TEST_F(RecordProofTest, OfEveryRecordOfAPointHolds) {
  for (const auto& [stream, segment, numbers] :
       std::vector<std::tuple<std::string, std::string, std::vector<std::uint64_t>>>{
           {"api", "000001", {0, 1, 2, 3, 4}},
           {"api", "000002", {0}},
           {"default", "000001", {0, 1, 2047, 2048, 4095, 4096, 4097, 4099}}}) {
    const std::string text = vault_.segments.at(stream + "/" + segment);
    for (const std::uint64_t number : numbers) {
      std::string_view rest = text;
      for (std::uint64_t i = 0; i < number; ++i) rest.remove_prefix(rest.find('\n') + 1);
      const CheckedProof checked = check(prove(place(stream, segment, number)));
      ASSERT_TRUE(checked.proven) << number << text_of(checked.report);
      EXPECT_EQ(as_text(checked.proven->record), rest.substr(0, rest.find('\n')));
      EXPECT_EQ(checked.proven->place, place(stream, segment, number));
    }
  }
}

TEST_F(RecordProofTest, ReadsOnePackageAndNoOtherTenant) {
  RecordingStore recording(store_);
  prove(place("api", "000001", 1), recording);
  for (const std::string& key : recording.read()) {
    EXPECT_TRUE(!key.starts_with("segments/") || key.starts_with("segments/acme-corp/api/000001."))
        << key;
    EXPECT_EQ(key.find("/acme/"), std::string::npos) << key;
  }
}

TEST_F(RecordProofTest, LetsOutNothingFromWhichAnotherRecordCouldBeGuessed) {
  const std::string extra = parse_log_proof(proof_).extra;
  const Json manifest = parse_json(as_text(
      vault_.objects().at(vault_.key_of("manifests/acme-corp/api/", "00000000000000000000"))));
  EXPECT_EQ(extra.find(manifest.as_object().at("sha256").as_string()), std::string::npos);
  EXPECT_EQ(extra.find("no JSON at all"), std::string::npos);
}

TEST_F(RecordProofTest, T049_EveryChangedByteIsRefused) {
  for (std::size_t i = 0; i < proof_.size(); ++i) {
    std::string changed = proof_;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_TRUE(is_refused(changed)) << i;
  }
}

TEST_F(RecordProofTest, CutAnywhereOrLongerIsRefused) {
  for (std::size_t size = 0; size < proof_.size(); size += 7) {
    EXPECT_FALSE(check(proof_.substr(0, size)).proven) << size;
  }
  EXPECT_FALSE(check(proof_ + "\n").proven);
  EXPECT_FALSE(check(proof_ + proof_).proven);
}

TEST_F(RecordProofTest, T047_NothingIsTrustedBecauseTheProofCarriesIt) {
  TrustPolicy none = vault_.trust();
  none.keys.clear();
  EXPECT_EQ(check_record_proof(proof_, none).report.exit_code(), 21);
  const SmallVault other(8, ManualClock().now());
  TrustPolicy another = vault_.trust();
  another.vault_id = std::string(32, '0');
  EXPECT_EQ(check_record_proof(proof_, another).report.exit_code(), 21);
  for (const KeyRole role : {KeyRole::document, KeyRole::ledger}) {
    TrustPolicy swapped = vault_.trust();
    std::erase_if(swapped.keys, [&](const TrustedKey& key) { return key.role == role; });
    EXPECT_FALSE(check_record_proof(proof_, swapped).proven);
  }
}

TEST_F(RecordProofTest, T047_TheLedgerKeyCountsAtTheTimeOfTheEntry) {
  TrustPolicy ended = vault_.trust();
  for (TrustedKey& key : ended.keys) {
    if (key.role == KeyRole::ledger) key.not_after = parse_time("2001-01-01T00:00:00Z");
  }
  EXPECT_FALSE(check_record_proof(proof_, ended).proven);
}

TEST_F(RecordProofTest, T044_AnotherPlaceForTheRecordIsRefused) {
  expect_failed(with([](auto& evidence, auto&) { evidence.number = 0; }), "proof.record");
  expect_failed(with([](auto& evidence, auto&) { evidence.record_path.emplace_back(); }),
                "proof.record");
  expect_failed(with([](auto& evidence, auto&) { evidence.record_path.pop_back(); }),
                "proof.record");
  expect_failed(with([](auto& evidence, auto&) { evidence.descriptor.records = 4; }),
                "proof.record");
  expect_failed(with([](auto& evidence, auto&) { evidence.descriptor_index = 1; }),
                "proof.descriptor");
  expect_failed(with([](auto& evidence, auto&) { ++evidence.descriptors; }), "proof.descriptor");
  expect_failed(with([](auto&, auto& proof) { proof.path.emplace_back(); }), "ledger.inclusion");
  expect_failed(with([](auto&, auto& proof) { proof.index = 1; }), "ledger.statement");
}

/// A descriptor of the forger's own, consistent with a record of his.
TEST_F(RecordProofTest, T043_AnInnerNodeIsNoRecord) {
  const std::string forged = with([](auto& evidence, auto&) {
    evidence.record = to_bytes("forged");
    evidence.descriptor.records = 1;
    evidence.number = 0;
    evidence.record_path.clear();
    const std::byte prefix[] = {std::byte{0}};
    evidence.descriptor.merkle_root =
        Sha256().update(prefix).update(evidence.salt).update(evidence.record).finish();
  });
  expect_failed(forged, "proof.descriptor");
}

TEST_F(RecordProofTest, T045_EachPartThatIsMissingIsSeen) {
  expect_failed(with([](auto& evidence, auto&) { evidence.points.pop_back(); }),
                "proof.descriptor");
  expect_failed(with([](auto& evidence, auto&) { evidence.points.erase(evidence.points.begin()); }),
                "ledger.statement");
  expect_failed(with([](auto&, auto& proof) { proof.checkpoint = "none"; }), "ledger.checkpoint");
  expect_failed(with([](auto& evidence, auto&) { evidence.points = {"{}"}; }), "point.manifest");
  expect_failed(with([](auto& evidence, auto&) { evidence.statement = "{}"; }), "ledger.statement");
  LogProof bare = parse_log_proof(proof_);
  bare.extra.clear();
  expect_failed(format_log_proof(bare), "proof.form");
}

TEST_F(RecordProofTest, T047_DocumentsStandForNoOther) {
  const RecordEvidence evidence = parse_record_evidence(parse_log_proof(proof_).extra);
  for (const std::string& other : {evidence.points[0], evidence.points[1]}) {
    expect_failed(with([&](auto& changed, auto&) { changed.statement = other; }),
                  "ledger.statement");
  }
  expect_failed(with([&](auto& changed, auto&) { changed.points[0] = evidence.statement; }),
                "point.manifest");
  expect_failed(with([&](auto& changed, auto&) { changed.points[1] = evidence.points[0]; }),
                "point.parent");
  const std::string& opened =
      std::string(as_text(vault_.objects().at(vault_.key_of("ledger/acme-corp/0/entries/"))));
  expect_failed(with([&](auto& changed, auto& proof) {
                  changed.statement = opened;
                  proof.index = 0;
                }),
                "ledger.statement");
  const std::string first = std::string(as_text(
      vault_.objects().at(vault_.key_of("ledger/acme-corp/0/entries/", "00000000000000000001"))));
  expect_failed(with([&](auto& changed, auto& proof) {
                  changed.statement = first;
                  proof.index = 1;
                }),
                "ledger.statement");
}

TEST_F(RecordProofTest, T047_AnotherTenantsDocumentsAreNotThisOnes) {
  expect_failed(with([&](auto& evidence, auto&) { evidence.tenant = vault_.other_tenant; }),
                "point.manifest");
  const std::string theirs =
      prove_record(*store_, find_point(*store_, vault_.other_point), place("default", "000001", 0),
                   vault_.trust(), vault_.identities());
  ASSERT_TRUE(check(theirs).proven);
  const LogProof other = parse_log_proof(theirs);
  expect_failed(with([&](auto&, auto& proof) { proof.checkpoint = other.checkpoint; }),
                "ledger.checkpoint");
  expect_failed(with([&](auto& evidence, auto& proof) {
                  proof = other;
                  evidence.statement = parse_record_evidence(other.extra).statement;
                }),
                "ledger.statement");
}

TEST_F(RecordProofTest, ASegmentThatCameAfterThePointIsNotFound) {
  EXPECT_EQ(error_kind([&] {
              prove_record(*store_, find_point(*store_, vault_.full), place("api", "000002", 0),
                           vault_.trust(), vault_.identities());
            }),
            ErrorKind::not_found);
}

/// Whoever signs points could lend one the list of a parent that went on.
TEST_F(RecordProofTest, T045_WhatAParentListsBeyondThePointIsNotProven) {
  const std::string key = vault_.key_of("recovery-points/acme-corp/", vault_.incremental);
  Json covered = parse_json(as_text(vault_.objects().at(key))).as_object().at("coveredTo");
  std::erase_if(covered.as_array(), [](const Json& each) {
    return each.as_object().at("stream").as_string() == "api";
  });
  const Bytes forged = vault_.resigned(key, {{"coveredTo", covered}});
  expect_failed(
      with([&](auto& evidence, auto&) { evidence.points[0] = std::string(as_text(forged)); }),
      "point.manifest");
}

TEST_F(RecordProofTest, OfWhatIsNotThereIsAnErrorThatSaysWhat) {
  EXPECT_EQ(error_kind([&] { prove(place("api", "000001", 5)); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { prove(place("api", "000009", 0)); }), ErrorKind::not_found);
  EXPECT_EQ(error_kind([&] {
              prove_record(*store_, find_point(*store_, "RP-none"), place("api", "000001", 0),
                           vault_.trust(), vault_.identities());
            }),
            ErrorKind::not_found);
  EXPECT_EQ(error_kind([&] {
              prove_record(*store_, find_point(*store_, vault_.full), place("api", "000001", 0),
                           vault_.trust(), {});
            }),
            ErrorKind::unauthenticated);
}

TEST_F(RecordProofTest, WaitsForACheckpoint) {
  const auto store =
      vault_.store_with(vault_.key_of("ledger/acme-corp/0/checkpoints/", "0003"), std::nullopt);
  EXPECT_EQ(error_kind([&] { prove(place("api", "000001", 0), *store); }),
            ErrorKind::precondition_failed);
}

TEST_F(RecordProofTest, NothingDamagedIsProven) {
  for (const auto& [key, bytes] : vault_.objects()) {
    const bool needed = key.starts_with("ledger/acme-corp/0/entries/") ||
                        key.starts_with("recovery-points/acme-corp/") ||
                        key.starts_with("manifests/acme-corp/api/00000000000000000000") ||
                        key.starts_with("segments/acme-corp/api/000001.");
    if (!needed) continue;
    Bytes changed = bytes;
    changed[changed.size() / 2] ^= std::byte{1};
    const auto store = vault_.store_with(key, changed);
    EXPECT_TRUE(is_of_changed_bytes(error_kind([&] { prove(place("api", "000001", 1), *store); })))
        << key;
  }
}

TEST_F(RecordProofTest, OfALaterVersionIsUnsupported) {
  LogProof proof = parse_log_proof(proof_);
  Json extra = parse_json(proof.extra);
  extra.as_object().insert_or_assign("formatVersion", std::uint64_t{2});
  proof.extra = extra.str();
  EXPECT_EQ(error_kind([&] { check(format_log_proof(proof)); }), ErrorKind::unsupported);
}

/// Every leaf of the evidence's JSON in turn, signed documents as well.
TEST_F(RecordProofTest, T049_EverySingleChangedMemberIsRefused) {
  const LogProof proof = parse_log_proof(proof_);
  const Json original = parse_json(proof.extra);
  std::size_t tried = 0;
  const auto try_changed = [&](const Json& changed) {
    LogProof other = proof;
    other.extra = changed.str();
    EXPECT_TRUE(is_refused(format_log_proof(other))) << changed.str();
    ++tried;
  };
  std::function<void(Json&, Json&)> visit = [&](Json& root, Json& value) {
    const Json kept = value;
    if (value.is_object()) {
      for (const auto& [name, member] : kept.as_object()) {
        visit(root, value.as_object().at(name));
        value.as_object().erase(name);
        try_changed(root);
        value = kept;
      }
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < kept.as_array().size(); ++i) visit(root, value.as_array()[i]);
      value.as_array().emplace_back(std::uint64_t{1});
      try_changed(root);
    } else if (value.is_string()) {
      value = kept.as_string() + "0";
      try_changed(root);
    } else if (value.is_integer()) {
      value = kept.as_integer() + 1;
      try_changed(root);
    }
    value = kept;
  };
  Json root = original;
  visit(root, root);
  EXPECT_GT(tried, 150U);
}

TEST_F(RecordProofTest, RecordsThatCouldNotBeSearchedForAnIdAreCounted) {
  const auto find = [&](const std::string& id) {
    return find_records(*store_, find_point(*store_, vault_.incremental), id, vault_.trust(),
                        vault_.identities(), nullptr);
  };
  const FoundRecords found = find("17");
  EXPECT_TRUE(found.places.empty()) << "the numbers of the vault stand in another member";
  EXPECT_EQ(found.unsearched, 2U) << "a line that is no JSON, and an empty one";
  EXPECT_EQ(error_kind([&] {
              find_records(*store_, find_point(*store_, vault_.incremental), "17", vault_.trust(),
                           {}, nullptr);
            }),
            ErrorKind::unauthenticated);
}

}  // namespace
}  // namespace atp::test
