// SPDX-License-Identifier: Apache-2.0
/// prove.
#include "atp/core/error.hpp"
#include "atp/vault/points.hpp"
#include "atp/verify/record_proof.hpp"
#include "atp/view/exports.hpp"
#include "atp/view/text.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"

namespace atp::cli {
namespace {

struct Arguments : VaultArguments {
  std::string point;
  std::optional<std::string> record;
  std::optional<std::string> record_id;
  Path to;
};

/// `STREAM/SEGMENT:N`.
RecordPlace parse_place(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto number = colon == std::string::npos
                          ? std::nullopt
                          : parse_number(std::string_view(text).substr(colon + 1));
  if (!number) {
    throw Error(ErrorKind::invalid_argument, "--record " + text,
                "expected STREAM/SEGMENT:N, N from 0 (default/SEGMENT:N for flat files)");
  }
  return {parse_segment_name(text.substr(0, colon)), *number};
}

/// Nothing where no record that could be read has the id, and others could not.
std::optional<RecordPlace> find_place(const Session& session, const Arguments& arguments,
                                      ObjectStore& store, const PointName& point,
                                      const Keys& keys) {
  if (arguments.record) return parse_place(*arguments.record);
  const auto [places, unsearched] = find_records(store, point, *arguments.record_id, *keys.trust,
                                                 keys.identities, &session.console, session.stop);
  session.console.end_progress();
  if (places.size() == 1) return places.front();
  const std::string subject = "--record-id " + *arguments.record_id;
  if (places.empty() && unsearched > 0) {
    session.console.object(
        {{"recoveryPointId", arguments.point}, {"record", nullptr}, {"unsearched", unsearched}});
    session.console.note(printable(subject) + ": not found in what could be read of " +
                         arguments.point + ": " + counted(unsearched, "record") +
                         " no strict JSON; whether one of them has this id is not known");
    return std::nullopt;
  }
  if (places.empty()) {
    throw Error(ErrorKind::not_found, subject, "no record of " + arguments.point + " has this id");
  }
  throw Error(ErrorKind::invalid_argument, subject,
              "is the id of " + std::to_string(places.size()) + " records, such as " +
                  place_text(places[0]) + " and " + place_text(places[1]) +
                  ": say which with --record");
}

int run(const Session& session, const Arguments& arguments) {
  const Environment environment = system_environment();
  const auto store = open_store(environment, arguments.vault);
  if (!arguments.to.empty()) require_outside(arguments.to, arguments.vault);
  const Keys keys = keys_of(environment, arguments);
  require_trust(keys);
  const PointName point = find_point(environment, arguments.vault, *store, arguments.point);
  const auto place = find_place(session, arguments, *store, point, keys);
  if (!place) return kExitPartial;
  const std::string proof =
      prove_record(*store, point, *place, *keys.trust, keys.identities, session.stop);
  Json::Object object{{"recoveryPointId", arguments.point}, {"record", place_text(*place)}};
  if (arguments.to.empty()) {
    object.emplace("proof", proof);
    if (!session.console.json()) std::cout << proof;
  } else {
    write_file_durably(*environment.files, *environment.random, absolute_path(arguments.to),
                       as_bytes(proof), kPrivateFile);
    object.emplace("file", json_text(arguments.to.string()));
    session.console.line("proof of " + printable(place_text(*place)) + " written to " +
                         printable(arguments.to.string()));
  }
  session.console.object(object);
  return 0;
}

}  // namespace

void add_prove(CommandLine& line) {
  auto [command, arguments] = line.add(
      line.app(), "prove", "Prove to an outsider that a record is in a recovery point", run);
  add_point(command, arguments.point);
  auto* which = command.add_option_group("which", "Which record");
  which->add_option("--record", arguments.record,
                    "STREAM/SEGMENT:N, N counts from 0 (default/SEGMENT:N for flat files)");
  which->add_option("--record-id", arguments.record_id,
                    "Its own id, in the field that `--map id=PATH` names (default: id)");
  which->require_option(1);
  command.add_option("--to", arguments.to, "New file (default: standard output)");
  add_keys_options(command, arguments);
  add_trust_option(command, arguments);
}

}  // namespace atp::cli
