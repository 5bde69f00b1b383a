// SPDX-License-Identifier: Apache-2.0
/// Vectors of export bundles: the golden vault's with some files changed, many of them signed
/// again, as somebody with the keys could.
#include "atp/verify/bundle_layout.hpp"
#include "atp/verify/export_bundle.hpp"
#include "format/vectors.hpp"
#include "model/signing.hpp"

namespace atp::test {
namespace {

const std::string kManifest = bundle::kManifest;
const std::string kSums = bundle::kSums;
const std::string kCheckpoint = bundle::kCheckpoint;
const std::string kData = "data/default/000001.jsonl";
const std::string kProof = "proofs/default/000001/00000000000000000001.txt";
const std::string kNextProof = "proofs/default/000001/00000000000000000002.txt";

/// The golden export while it is changed.
class ChangedExport {
 public:
  ChangedExport& remove(const std::string& name) {
    files_.erase(name);
    return *this;
  }
  ChangedExport& put(const std::string& name, std::string contents) {
    files_[name] = std::move(contents);
    return *this;
  }
  const std::string& at(const std::string& name) const { return files_.at(name); }

  /// A manifest of the files as they are now, with what `change` does to it.
  ChangedExport& sign(
      const Change& change = [](Json::Object&) {}, const std::string& signing_key = "signing.pem") {
    Json json = parse_json(files_.at(kManifest));
    const auto signer = vector_signer(signing_key);
    Json::Object& manifest = json.as_object();
    Json::Array hashes;
    std::uint64_t bytes = 0;
    std::map<std::string, std::string> sums;
    for (const auto& [name, contents] : files_) {
      if (name == kManifest || name == kSums) continue;
      sums[name] = sha256(as_bytes(contents)).hex();
      hashes.push_back(
          Json::Object{{"file", name}, {"bytes", contents.size()}, {"sha256", sums[name]}});
      bytes += contents.size();
    }
    const std::uint64_t rows = static_cast<std::uint64_t>(std::ranges::count_if(
        files_, [](const auto& file) { return file.first.starts_with("proofs/"); }));
    manifest["counts"] = Json::Object{{"files", hashes.size()}, {"rows", rows}};
    manifest["hashes"] = std::move(hashes);
    manifest["bytes"] = bytes;
    manifest["keyId"] = signer->public_key().id();
    change(manifest);
    const std::string stored = sign_json(json, *signer);
    sums[kManifest] = sha256(as_bytes(stored)).hex();
    std::string text;
    for (const auto& [name, digest] : sums) text += digest + "  " + name + "\n";
    return put(kManifest, stored).put(kSums, text);
  }

  Json difference() const {
    Json::Object changes;
    for (const auto& [name, contents] : golden_vault().exported) {
      if (!files_.contains(name)) changes.emplace(name, nullptr);
    }
    for (const auto& [name, contents] : files_) {
      const auto before = golden_vault().exported.find(name);
      if (before == golden_vault().exported.end() || before->second != contents) {
        changes.emplace(name, contents);
      }
    }
    return changes;
  }

 private:
  FileMap files_ = golden_vault().exported;
};

class ExportCases : public Cases {
 public:
  ExportCases() {
    take("happy", "the golden vault's export", ChangedExport());
    take("happy-signed-again", "the same, signed again", ChangedExport().sign());
    change_files();
    sign_lies();
    stamp();
  }

 private:
  void take(const std::string& name, const std::string& desc, const ChangedExport& changed) {
    good(name, desc, {{"change", changed.difference()}}, "verified");
  }
  void refuse(const std::string& name, const std::string& desc, const ChangedExport& changed,
              const std::string& fails) {
    bad(name, desc, {{"change", changed.difference()}}, fails);
  }

  void change_files() {
    refuse("file-added", "a file that the manifest lacks", ChangedExport().put("x.txt", "x"),
           "export.files");
    refuse("file-hidden", "one whose name begins with a dot", ChangedExport().put(".x", ""),
           "export.files");
    refuse("manifest-lost", "no manifest", ChangedExport().remove(kManifest), "export.manifest");
    refuse("sums-lost", "no list of digests", ChangedExport().remove(kSums), "export.sums");
    refuse("sums-changed", "a list of digests without its last line feed",
           ChangedExport().put(kSums, golden_vault().exported.at(kSums).substr(0, 300)),
           "export.sums");
    refuse("data-lost", "no data of a segment", ChangedExport().remove(kData), "export.files");
    refuse("data-changed", "other data",
           ChangedExport().put(kData, ChangedExport().at(kData) + "x\n"), "export.files");
    refuse("proof-lost", "a proof is gone", ChangedExport().remove(kProof),
           "export.files export.records");
    refuse("proof-renamed", "a proof under another number",
           ChangedExport()
               .put("proofs/default/000001/00000000000000000000.txt", ChangedExport().at(kProof))
               .remove(kProof),
           "export.files export.records");
    refuse("checkpoint-lost", "no checkpoint", ChangedExport().remove(kCheckpoint),
           "export.files export.proofs export.records");
  }

