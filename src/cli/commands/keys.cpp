// SPDX-License-Identifier: Apache-2.0
/// keys seal, keys rotate.
#include "atp/view/text.hpp"
#include "atp/view/vaults.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace atp::cli {
namespace {

struct SealArguments : VaultArguments {
  SealingArguments sealing;
};

struct RotateArguments : VaultArguments {
  std::string overlap = "P30D";
};

int seal(const Session& session, const SealArguments& arguments) {
  const Environment environment = system_environment();
  const Path folder = key_folder(environment, arguments);
  const Sealing sealing(environment, arguments.sealing, arguments.passphrase_file);
  seal_keys(*environment.files, *environment.random, folder, sealing.options(),
            key_unlock(environment, arguments));
  session.console.object({{"keys", json_text(folder.string())}, {"sealed", true}});
  session.console.line("sealed the keys in " + printable(folder.string()));
  session.console.note("the disk may still hold the blocks of the files in clear");
  return 0;
}

int rotate(const Session& session, const RotateArguments& arguments) {
  const Environment environment = system_environment();
  const Path folder = key_folder(environment, arguments);
  const Time now = environment.clock->now();
  const RotatedKeys rotated = rotate_keys(*environment.files, *environment.random, folder, now,
                                          add_period(now, CalendarPeriod::parse(arguments.overlap)),
                                          key_unlock(environment, arguments));
  Json::Object object = to_json(rotated);
  object.emplace("trust", json_text(key_paths(folder).trust.string()));
  session.console.object(object);
  session.console.line("documents are signed by " + rotated.signing_key_id);
  session.console.line("checkpoints by         " + rotated.ledger_key_id);
  session.console.line("the keys before sign too until " + format_time(rotated.overlap_ends) +
                       ": give verifiers the new " + printable(key_paths(folder).trust.string()) +
                       " by then");
  return 0;
}

}  // namespace

void add_keys(CommandLine& line) {
  CLI::App& keys = line.add_family("keys", "Look after the keys of a vault");
  const auto sealing = line.add(keys, "seal", "Seal the key files that are in clear", seal);
  add_keys_options(sealing.command, sealing.arguments);
  add_sealing_options(sealing.command, sealing.arguments.sealing);
  const auto rotation =
      line.add(keys, "rotate", "Make new signing keys; for a while both sign", rotate);
  rotation.command.add_option("--overlap", rotation.arguments.overlap,
                              "How long the keys before go on signing (default: P30D)");
  add_keys_options(rotation.command, rotation.arguments);
}

}  // namespace atp::cli
