// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "atp/core/version.hpp"

namespace atp::cli {
namespace {

class CommandLine {
 public:
  explicit CommandLine(Arguments& arguments) : arguments_(arguments) {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", std::string(kVersion));
    app_.fallthrough();
    app_.add_flag("--json", arguments_.json, "Print JSON on standard output");
    app_.add_flag("--quiet", arguments_.quiet, "Print no progress and no notes");
    add_init();
    add_backup();
    add_points();
    add_show();
    add_verify();
    add_restore();
    add_catalog();
    add_doctor();
    add_prove();
    add_check_proof();
    add_export();
    add_verify_export();
    add_ledger();
    add_key_verbs();
    add_trust_verbs();
    add_witness();
    add_approve();
  }

  /// Nothing to run where help or the version was asked for; `exit_code` then says so.
  Run parse(int argc, char** argv, int& exit_code) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& done) {
      exit_code = app_.exit(done);
      return nullptr;
    } catch (const CLI::ParseError& error) {
      const bool json = std::find(argv, argv + argc, std::string_view("--json")) != argv + argc;
      Console({.json = json})
          .error({ErrorKind::invalid_argument, "command line",
                  std::string(error.what()) + " (atp --help, atp COMMAND --help)"});
      exit_code = kExitUsage;
      return nullptr;
    }
    return run_;
  }

 private:
  CLI::App* add(CLI::App& parent, const std::string& name, const std::string& text, Run run) {
    CLI::App* command = parent.add_subcommand(name, text);
    command->add_option("VAULT", arguments_.vault, "The vault's folder")->required();
    command->callback([this, run] { run_ = run; });
    return command;
  }

  void add_keys(CLI::App* command) {
    command->add_option("--keys", arguments_.keys,
                        "Folder of the keys (default: <configuration>/atp/<vaultId>)");
    command->add_option("--unlock", arguments_.unlock,
                        "age identity that opens sealed keys (default: unlock.key.age there)");
    command->add_option("--passphrase-file", arguments_.passphrase_file,
                        "File with the passphrase of sealed keys (default: ask on the terminal)");
  }

  void add_sealing(CLI::App* command) {
    auto* passphrase = command->add_flag("--passphrase", arguments_.passphrase,
                                         "Seal the key files with a passphrase");
    command
        ->add_option("--recipient", arguments_.recipient, "Seal the key files to an age recipient")
        ->excludes(passphrase);
  }

  void add_trust(CLI::App* command) {
    command->add_option("--trust", arguments_.trust, "Trust policy (default: trust.json there)");
  }

  void add_dry_run(CLI::App* command) {
    command->add_flag("--dry-run", arguments_.dry_run, "Say what would be done and do nothing");
  }

  void add_jobs(CLI::App* command) {
    command->add_option("--jobs", arguments_.jobs, "Threads (default: two more than cores)")
        ->check(CLI::Range(1, 256));
  }

  void add_init() {
    CLI::App* command = add(app_, "init", "Make a vault and its keys", run_init);
    command->add_option("--region", arguments_.region, "Where the vault's bytes live")->required();
    command->add_option("--domain", arguments_.domain,
                        "Domain in the ledgers' origins (default: <vaultId>.invalid)");
    add_keys(command);
    add_sealing(command);
    add_dry_run(command);
  }

  void add_backup() {
    CLI::App* command =
        add(app_, "backup", "Take a recovery point of a segment folder", run_backup);
    command->add_option("--tenant", arguments_.tenant, "Whose records these are")->required();
    command->add_option("--from", arguments_.from, "Folder of [STREAM/]SEGMENT.jsonl[.gz|.zst]")
        ->required();
    command->add_option("--type", arguments_.type, "full or incremental (the first is full)")
        ->check(CLI::IsMember({"full", "incremental"}));
    command->add_option("--map", arguments_.map,
                        "FIELD=PATH: where a record has time, action, actor.id, subject.id, "
                        "subject.email, subject.phone, id; repeatable");
    command->add_option("--retention", arguments_.retention,
                        "How long segments are kept, such as P7Y (default at first)");
    command->add_flag("--reread", arguments_.reread, "Read known files again, whatever stat says");
    command->add_flag("--allow-empty", arguments_.allow_empty, "Take segments without a byte");
    add_clock(command);
    add_keys(command);
    add_trust(command);
    add_jobs(command);
    add_dry_run(command);
  }

