// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"

#include <algorithm>

#include "atp/core/version.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"

namespace atp::cli {

CommandLine::CommandLine() {
  app_.require_subcommand(1);
  app_.set_version_flag("--version", std::string(kVersion));
  app_.fallthrough();
  app_.add_flag("--json", chosen_.json, "Print JSON on standard output");
  app_.add_flag("--quiet", chosen_.quiet, "Print no progress and no notes");
  add_init(*this);
  add_backup(*this);
  add_points(*this);
  add_show(*this);
  add_verify(*this);
  add_restore(*this);
  add_catalog(*this);
  add_doctor(*this);
  add_prove(*this);
  add_check_proof(*this);
  add_export(*this);
  add_verify_export(*this);
  add_ledger(*this);
  add_keys(*this);
  add_trust(*this);
  add_witness(*this);
  add_approve(*this);
}

CLI::App& CommandLine::add_family(const std::string& name, const std::string& text) {
  CLI::App* family = app_.add_subcommand(name, text);
  family->require_subcommand(1);
  return *family;
}

const Chosen& CommandLine::parse(int argc, char** argv, int& exit_code) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::Success& done) {
    exit_code = app_.exit(done);
    return chosen_;
  } catch (const CLI::ParseError& error) {
    const bool json = std::find(argv, argv + argc, std::string_view("--json")) != argv + argc;
    Console({.json = json})
        .error({ErrorKind::invalid_argument, "command line",
                std::string(error.what()) + " (atp --help, atp COMMAND --help)"});
    exit_code = kExitUsage;
    return chosen_;
  }
  return chosen_;
}

}  // namespace atp::cli
