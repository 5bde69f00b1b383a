// SPDX-License-Identifier: Apache-2.0
/// doctor.
#include "atp/vault/recovery.hpp"
#include "atp/view/vaults.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/options.hpp"

namespace atp::cli {
namespace {

int run(const Session& session, const VaultArguments& arguments) {
  const auto vault = vault_of(system_environment(), arguments);
  const auto findings = examine(*vault, arguments.dry_run ? Mending::report_only : Mending::mend);
  int exit_code = 0;
  for (const Finding& finding : findings) {
    if (finding.error) exit_code = graver(exit_code, damage_exit_code(*finding.error));
    const Colour colour = finding.state == FindingState::good     ? Colour::good
                          : finding.state == FindingState::mended ? Colour::warn
                                                                  : Colour::bad;
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
}

}  // namespace atp::cli
