// SPDX-License-Identifier: Apache-2.0
/// ledger anchor, witness.
#include <iostream>

#include "atp/core/error.hpp"
#include "atp/ledger/witness.hpp"
#include "atp/net/http_server.hpp"
#include "atp/vault/anchor.hpp"
#include "atp/view/ledgers.hpp"
#include "cli/reports.hpp"
#include "cli/session.hpp"

namespace atp::cli {
namespace {

constexpr std::string_view kAddCheckpoint = "/add-checkpoint";

HttpResponse text_response(int status, std::string_view content_type, const std::string& body) {
  return {.status = status, .headers = {{"Content-Type", std::string(content_type)}}, .body = body};
}

HttpServerOptions server_options(const Arguments& arguments) {
  HttpServerOptions options{.address = arguments.address, .port = arguments.port};
  options.limits.body_bytes = kWitnessRequestLimit;
  if (arguments.tls_certificate) {
    options.tls = HttpServerTls{.certificates = *arguments.tls_certificate,
                                .private_key = *arguments.tls_key};
  }
  return options;
}

/// A line for each request: what came of it, never what came.
void log(Console& console, std::mutex& mutex, const WitnessReply& reply, std::string_view body) {
  const auto request = parse_witness_request(body);
  const auto checkpoint = request ? parse_checkpoint(request->note) : std::nullopt;
  const std::lock_guard lock(mutex);
  console.note(
      std::to_string(reply.status) +
      (checkpoint ? " " + checkpoint->origin + " size " + std::to_string(checkpoint->size) : ""));
}

}  // namespace

int run_ledger_anchor(const Session& session) {
  const Environment environment = system_environment();
  const auto vault = open_vault(environment, session.arguments, KeyUse::trust_only);
  const TenantId tenant(*session.arguments.tenant);
  const Ledger ledger = Ledger::load(vault->store(), vault->trust(), tenant);
  if (ledger.size() == 0) {
    throw Error(ErrorKind::not_found, tenant.str(), "the vault has no ledger of this tenant");
  }
  const Anchors anchors = anchor_ledger(
      *vault, ledger, {.thorough = true, .stop = session.stop, .progress = &session.console});
  session.console.end_progress();
  session.console.object(to_json(anchors));
  print_anchors(session.console, anchors);
  return anchors_exit_code(anchors);
}

int run_witness(const Session& session) {
  const Arguments& arguments = session.arguments;
  const Environment environment = system_environment();
  WitnessOptions options{.folder = absolute_path(arguments.to),
                         .name = arguments.name,
                         .signer = load_person_key(environment, arguments.key)};
  for (const std::string& path : arguments.logs) {
    options.logs.push_back(load_trust_policy(*environment.files, path));
  }
  Witness witness(environment.files, environment.clock, environment.random, std::move(options));
  std::mutex mutex;
  HttpServer server(server_options(arguments), [&](const HttpRequest& request) {
    if (request.target != kAddCheckpoint) return text_response(404, "text/plain", "not found\n");
    if (request.method != "POST") return text_response(405, "text/plain", "POST only\n");
    const WitnessReply reply = witness.add_checkpoint(request.body);
    log(session.console, mutex, reply, request.body);
    return text_response(reply.status, reply.content_type, reply.body);
  });
  session.console.object({{"name", arguments.name},
                          {"address", arguments.address},
                          {"port", std::uint64_t{server.port()}}});
  session.console.line("witness " + arguments.name + " listens on " + arguments.address + ":" +
                       std::to_string(server.port()));
  std::cout.flush();
  server.run(session.stop);
  return 0;
}

}  // namespace atp::cli