  CLI::App* add_clock(CLI::App* command) {
    command->add_flag("--clock-is-right", arguments_.clock_is_right,
                      "Go on where this machine's clock looks wrong");
    return command;
  }

  void add_points() {
    CLI::App* command = add(app_, "points", "List recovery points", run_points);
    command->add_option("--tenant", arguments_.tenant, "Only this tenant's");
    add_keys(command);
    add_trust(command);
  }

  void add_show() {
    CLI::App* command = add(app_, "show", "Show a recovery point", run_show);
    command->add_option("POINT", arguments_.point, "Id of the recovery point")->required();
    add_keys(command);
    add_trust(command);
  }

  void add_verify() {
    CLI::App* command = add(
        app_, "verify", "Verify recovery points (each tenant's newest, unless told)", run_verify);
    auto* point = command->add_option("POINT", arguments_.point, "Id of the recovery point");
    command->add_flag("--all", arguments_.all, "Every recovery point")->excludes(point);
    command->add_option("--segment", arguments_.segment, "STREAM/SEGMENT: only this package");
    command
        ->add_option("--depth", arguments_.depth,
                     "stored: digests and signatures; content: every record too (default)")
        ->check(CLI::IsMember({"stored", "content"}));
    add_keys(command);
    add_trust(command);
    add_jobs(command);
  }

  void add_restore() {
    CLI::App* command = add(app_, "restore", "Restore a recovery point into a folder", run_restore);
    command->add_option("POINT", arguments_.point, "Id of the recovery point")->required();
    command->add_option("--to", arguments_.to, "New folder, or an unfinished restore of the point")
        ->required();
    auto* stream = command->add_option("--stream", arguments_.stream, "Only this stream");
    command->add_option("--segment", arguments_.segment, "STREAM/SEGMENT: only this one")
        ->excludes(stream);
    command->add_option("--since", arguments_.since,
                        "Only segments with records from this time (RFC 3339, or a date) on");
    command->add_option("--until", arguments_.until,
                        "Only segments with records before this time, or up to this date's end");
    add_keys(command);
    add_trust(command);
    add_jobs(command);
    add_dry_run(command);
  }

  void add_catalog() {
    CLI::App* catalog = app_.add_subcommand("catalog", "Work on the catalog");
    catalog->require_subcommand(1);
    CLI::App* command =
        add(*catalog, "rebuild", "Rebuild the catalog from the store alone", run_catalog_rebuild);
    add_keys(command);
    add_trust(command);
    add_dry_run(command);
  }

  void add_doctor() {
    CLI::App* command =
        add(app_, "doctor", "Look the vault over and mend what a crash left", run_doctor);
    add_keys(command);
    add_trust(command);
    add_dry_run(command);
  }

  void add_prove() {
    CLI::App* command =
        add(app_, "prove", "Prove to an outsider that a record is in a recovery point", run_prove);
    command->add_option("POINT", arguments_.point, "Id of the recovery point")->required();
    auto* which = command->add_option_group("which", "Which record");
    which->add_option("--record", arguments_.record,
                      "STREAM/SEGMENT:N, N counts from 0 (default/SEGMENT:N for flat files)");
    which->add_option("--record-id", arguments_.record_id,
                      "Its own id, in the field that `--map id=PATH` names (default: id)");
    which->require_option(1);
    command->add_option("--to", arguments_.to, "New file (default: standard output)");
    add_keys(command);
    add_trust(command);
  }

  void add_check_proof() {
    CLI::App* command = app_.add_subcommand(
        "check-proof", "Check a proof of a record; needs no vault, only a trust policy");
    command->callback([this] { run_ = run_check_proof; });
    command->add_option("FILE", arguments_.from, "What `atp prove` wrote; - for standard input")
        ->required();
    command->add_option("--trust", arguments_.trust, "Trust policy, from a place you trust")
        ->required();
    command->add_option("--to", arguments_.to, "New file for the record's bytes");
  }

