// SPDX-License-Identifier: Apache-2.0
/// Takes a recovery point: take_backup VAULT KEYS TENANT SOURCE
#include "atp/backup/take_backup.hpp"

#include <iostream>

#include "atp/core/error.hpp"
#include "atp/vault/vault_folder.hpp"

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: take_backup VAULT KEYS TENANT SOURCE\n";
    return 2;
  }
  try {
    const atp::Environment environment = atp::system_environment();
    const auto vault =
        atp::open_vault(environment, argv[1], atp::load_keys(*environment.files, argv[2]));
    const auto source = atp::segment_folder(environment.files, argv[4]);
    atp::BackupOptions options{.tenant = atp::TenantId(argv[3])};
    const atp::BackupResult result = atp::take_backup(*vault, *source, options);

    std::cout << atp::to_string(result.status) << " " << result.recovery_point_id << "\n"
              << result.segments_new << " new segments, " << result.records << " records\n";
    for (const atp::SkippedInput& each : result.skipped) {
      std::cout << "skipped " << each.name << ": " << each.reason << "\n";
    }
    return 0;
  } catch (const atp::Error& error) {
    std::cerr << "take_backup: " << error.what() << "\n";
    return atp::error_kind_info(error.kind()).exit_code;
  }
}
