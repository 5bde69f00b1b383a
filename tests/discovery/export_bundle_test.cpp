// SPDX-License-Identifier: Apache-2.0
/// What a recipient's check makes of bundles that were changed on the way, or made to deceive.
#include "atp/verify/export_bundle.hpp"

#include <gmock/gmock.h>

#include <map>

#include "atp/crypto/sha256.hpp"
#include "atp/ledger/log_proof.hpp"
#include "atp/verify/bundle_layout.hpp"
#include "atp/verify/record_proof.hpp"
#include "discovery/exporting.hpp"
#include "verify/verifying.hpp"

namespace atp {
namespace {

using testing::Contains;
using testing::IsEmpty;

class ExportBundle : public test::Exporting {
 protected:
  ExportBundle() { export_to("/out"); }

  /// The names of the checks that fail.
  std::vector<std::string> failures() {
    const CheckedExport checked = check("/out");
    EXPECT_EQ(checked.report.passed(), checked.manifest.has_value());
    return test::names(checked.report.failures());
  }
  void expect_failed(const std::string& name) {
    EXPECT_THAT(failures(), Contains(name)) << test::text_of(check("/out").report);
  }

  ExportManifest manifest() {
    return require_document<ExportManifest>("manifest", text("/out/manifest.json"), vault_->trust(),
                                            TenantId("acme"));
  }
  /// Signs the bundle as it is now, with whatever `change` does to the manifest: what somebody with
  /// the vault's key can do.
  void sign_again(const std::function<void(ExportManifest&)>& change = [](ExportManifest&) {}) {
    ExportManifest made = manifest();
    made.files.clear();
    for (const std::string& name : files_below("/out")) {
      if (name == bundle::kManifest || name == bundle::kSums) continue;
      const std::string contents = text(Path("/out") / name);
      made.files.push_back({name, contents.size(), sha256(as_bytes(contents))});
    }
    change(made);
    const std::string stored = sign_document(made, vault_->signers());
    put("/out/manifest.json", stored);
    put("/out/manifest-sha256.txt", bundle::sums_of(made, stored));
  }