  void sign_lies() {
    refuse("signed-untrusted", "signed by the ledger's key",
           ChangedExport().sign([](Json::Object&) {}, "ledger.pem"), "export.manifest");
    refuse("signed-data-added", "a line without a proof",
           ChangedExport().put(kData, ChangedExport().at(kData) + "x\n").sign(), "export.records");
    refuse(
        "signed-data-cut", "the last line feed is gone",
        ChangedExport()
            .put(kData, ChangedExport().at(kData).substr(0, ChangedExport().at(kData).size() - 1))
            .sign(),
        "export.records");
    refuse("signed-data-of-nothing", "data of a segment without a proof",
           ChangedExport().put("data/default/000003.jsonl", "x\n").sign(), "export.records");
    refuse("signed-data-lost", "proofs without their data", ChangedExport().remove(kData).sign(),
           "export.records");
    refuse("signed-proof-lost", "a record less, and its line",
           ChangedExport().remove(kProof).sign(), "export.records");
    refuse("signed-proofs-swapped", "two proofs in each other's place",
           ChangedExport()
               .put(kProof, ChangedExport().at(kNextProof))
               .put(kNextProof, ChangedExport().at(kProof))
               .sign(),
           "export.proofs export.records");
    refuse("signed-proof-renamed", "a proof under a number before its own",
           ChangedExport()
               .put("proofs/default/000001/00000000000000000000.txt", ChangedExport().at(kProof))
               .remove(kProof)
               .sign(),
           "export.proofs export.records");
    std::string forged = ChangedExport().at(kProof);
    forged.replace(forged.find("index 2"), 7, "index 1");
    refuse("signed-proof-forged", "a proof that does not hold",
           ChangedExport().put(kProof, forged).sign(),
           "export.proofs export.records ledger.statement");
    refuse("signed-checkpoint", "another checkpoint beside the proofs",
           ChangedExport()
               .put(kCheckpoint, golden_vault().store.at(layout::ledger_checkpoint(kTenant, 0, 2)))
               .sign(),
           "export.proofs export.records");
    refuse("signed-file", "a file that no bundle has", ChangedExport().put("x.txt", "x").sign(),
           "export.files");
    refuse("signed-point", "another point",
           ChangedExport().sign(set("recoveryPointId", golden_vault().full_point)),
           "export.proofs export.records");
    refuse("signed-tenant", "another tenant", ChangedExport().sign(set("tenantId", "acme")),
           "export.proofs export.records");
    refuse(
        "signed-size", "another size of a file", ChangedExport().sign([](Json::Object& manifest) {
          Json& file = manifest.at("hashes").as_array().front();
          file.as_object().insert_or_assign("bytes", file.as_object().at("bytes").as_integer() + 1);
          manifest.insert_or_assign("bytes", manifest.at("bytes").as_integer() + 1);
        }),
        "export.files export.proofs export.records");
    refuse("signed-rows", "one row more", ChangedExport().sign([](Json::Object& manifest) {
      manifest.at("counts").as_object().insert_or_assign("rows", 4);
    }),
           "export.records");
    refuse("signed-ranges", "fewer segments than records are of",
           ChangedExport().sign([](Json::Object& manifest) {
             manifest.at("proofRefs")
                 .as_array()
                 .front()
                 .as_object()
                 .insert_or_assign("toSeg", "000001");
           }),
           "export.records");
    ChangedExport empty;
    for (const auto& [name, contents] : golden_vault().exported) {
      if (name.starts_with("data/") || name.starts_with("proofs/")) empty.remove(name);
    }
    refuse("signed-nothing", "no records", empty.sign(set("proofRefs", Json::Array{})),
           "export.records");
  }

  void stamp() {
    const auto under = [](bool required, const ChangedExport& changed) {
      return Json::Object{{"change", changed.difference()},
                          {"trust", trust_json(timestamping_trust(required))}};
    };
    const auto stamped = ChangedExport().sign(
        set("tsa", Json::Object{{"type", "rfc3161"}, {"token", to_base64(as_bytes("none"))}}));
    good("happy-time-stamp-optional", "without a time-stamp where none is needed",
         under(false, ChangedExport()), "verified");
    good("happy-time-stamp-unasked", "with one that nobody asks for",
         {{"change", stamped.difference()}}, "verified");
    bad("time-stamp-garbage", "with what is no time-stamp, though none is needed",
        under(false, stamped), "export.timestamp");
    bad("time-stamp-missing", "without the time-stamps asked for", under(true, ChangedExport()),
        "export.proofs export.records export.timestamp point.timestamp");
  }
};

Verdict check_changed(const Json::Object& body) {
  FileMap files = read_folder(vectors_path("exported"));
  for (const auto& [name, value] : body.at("change").as_object()) {
    files.erase(name);
    if (!value.is_null()) files[name] = value.as_string();
  }
  SimulatedFileSystem disk;
  create_directories(disk, "/bundle");
  for (const auto& [name, contents] : files) {
    create_directories(disk, (Path("/bundle") / name).parent_path());
    disk.open(Path("/bundle") / name, OpenMode::create_new)->write_at(0, as_bytes(contents));
  }
  const auto trust = body.find("trust");
  const Report report =
      verify_export(disk, "/bundle",
                    trust == body.end() ? vector_trust() : parse_trust_policy(trust->second.str()))
          .report;
  std::set<std::string> failed;
  for (const Check& check : report.failures()) failed.insert(check.name);
  return {std::string(to_string(report.verdict())), join(failed)};
}

TEST(ExportVectors, TheGoldenExportIsMadeAgainByteForByte) {
  if (regenerating()) {
    std::filesystem::remove_all(vectors_path("exported"));
    for (const auto& [name, contents] : golden_vault().exported) {
      write_text(vectors_path("exported/" + name), contents);
    }
  }
  EXPECT_EQ(read_folder(vectors_path("exported")), golden_vault().exported);
}

TEST(ExportVectors, GetTheirVerdicts) { run_vectors("export", ExportCases(), check_changed); }

}  // namespace
}  // namespace atp::test