  void add_export() {
    CLI::App* command = add(
        app_, "export", "Hand records of a recovery point over, each with its proof", run_export);
    command->add_option("POINT", arguments_.point, "Id of the recovery point")->required();
    command
        ->add_option("--records", arguments_.records,
                     "STREAM/SEGMENT, STREAM/SEGMENT:N or :N-M, both ends included, N counts from "
                     "0 (default/SEGMENT for flat files); repeatable")
        ->required();
    command->add_option("--to", arguments_.to, "New folder for the bundle");
    add_clock(command);
    add_approvals(command);
    add_keys(command);
    add_trust(command);
    add_dry_run(command);
  }

  void add_verify_export() {
    CLI::App* command = app_.add_subcommand(
        "verify-export", "Check an export bundle; needs no vault, only a trust policy");
    command->callback([this] { run_ = run_verify_export; });
    command->add_option("FOLDER", arguments_.from, "What `atp export` wrote")->required();
    command->add_option("--trust", arguments_.trust, "Trust policy, from a place you trust")
        ->required();
  }

  void add_ledger() {
    CLI::App* ledger = app_.add_subcommand("ledger", "Look a tenant's ledger over, and show it");
    ledger->require_subcommand(1);
    const auto add_verb = [&](const char* name, const char* text, Run run) {
      CLI::App* command = add(*ledger, name, text, run);
      command->add_option("--tenant", arguments_.tenant, "Whose ledger")->required();
      add_keys(command);
      add_trust(command);
      add_jobs(command);
      return command;
    };
    add_verb("checkpoint", "Print the newest checkpoint, for outsiders to keep",
             run_ledger_checkpoint);
    add_verb("consistency", "Check that the ledger goes on from a checkpoint that was kept",
             run_ledger_consistency)
        ->add_option("--old", arguments_.old, "The note that was kept; - for standard input")
        ->required();
    add_verb("audit", "Verify every entry, checkpoint and document", run_ledger_audit);
    add_verb("anchor", "Ask witnesses and time-stamping authorities for what is pending",
             run_ledger_anchor);
    add_resolve(add_verb("resolve", "Let a halted tenant go on, once its ledger is whole again",
                         run_ledger_resolve));
    add_approvals(add_clock(
        add_verb("accept-clock", "Go on after a clock stood ahead", run_ledger_accept_clock)));
    add_verb("publish", "Write the ledger as files that C2SP tlog-tiles clients read",
             run_ledger_publish)
        ->add_option("--to", arguments_.to, "Folder, new or of an earlier publication")
        ->required();
  }

  void add_resolve(CLI::App* command) {
    command->add_option("--old", arguments_.old,
                        "A checkpoint that was kept elsewhere, which it must go on from");
    add_approvals(command);
  }

  /// Of an act that a trust policy may have a rule for.
  void add_approvals(CLI::App* command) {
    auto* request = command->add_option("--request", arguments_.request,
                                        "Only write a request for approvals of it into this file");
    command->add_option("--key", arguments_.key, "Private key of whoever asks for approvals")
        ->needs(request);
    command->add_option("--valid-for", arguments_.valid_for,
                        "How long approvals may take (default: P7D, at most P30D)");
    command
        ->add_option("--approved", arguments_.approvals,
                     "The request, then each approval of it; several files")
        ->excludes(request);
  }

  void add_approve() {
    CLI::App* command = app_.add_subcommand(
        "approve", "Approve what somebody asked for; needs no vault, only a trust policy");
    command->callback([this] { run_ = run_approve; });
    command->add_option("FILE", arguments_.from, "The request; - for standard input")->required();
    command->add_option("--trust", arguments_.trust, "Trust policy, from a place you trust")
        ->required();
    command->add_option("--key", arguments_.key, "Your own private key, in PEM");
    command->add_option("--as", arguments_.role, "The role you approve in");
    command->add_option("--sha256", arguments_.sha256,
                        "Only the request with this digest, as it was shown before");
    command->add_option("--to", arguments_.to, "New file (default: standard output)");
    add_dry_run(command);
  }

