// SPDX-License-Identifier: Apache-2.0
/// witness.
#include "atp/ledger/witness.hpp"

#include <iostream>
#include <mutex>

#include "atp/net/http_server.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/inputs.hpp"

namespace atp::cli {
namespace {

struct Arguments {
  Path state;
  std::string name;
  Path key;
  std::vector<std::string> logs;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::optional<Path> tls_certificate;
  std::optional<Path> tls_key;
};

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

int run(const Session& session, const Arguments& arguments) {
  const Environment environment = system_environment();
  WitnessOptions options{.folder = absolute_path(arguments.state),
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

}  // namespace

void add_witness(CommandLine& line) {
  auto [command, arguments] = line.add(
      line.app(), "witness", "Cosign the checkpoints of others' ledgers (C2SP tlog-witness)", run);
  command.add_option("--state", arguments.state, "Folder of its memory: never lose it")->required();
  command.add_option("--name", arguments.name, "Such as witness.example/w1")->required();
  command.add_option("--key", arguments.key, "Ed25519 private key in PEM, of this witness only")
      ->required();
  command
      .add_option("--log", arguments.logs,
                  "Trust policy of a vault whose ledgers it cosigns; repeatable")
      ->required();
  command.add_option("--address", arguments.address, "Where to listen (default: 127.0.0.1)");
  command.add_option("--port", arguments.port, "Port (default: any that is free)");
  auto* certificate = command.add_option("--tls-certificate", arguments.tls_certificate,
                                         "Certificates in PEM, its own first");
  auto* key = command.add_option("--tls-key", arguments.tls_key, "Its private key in PEM");
  certificate->needs(key);
  key->needs(certificate);
}

}  // namespace atp::cli
