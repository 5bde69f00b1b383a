// SPDX-License-Identifier: Apache-2.0
// Proof files, and the evidence in them as it comes; the first byte says which.
// covers: src/ledger/log_proof.cpp src/model/record_evidence.cpp src/verify/record_proof.cpp
#include "atp/ledger/log_proof.hpp"
#include "atp/model/record_evidence.hpp"
#include "atp/verify/record_proof.hpp"
#include "fuzz.hpp"

namespace {

/// The first byte decides how deep the rest goes in, so that base64 is no wall.
atp::LogProof read(char depth, std::string_view text) {
  if ((depth & 1) == 0) return atp::parse_log_proof(text);
  return {.extra = std::string(text), .index = 1, .checkpoint = ""};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const atp::TrustPolicy trust{.vault_id = "00112233445566778899aabbccddeeff",
                               .domain = "vault.example"};
  try {
    const atp::LogProof proof = read(static_cast<char>(data[0]), text);
    const std::string printed = atp::format_log_proof(proof);
    atp::fuzz::require(atp::parse_log_proof(printed) == proof, "a proof reads back as it was");
    if ((data[0] & 1) == 0) atp::fuzz::require(printed == text, "a proof prints as it was");
    atp::fuzz::require(!atp::check_record_proof(printed, trust).proven,
                       "nothing is proven without a key");
    const atp::RecordEvidence evidence = atp::parse_record_evidence(proof.extra);
    atp::fuzz::require(canonical(evidence) == proof.extra, "evidence prints as it was");
  } catch (const atp::Error&) {
  }
  return 0;
}
