// SPDX-License-Identifier: Apache-2.0
/// doctor.
#include "atp/vault/doctor.hpp"

#include "atp/view/vaults.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/options.hpp"

namespace atp::cli {
namespace {

struct Arguments : VaultArguments {
  bool take_over = false;
};

int run(const Session& session, const Arguments& arguments) {
  const auto vault = vault_of(system_environment(), arguments);
  const auto findings =
      examine(*vault, {.mending = arguments.dry_run ? Mending::report_only : Mending::mend,
                       .take_over = arguments.take_over});
  int exit_code = 0;
  for (const Finding& finding : findings) {
    if (finding.state == FindingState::doubtful) exit_code = graver(exit_code, kExitPartial);
    if (finding.error) exit_code = graver(exit_code, finding_exit_code(*finding.error));
    const Colour colour = finding.state == FindingState::good  ? Colour::good
                          : finding.state == FindingState::bad ? Colour::bad
                                                               : Colour::warn;
    session.console.line(session.console.paint(colour, to_string(finding.state)) + "  " +
                         finding.name + "  " + printable(finding.subject) + ": " +
                         printable(finding.detail));
  }
  session.console.object(to_json(findings));
  return exit_code;
}

}  // namespace

void add_doctor(CommandLine& line) {
  auto [command, arguments] =
      line.add(line.app(), "doctor", "Look the vault over and mend what a crash left", run);
  add_keys_options(command, arguments);
  add_trust_option(command, arguments);
  add_dry_run(command, arguments.dry_run);
  command.add_flag("--take-over", arguments.take_over,
                   "End open acts that this catalog does not know, of a host that is gone");
}

}  // namespace atp::cli
