// SPDX-License-Identifier: Apache-2.0
/// What an auditor does, with a copy of the store and public keys: verify_point VAULT TRUST POINT
#include <iostream>

#include "atp/core/error.hpp"
#include "atp/vault/vault_folder.hpp"
#include "atp/verify/verify.hpp"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: verify_point VAULT TRUST POINT\n";
    return 2;
  }
  try {
    const atp::Environment environment = atp::system_environment();
    const auto store = atp::open_store(environment, argv[1]);
    const atp::TrustPolicy trust = atp::load_trust_policy(*environment.files, argv[2]);
    atp::VerifyOptions options;
    options.depth = atp::VerifyDepth::stored;
    const atp::Report report =
        atp::verify_point(*store, atp::find_point(*store, argv[3]), &trust, {}, options);

    for (const atp::Check& check : report.failures()) {
      std::cout << check.name << " " << check.subject << ": expected " << check.expected
                << ", found " << check.found << "\n";
    }
    std::cout << atp::to_string(report.verdict()) << "\n";
    return report.exit_code();
  } catch (const atp::Error& error) {
    std::cerr << "verify_point: " << error.what() << "\n";
    return atp::error_kind_info(error.kind()).exit_code;
  }
}