  const std::string data_ = "/out/data/default/000001.jsonl";
  const std::string proof_ = "/out/proofs/default/000001/00000000000000000001.txt";
  const std::string next_ = "/out/proofs/default/000001/00000000000000000002.txt";
};

TEST_F(ExportBundle, HoldsAlsoWhenSignedAgain) {
  EXPECT_THAT(failures(), IsEmpty());
  sign_again();
  EXPECT_THAT(failures(), IsEmpty());
}

TEST_F(ExportBundle, T053_AnAddedFileIsNoticed) {
  for (const char* name :
       {"/out/x", "/out/data/default/000002.jsonl", "/out/.hidden",
        "/out/proofs/default/000001/00000000000000000003.txt", "/out/data/default/000001.jsonl~"}) {
    put(name, "");
    expect_failed("export.files");
    disk_->remove(name);
  }
  EXPECT_THAT(failures(), IsEmpty());
}

TEST_F(ExportBundle, T053_AnAddedFolderIsNoticed) {
  for (const char* name :
       {"/out/x", "/out/data/default/000001", "/out/proofs/default/000001/x/y"}) {
    create_directories(*disk_, name);
    expect_failed("export.files");
    disk_->remove(name);
  }
  disk_->remove("/out/proofs/default/000001/x");
  EXPECT_THAT(failures(), IsEmpty());
}

TEST_F(ExportBundle, T053_ADroppedFileIsNoticed) {
  for (const std::string& name : files_below("/out")) {
    const std::string contents = text(Path("/out") / name);
    disk_->remove(Path("/out") / name);
    EXPECT_FALSE(failures().empty()) << name;
    put(Path("/out") / name, contents);
  }
  EXPECT_THAT(failures(), IsEmpty());
}

TEST_F(ExportBundle, T053_ARenamedOrDuplicatedFileIsNoticed) {
  for (const std::string& name : files_below("/out")) {
    const Path path = Path("/out") / name;
    put(path.string() + "2", text(path));
    expect_failed("export.files");
    disk_->remove(path.string() + "2");
    disk_->rename(path, "/out/renamed");
    EXPECT_FALSE(failures().empty()) << name;
    disk_->rename("/out/renamed", path);
  }
  const std::string one = text(proof_);
  put(proof_, text(next_));
  put(next_, one);
  expect_failed("export.files");
}

TEST_F(ExportBundle, T053_EveryChangedByteIsNoticed) {
  for (const std::string& name : files_below("/out")) {
    const Path path = Path("/out") / name;
    const std::string contents = text(path);
    const std::size_t step = std::max<std::size_t>(contents.size() / 50, 1);
    for (std::size_t at = 0; at < contents.size(); at += step) {
      std::string changed = contents;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      put(path, changed);
      EXPECT_FALSE(failures().empty()) << name << " at " << at;
    }
    put(path, contents + "\n");
    EXPECT_FALSE(failures().empty()) << name << " longer";
    put(path, contents.substr(0, contents.size() - 1));
    EXPECT_FALSE(failures().empty()) << name << " shorter";
    put(path, contents);
  }
}

TEST_F(ExportBundle, T053_AManifestThatListsAFileTwiceIsNone) {
  EXPECT_EQ(test::error_kind([&] {
              sign_again([](ExportManifest& made) { made.files.push_back(made.files.back()); });
            }),
            ErrorKind::invalid_argument);
}

TEST_F(ExportBundle, T047_TheKeyComesFromTheTrustPolicyAndHasTheRole) {
  test::SequenceRandom random(99);
  const auto stranger = signer_from_pem(generate_ed25519_pem(random));
  const ExportManifest honest = manifest();
  put("/out/manifest.json", sign_document(honest, *stranger));
  EXPECT_EQ(check("/out").report.exit_code(), 21);
  put("/out/manifest.json", sign_document(honest, *vault_->keys().ledger_signer));
  EXPECT_EQ(check("/out").report.exit_code(), 21);
}

/// Even who holds the vault's key cannot export what is not in the ledger.
TEST_F(ExportBundle, RecordsWithoutProofsAreNoticedEvenIfSigned) {
  put(data_, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
  sign_again();
  expect_failed("export.records");
  put(data_, "{\"n\":2}\n{\"n\":1}\n");
  sign_again();
  expect_failed("export.records");
  put(data_, "{\"n\":1}\n{\"n\":2}");
  sign_again();
  expect_failed("export.records");
  put(data_, "{\"n\":1}\n{\"n\":2}\n");
  put("/out/data/default/000009.jsonl", "{\"forged\":true}\n");
  sign_again();
  expect_failed("export.records");
}

TEST_F(ExportBundle, AProofLessIsNoticedEvenIfSigned) {
  disk_->remove(proof_);
  sign_again();
  expect_failed("export.records");
  sign_again([](ExportManifest& made) { --made.records; });
  expect_failed("export.records");
  put(data_, "{\"n\":2}\n");
  sign_again();
  EXPECT_THAT(failures(), IsEmpty()) << "an honest export of one record less";
}

TEST_F(ExportBundle, AProofInAnothersPlaceIsNoticedEvenIfSigned) {
  put(proof_, text(next_));
  sign_again();
  expect_failed("export.proofs");
}

TEST_F(ExportBundle, AForgedProofIsNoticedEvenIfSigned) {
  std::string forged = text(proof_);
  forged[forged.find("extra ") + 40] ^= 1;
  put(proof_, forged);
  sign_again();
  expect_failed("export.proofs");
}

TEST_F(ExportBundle, AProofToAnotherCheckpointIsNoticedEvenIfSigned) {
  seal("later.jsonl", "later");
  backup();
  const Ledger ledger = Ledger::load(vault_->store(), vault_->trust(), TenantId("acme"));
  std::vector<Digest> leaves;
  for (const LedgerEntry& entry : ledger.tail()) {
    leaves.push_back(Rfc9162Hasher::leaf(as_bytes(entry.stored)));
  }
  LogProof proof = parse_log_proof(text(proof_));
  proof.path = merkle::inclusion_proof<Rfc9162Hasher>(leaves, proof.index);
  proof.checkpoint = ledger.newest_note();
  put(proof_, format_log_proof(proof));
  EXPECT_TRUE(check_record_proof(text(proof_), vault_->trust()).proven);
  sign_again();
  expect_failed("export.proofs");
}

TEST_F(ExportBundle, ARecordOfAnotherPointIsNoticedEvenIfSigned) {
  BackupOptions full = options();
  full.type = BackupType::full;
  seal("later.jsonl", "later");
  const std::string other = backup(full).recovery_point_id;
  sign_again([&](ExportManifest& made) { made.recovery_point_id = other; });
  expect_failed("export.proofs");
}

TEST_F(ExportBundle, WrongRangesOrCountsAreNoticedEvenIfSigned) {
  sign_again([](ExportManifest& made) { made.ranges.pop_back(); });
  expect_failed("export.records");
  sign_again([](ExportManifest& made) { made.ranges.front().last = SegmentId("z"); });
  expect_failed("export.records");
  sign_again([](ExportManifest& made) { ++made.records; });
  expect_failed("export.records");
}

TEST_F(ExportBundle, FilesOfNoBundleAreNoticedEvenIfSigned) {
  put("/out/verify.exe", "MZ");
  sign_again();
  expect_failed("export.files");
}

TEST_F(ExportBundle, WithoutRecordsIsNone) {
  remove_tree(*disk_, "/out/data");
  remove_tree(*disk_, "/out/proofs");
  sign_again([](ExportManifest& made) {
    made.records = 0;
    made.ranges.clear();
  });
  expect_failed("export.records");
}

TEST_F(ExportBundle, OfAnotherTenantOrVaultIsNoticed) {
  sign_again([](ExportManifest& made) { made.header.tenant = TenantId("other"); });
  expect_failed("export.proofs");
  TrustPolicy other = vault_->trust();
  other.vault_id = std::string(32, '0');
  EXPECT_FALSE(verify_export(*disk_, "/out", other).report.passed());
}

TEST_F(ExportBundle, AFolderThatIsNotThereIsAnError) {
  EXPECT_EQ(test::error_kind([&] { check("/nowhere"); }), ErrorKind::not_found);
  create_directories(*disk_, "/empty");
  EXPECT_THAT(test::names(check("/empty").report.failures()), Contains("export.manifest"));
}

}  // namespace
}  // namespace atp