  void add_key_verbs() {
    CLI::App* keys = app_.add_subcommand("keys", "Look after the keys of a vault");
    keys->require_subcommand(1);
    CLI::App* seal = add(*keys, "seal", "Seal the key files that are in clear", run_keys_seal);
    add_keys(seal);
    add_sealing(seal);
    CLI::App* rotate =
        add(*keys, "rotate", "Make new signing keys; for a while both sign", run_keys_rotate);
    rotate->add_option("--overlap", arguments_.overlap,
                       "How long the keys before go on signing (default: P30D)");
    add_keys(rotate);
  }

  void add_trust_verbs() {
    CLI::App* trust = app_.add_subcommand("trust", "Look at a trust policy, and add to it");
    trust->require_subcommand(1);
    const auto add_verb = [&](const char* name, const char* text, Run run) {
      CLI::App* command = add(*trust, name, text, run);
      add_keys(command);
      add_trust(command);
      return command;
    };
    add_verb("show", "Check a trust policy and print it", run_trust_show);
    CLI::App* key =
        add_verb("add", "Add a witness, a time-stamping authority or an approver", run_trust_add);
    key->add_option("--role", arguments_.role, "witness, authority or approver")
        ->required()
        ->check(CLI::IsMember({"witness", "authority", "approver"}));
    key->add_option("--name", arguments_.name, "Of the service, or of the person")->required();
    key->add_option("--key", arguments_.key,
                    "Public key of a witness or an approver in PEM (openssl pkey -pubout)");
    key->add_option("--root", arguments_.root, "Root certificate of an authority, in PEM");
    key->add_option("--signer", arguments_.signer, "Certificate that it signs with, in PEM");
    key->add_option("--policy", arguments_.policies,
                    "Policy of its time-stamps, a dotted OID; repeatable");
    key->add_flag("--required", arguments_.required,
                  "Believe nothing without a time-stamp (default: say where there is none)");
    key->add_option("--as", arguments_.roles, "Role an approver approves in; repeatable");
    key->add_option("--url", arguments_.url, "Where the service is asked");
    key->add_option("--threshold", arguments_.threshold,
                    "How many witnesses a checkpoint needs (default: 1 at first)");
    add_dry_run(key);
    CLI::App* rule = add_verb("rule", "Say which approvals an act needs", run_trust_rule);
    rule->add_option("--action", arguments_.action, "clock.correct, export or halt.resolve")
        ->required();
    rule->add_option("--as", arguments_.roles, "Role that must be among them; repeatable")
        ->required();
    rule->add_option("--threshold", arguments_.threshold,
                     "How many different persons (default: 2)");
    add_dry_run(rule);
  }

  void add_witness() {
    CLI::App* command = app_.add_subcommand(
        "witness", "Cosign the checkpoints of others' ledgers (C2SP tlog-witness)");
    command->callback([this] { run_ = run_witness; });
    command->add_option("--state", arguments_.to, "Folder of its memory: never lose it")
        ->required();
    command->add_option("--name", arguments_.name, "Such as witness.example/w1")->required();
    command->add_option("--key", arguments_.key, "Ed25519 private key in PEM, of this witness only")
        ->required();
    command
        ->add_option("--log", arguments_.logs,
                     "Trust policy of a vault whose ledgers it cosigns; repeatable")
        ->required();
    command->add_option("--address", arguments_.address, "Where to listen (default: 127.0.0.1)");
    command->add_option("--port", arguments_.port, "Port (default: any that is free)");
    auto* certificate = command->add_option("--tls-certificate", arguments_.tls_certificate,
                                            "Certificates in PEM, its own first");
    auto* key = command->add_option("--tls-key", arguments_.tls_key, "Its private key in PEM");
    certificate->needs(key);
    key->needs(certificate);
  }

  CLI::App app_{"Backup, restore and verification of audit trails", "atp"};
  Arguments& arguments_;
  Run run_ = nullptr;
};

}  // namespace

Run parse_command_line(int argc, char** argv, Arguments& arguments, int& exit_code) {
  return CommandLine(arguments).parse(argc, argv, exit_code);
}

}  // namespace atp::cli
