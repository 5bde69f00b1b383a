// SPDX-License-Identifier: Apache-2.0
/// Makes a vault, backs a folder up, restores it: service FOLDER SOURCE. An error of the library is
/// caught here, on the other side of a shared library.
#include <atp/backup/take_backup.hpp>
#include <atp/core/error.hpp>
#include <atp/core/version.hpp>
#include <atp/net/http_client.hpp>
#include <atp/restore/restore.hpp>
#include <atp/vault/vault_folder.hpp>
#include <iostream>

int main(int, char** argv) {
  const atp::Path folder = argv[1];
  const atp::Environment environment = atp::system_environment();
  atp::create_vault(environment, folder / "vault",
                    {.region = atp::Region("local"), .keys = folder / "keys"});
  const auto vault = atp::open_vault(environment, folder / "vault",
                                     atp::load_keys(*environment.files, folder / "keys"));
  const auto source = atp::segment_folder(environment.files, argv[2]);
  atp::BackupOptions options{.tenant = atp::TenantId("acme")};
  const auto taken = atp::take_backup(*vault, *source, options);
  const auto restored =
      atp::restore_point(vault->store(), *environment.files, *environment.random,
                         find_point(vault->store(), taken.recovery_point_id), folder / "restored",
                         vault->trust(), vault->keys().identities, {});
  try {
    atp::make_http_client({})->send("no URL", {.method = "GET"}, {});
  } catch (const atp::Error& error) {
    std::cerr << error.what() << "\n";
  }
  try {
    atp::open_vault(environment, folder / "none", {});
  } catch (const atp::Error& error) {
    std::cerr << atp::kVersion << " " << atp::error_kind_info(error.kind()).name << "\n";
  }
  std::cout << taken.recovery_point_id << "\n";
  return restored.report.exit_code();
}
