// SPDX-License-Identifier: Apache-2.0
/// What shows one record to a court, and what the court does with it:
/// prove_record VAULT KEYS POINT STREAM SEGMENT NUMBER
#include <iostream>
#include <string>

#include "atp/core/error.hpp"
#include "atp/vault/vault_folder.hpp"
#include "atp/verify/record_proof.hpp"

int main(int argc, char** argv) {
  if (argc != 7) {
    std::cerr << "usage: prove_record VAULT KEYS POINT STREAM SEGMENT NUMBER\n";
    return 2;
  }
  try {
    const atp::Environment environment = atp::system_environment();
    const auto store = atp::open_store(environment, argv[1]);
    const atp::Keys keys = atp::load_keys(*environment.files, argv[2]);
    const atp::RecordPlace place{{atp::StreamId(argv[4]), atp::SegmentId(argv[5])},
                                 std::stoull(argv[6])};
    const std::string proof = atp::prove_record(*store, atp::find_point(*store, argv[3]), place,
                                                keys.trust.value(), keys.identities);

    // From here on, no vault and no secret: only the proof and a trust policy.
    const atp::CheckedProof checked = atp::check_record_proof(proof, keys.trust.value());
    std::cout << atp::to_string(checked.report.verdict()) << "\n";
    if (checked.proven) {
      std::cout << "entry " << checked.proven->entry << " of " << checked.proven->checkpoint.size
                << ": " << atp::as_text(checked.proven->record) << "\n";
    }
    return checked.report.exit_code();
  } catch (const atp::Error& error) {
    std::cerr << "prove_record: " << error.what() << "\n";
    return atp::error_kind_info(error.kind()).exit_code;
  }
}
