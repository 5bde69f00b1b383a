// SPDX-License-Identifier: Apache-2.0
/// Verifies a point with nothing but a store and a trust policy: auditor STORE TRUST POINT.
#include <atp/keys/key_folder.hpp>
#include <atp/storage/filesystem_store.hpp>
#include <atp/verify/verify.hpp>
#include <iostream>

int main(int, char** argv) {
  const auto files = atp::posix_file_system();
  const auto store =
      atp::filesystem_store(files, argv[1], std::make_shared<atp::SystemClock>(),
                            std::make_shared<atp::SystemRandom>(), atp::StoreAccess::read_only);
  const atp::TrustPolicy trust = atp::load_trust_policy(*files, argv[2]);
  atp::VerifyOptions options;
  options.depth = atp::VerifyDepth::stored;
  const atp::Report report =
      atp::verify_point(*store, find_point(*store, argv[3]), &trust, {}, options);
  std::cout << atp::to_string(report.verdict()) << "\n";
  return report.exit_code();
}
