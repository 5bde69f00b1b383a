// SPDX-License-Identifier: Apache-2.0
/// Vectors of proof files: of records in the golden vault, and forged ones.
#include "atp/ledger/cosignature.hpp"
#include "atp/ledger/log_proof.hpp"
#include "atp/model/record_evidence.hpp"
#include "atp/storage/memory_store.hpp"
#include "atp/verify/record_proof.hpp"
#include "format/golden_vault.hpp"
#include "format/vectors.hpp"

namespace atp::test {
namespace {

using Forge = std::function<void(RecordEvidence&, LogProof&)>;

class ProofCases : public Cases {
 public:
  ProofCases() {
    for (const auto& [key, text] : golden_vault().store) {
      const bool is_object = key.find("/.") == std::string::npos && !key.starts_with(".");
      if (is_object) put_object(*store_, key, as_bytes(text), {});
    }
    proof_ = prove("000001", 1);
    make_good();
    forge_places();
    forge_documents();
    refuse_forms();
    anchor();
  }

 private:
  std::string prove(const std::string& segment, std::uint64_t number) const {
    const auto identity = age::Identity::parse_file(golden_vault().keys.at("vault.key"));
    return prove_record(*store_, find_point(*store_, golden_vault().incremental_point),
                        {{StreamId("default"), SegmentId(segment)}, number}, vector_trust(),
                        {&identity, 1});
  }

  void make_good() {
    take("happy", "the second record of a segment that the parent lists", proof_, "000001", 1);
    take("happy-one-record", "the only record of a segment: no path", prove("000002", 0), "000002",
         0);
    take("happy-not-json", "a record that is not JSON", prove("000001", 2), "000001", 2);
  }

  void forge_places() {
    forge("number", "another number for the record", "proof.record",
          [](auto& evidence, auto&) { evidence.number = 2; });
    forge("number-beyond", "a number beyond the segment", "proof.record",
          [](auto& evidence, auto&) { evidence.number = 3; });
    forge("record", "another record", "proof.record",
          [](auto& evidence, auto&) { evidence.record.push_back(std::byte{' '}); });
    forge("record-line-feed", "a record that is none by the format", "proof.record",
          [](auto& evidence, auto&) { evidence.record.push_back(std::byte{'\n'}); });
    forge("descriptor-key", "the package of another tenant", "proof.descriptor proof.record",
          [](auto& evidence, auto&) {
            evidence.descriptor.key.replace(evidence.descriptor.key.find("acme-corp"), 9, "acme");
          });
    forge("descriptor-name", "a segment name that is none", "proof.form",
          [](auto& evidence, auto&) { evidence.descriptor.name = std::string(200, 'n'); });
    forge("record-path-longer", "one hash too many", "proof.record",
          [](auto& evidence, auto&) { evidence.record_path.emplace_back(); });
    forge("record-path-shorter", "one hash too few", "proof.record",
          [](auto& evidence, auto&) { evidence.record_path.pop_back(); });
    forge("descriptor-of-own", "a segment of the forger's own", "proof.descriptor",
          [](auto& evidence, auto&) {
            const std::byte prefix[] = {std::byte{0}};
            evidence.record = to_bytes("forged");
            evidence.number = 0;
            evidence.record_path.clear();
            evidence.descriptor.records = 1;
            evidence.descriptor.merkle_root =
                Sha256().update(prefix).update(evidence.salt).update(evidence.record).finish();
          });
    forge("descriptor-count", "another number of descriptors", "proof.descriptor",
          [](auto& evidence, auto&) { ++evidence.descriptors; });
    forge("index", "the index of another entry", "ledger.statement",
          [](auto&, auto& proof) { proof.index = 1; });
    forge("path", "a hash changed on the way to the checkpoint", "ledger.inclusion",
          [](auto&, auto& proof) { proof.path.front().bytes[0] ^= std::byte{1}; });
  }

  void forge_documents() {
    const auto& store = golden_vault().store;
    const std::string entries = "ledger/acme-corp/0/entries/0000000000000000000";
    forge("point-left-out", "the point that lists the segment left out", "proof.descriptor",
          [](auto& evidence, auto&) { evidence.points.pop_back(); });
    forge("point-not-completed", "a statement that completes another point", "ledger.statement",
          [&](auto& evidence, auto& proof) {
            evidence.statement = store.at(entries + "1");
            proof.index = 1;
          });
    forge("point-as-statement", "a point in the place of the statement", "ledger.statement",
          [](auto& evidence, auto&) { evidence.statement = evidence.points[0]; });
    forge("statement-as-point", "the statement in the place of a point", "point.manifest",
          [](auto& evidence, auto&) { evidence.points = {evidence.statement}; });
    forge("parent-twice", "a point as its own parent", "point.parent",
          [](auto& evidence, auto&) { evidence.points[1] = evidence.points[0]; });
    forge("opened", "the entry that opened the ledger", "ledger.statement",
          [&](auto& evidence, auto& proof) {
            evidence.statement = store.at(entries + "0");
            proof.index = 0;
          });
    forge("checkpoint-older", "a checkpoint that does not cover the entry", "ledger.inclusion",
          [&](auto&, auto& proof) {
            proof.checkpoint = store.at("ledger/acme-corp/0/checkpoints/00000000000000000002");
          });
    forge("tenant", "another tenant", "ledger.statement point.manifest proof.record",
          [](auto& evidence, auto&) { evidence.tenant = TenantId("acme"); });
  }

