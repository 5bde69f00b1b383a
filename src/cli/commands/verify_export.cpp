// SPDX-License-Identifier: Apache-2.0
/// verify-export.
#include "atp/verify/export_bundle.hpp"
#include "atp/view/exports.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"
#include "cli/reports.hpp"

namespace atp::cli {
namespace {

struct Arguments {
  Path from;
  Path trust;
};

int run(const Session& session, const Arguments& arguments) {
  const Environment environment = system_environment();
  const TrustPolicy trust = load_trust_policy(*environment.files, arguments.trust);
  const CheckedExport checked = verify_export(*environment.files, absolute_path(arguments.from),
                                              trust, {session.stop, &session.console});
  session.console.end_progress();
  session.console.object(to_json(checked));
  print_report(session.console, printable(arguments.from.string()), checked.report);
  if (checked.manifest) {
    print_manifest(session.console, *checked.manifest, checked.manifest_sha256,
                   *checked.checkpoint);
  }
  return checked.report.exit_code();
}

}  // namespace

void add_verify_export(CommandLine& line) {
  auto [command, arguments] =
      line.add(line.app(), "verify-export",
               "Check an export bundle; needs no vault, only a trust policy", run);
  command.add_option("FOLDER", arguments.from, "What `atp export` wrote")->required();
  add_required_trust(command, arguments.trust);
}

}  // namespace atp::cli
