// SPDX-License-Identifier: Apache-2.0
/// Hands records over, and checks what was handed over:
/// export_records VAULT KEYS POINT STREAM/SEGMENT START STOP BUNDLE
#include "atp/discovery/export_records.hpp"

#include <filesystem>
#include <iostream>
#include <string>

#include "atp/core/error.hpp"
#include "atp/vault/points.hpp"
#include "atp/vault/vault_folder.hpp"
#include "atp/verify/export_bundle.hpp"

int main(int argc, char** argv) {
  if (argc != 8) {
    std::cerr << "usage: export_records VAULT KEYS POINT STREAM/SEGMENT START STOP BUNDLE\n";
    return 2;
  }
  try {
    const atp::Environment environment = atp::system_environment();
    const std::filesystem::path segment = argv[4];
    const std::filesystem::path bundle = std::filesystem::absolute(argv[7]);
    {
      const auto vault =
          atp::open_vault(environment, argv[1], atp::load_keys(*environment.files, argv[2]));
      const atp::ExportSelection selected{
          {atp::StreamId(segment.parent_path()), atp::SegmentId(segment.filename())},
          atp::RecordRange{std::stoull(argv[5]), std::stoull(argv[6]) - 1}};
      atp::export_records(*vault, {atp::find_point(*vault, argv[3]), {selected}, bundle});
    }
    // From here on, no vault and no secret: only the bundle and a trust policy.
    const atp::TrustPolicy trust =
        atp::load_trust_policy(*environment.files, std::filesystem::path(argv[2]) / "trust.json");
    const atp::CheckedExport checked = atp::verify_export(*environment.files, bundle, trust);
    for (const atp::Check& check : checked.report.failures()) {
      std::cout << check.name << " " << check.subject << " " << check.found << "\n";
    }
    if (checked.manifest) {
      std::cout << checked.manifest->records << " records, " << checked.manifest->files.size()
                << " files\n";
    }
    return checked.report.exit_code();
  } catch (const atp::Error& error) {
    std::cerr << "export_records: " << error.what() << "\n";
    return atp::error_kind_info(error.kind()).exit_code;
  }
}