  void refuse_forms() {
    const auto replaced = [this](const std::string& from, const std::string& to) {
      std::string text = proof_;
      return text.replace(text.find(from), from.size(), to);
    };
    refuse("form-version", "another version", replaced("@v1", "@v2"), "proof.form");
    refuse("form-index-zero", "an index with a leading zero", replaced("index 2", "index 02"),
           "proof.form");
    refuse("form-no-evidence", "a proof without extra line",
           proof_.substr(0, proof_.find("extra")) + proof_.substr(proof_.find("index")),
           "proof.form");
    refuse("form-carriage-return", "carriage returns", replaced("index 2\n", "index 2\r\n"),
           "proof.form");
    refuse("checkpoint-unsigned", "a checkpoint whose size was changed", replaced("\n3\n", "\n4\n"),
           "ledger.checkpoint");
  }

  void anchor() {
    TrustPolicy witnessed = vector_trust();
    witnessed.keys.push_back({witness_->public_key(), KeyRole::witness, {}, {}, "w1.example"});
    witnessed.witnesses = WitnessPolicy{.threshold = 1};
    const std::string note = parse_log_proof(proof_).checkpoint;
    const Time time{std::chrono::seconds(1'795'000'000)};
    const auto cosigned = [&](const std::string& name, const Signer& signer) {
      return proof_ + cosign_checkpoint(note, name, signer, time);
    };
    const std::string good_proof = cosigned("w1.example", *witness_);
    good("happy-cosigned", "a checkpoint that the witness asked for has cosigned",
         {{"proof", good_proof}, {"trust", trust_json(witnessed)}},
         Json::Object{{"segment", "000001"}, {"record", 1}});
    good("happy-cosigned-unasked", "the same where no witness is asked for",
         {{"proof", good_proof}}, Json::Object{{"segment", "000001"}, {"record", 1}});
    const auto refuse_under = [&](const std::string& name, const std::string& desc,
                                  const std::string& proof, const TrustPolicy& trust,
                                  const std::string& fails) {
      bad(name, desc, {{"proof", proof}, {"trust", trust_json(trust)}}, fails);
    };
    refuse_under("cosigned-by-nobody", "without the witness asked for", proof_, witnessed,
                 "ledger.cosignatures");
    refuse_under("cosigned-by-another-key", "by another key under its name",
                 cosigned("w1.example", *vector_signer("ledger.pem")), witnessed,
                 "ledger.cosignatures");
    refuse_under("cosigned-under-another-name", "by its key under another name",
                 cosigned("w2.example", *witness_), witnessed, "ledger.cosignatures");
    TrustPolicy ended = witnessed;
    ended.keys.back().not_after = time;
    refuse_under("cosigned-too-late", "at the end of its key", good_proof, ended,
                 "ledger.cosignatures");
    TrustPolicy stamped = timestamping_trust(true);
    refuse_under("time-stamp-missing", "without the time-stamp asked for", proof_, stamped,
                 "point.timestamp");
    LogProof proof = parse_log_proof(proof_);
    RecordEvidence evidence = parse_record_evidence(proof.extra);
    evidence.timestamps = {to_bytes("no reply")};
    proof.extra = canonical(evidence);
    stamped.timestamps->required = false;
    refuse_under("time-stamp-garbage", "with what is no time-stamp, though none is needed",
                 format_log_proof(proof), stamped, "point.timestamp");
    good("happy-time-stamp-optional", "without one where none is needed",
         {{"proof", proof_}, {"trust", trust_json(stamped)}},
         Json::Object{{"segment", "000001"}, {"record", 1}});
  }

  void take(const std::string& name, const std::string& desc, const std::string& proof,
            const std::string& segment, std::uint64_t number) {
    good(name, desc, {{"proof", proof}}, Json::Object{{"segment", segment}, {"record", number}});
  }
  void forge(const std::string& name, const std::string& desc, const std::string& fails,
             const Forge& change) {
    LogProof proof = parse_log_proof(proof_);
    RecordEvidence evidence = parse_record_evidence(proof.extra);
    change(evidence, proof);
    proof.extra = canonical(evidence);
    refuse(name, desc, format_log_proof(proof), fails);
  }
  void refuse(const std::string& name, const std::string& desc, const std::string& proof,
              const std::string& fails) {
    bad(name, desc, {{"proof", proof}}, fails);
  }

  static std::shared_ptr<const Signer> make_witness() {
    SequenceRandom random(61);
    return signer_from_pem(generate_ed25519_pem(random));
  }

  const std::shared_ptr<const Signer> witness_ = make_witness();
  std::shared_ptr<ObjectStore> store_ = memory_store(std::make_shared<ManualClock>());
  std::string proof_;
};

TEST(ProofVectors, GetTheirVerdicts) {
  run_vectors("proof", ProofCases(), [](const Json::Object& body) -> Verdict {
    const auto trust = body.find("trust");
    const CheckedProof checked = check_record_proof(
        text_of(body, "proof"),
        trust == body.end() ? vector_trust() : parse_trust_policy(trust->second.str()));
    if (checked.proven) {
      return {Json::Object{{"segment", checked.proven->place.segment.segment.str()},
                           {"record", checked.proven->place.number}},
              ""};
    }
    std::set<std::string> failures;
    for (const Check& check : checked.report.failures()) failures.insert(check.name);
    return {{}, join(failures)};
  });
}

}  // namespace
}  // namespace atp::test
