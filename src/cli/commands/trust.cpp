// SPDX-License-Identifier: Apache-2.0
/// trust show, trust add, trust rule.
#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/model/trust_policy_file.hpp"
#include "atp/view/text.hpp"
#include "atp/view/vaults.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"

namespace atp::cli {
namespace {

constexpr std::size_t kPublicKeyLimit = 64 << 10;

struct AddArguments : VaultArguments {
  std::string role;
  std::string name;
  Path key;
  Path root;
  Path signer;
  std::vector<std::string> policies;
  bool required = false;
  std::vector<std::string> roles;
  std::optional<std::string> url;
  std::optional<std::uint64_t> threshold;
};

struct RuleArguments : VaultArguments {
  std::string action;
  std::vector<std::string> roles;
  std::optional<std::uint64_t> threshold;
};

/// The trust policy that `trust` verbs are about.
Path policy_path(const Environment& environment, const VaultArguments& arguments) {
  if (arguments.trust) return *arguments.trust;
  return key_paths(key_folder(environment, arguments)).trust;
}

void change_policy(const Session& session, const VaultArguments& arguments, const std::string& done,
                   const std::function<void(TrustPolicy&)>& change) {
  const Environment environment = system_environment();
  const Path path = policy_path(environment, arguments);
  TrustPolicy policy;
  if (arguments.dry_run) {
    policy = load_trust_policy(*environment.files, path);
    change(policy);
    parse_trust_policy(print_trust_policy(policy));
  } else {
    policy = change_trust_policy(*environment.files, *environment.random, path, change);
  }
  session.console.object({{"file", json_text(path.string())},
                          {"dryRun", arguments.dry_run},
                          {"policy", to_json(policy)}});
  session.console.line((arguments.dry_run ? "would write " : "wrote ") + printable(path.string()) +
                       ": " + done);
}

std::string validity(const TrustedKey& trusted) {
  std::string text;
  if (trusted.not_before) text += ", from " + format_time(*trusted.not_before);
  if (trusted.not_after) text += ", until " + format_time(*trusted.not_after);
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void print_policy(Console& console, const TrustPolicy& policy) {
  console.line("vault " + policy.vault_id + ", domain " + policy.domain);
  for (const TrustedKey& trusted : policy.keys) {
    console.line("  " + std::string(to_string(trusted.role)) + (trusted.name.empty() ? "" : " ") +
                 trusted.name + ": " + std::string(to_string(trusted.key.algorithm())) + " " +
                 trusted.key.id() + validity(trusted));
  }
  if (policy.witnesses) {
    console.line("a checkpoint needs " + counted(policy.witnesses->threshold, "witness"));
    for (const auto& [name, url] : policy.witnesses->addresses) {
      console.line("  " + name + " is asked at " + url);
    }
  }
  if (policy.timestamps) {
    console.line(policy.timestamps->required ? "a recovery point needs a time-stamp"
                                             : "a recovery point is to have a time-stamp");
    for (const TimestampAuthority& authority : policy.timestamps->authorities) {
      console.line("  " + authority.name + ": signer " + authority.signers.front().hex() +
                   ", policy " + joined(authority.policies));
    }
    for (const auto& [name, url] : policy.timestamps->addresses) {
      console.line("  " + name + " is asked at " + url);
    }
  }
  for (const Approver& approver : policy.approvals.approvers) {
    console.line("approver " + approver.name + ": " + joined(approver.roles));
  }
  for (const ApprovalRule& rule : policy.approvals.rules) {
    console.line(rule.action + " needs " + std::to_string(rule.threshold) +
                 " persons, among them " + joined(rule.roles));
  }
}

PublicKey read_public_key(const Environment& environment, const Path& path) {
  try {
    return PublicKey::from_pem(read_input(environment, path, kPublicKeyLimit));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_argument) throw;
    throw Error(error.kind(), path.string(), error.message());
  }
}

/// Says what is missing before anything is read.
void expect(bool given, const char* option, const std::string& role) {
  if (given) return;
  throw Error(ErrorKind::invalid_argument, option, "expected for the role " + role);
}

void add_key(TrustPolicy& policy, const Environment& environment, const AddArguments& arguments,
             KeyRole role) {
  expect(!arguments.key.empty(), "--key", arguments.role);
  policy.keys.push_back(
      {.key = read_public_key(environment, arguments.key), .role = role, .name = arguments.name});
}

void set_address(std::vector<ServiceAddress>& addresses, const AddArguments& arguments) {
  if (!arguments.url) return;
  std::erase_if(addresses,
                [&](const ServiceAddress& address) { return address.name == arguments.name; });
  addresses.push_back({.name = arguments.name, .url = *arguments.url});
}

void add_witness(TrustPolicy& policy, const Environment& environment,
                 const AddArguments& arguments) {
  auto& witnesses = policy.witnesses;
  if (!witnesses) witnesses = WitnessPolicy{.threshold = 1};
  if (arguments.threshold) witnesses->threshold = *arguments.threshold;
  set_address(witnesses->addresses, arguments);
  add_key(policy, environment, arguments, KeyRole::witness);
}

/// What was stamped before stays stamped: signers and policies are added to those there are.
void extend(TimestampAuthority& known, const TimestampAuthority& added) {
  if (known.root != added.root) {
    throw Error(ErrorKind::invalid_argument, known.name,
                "expected its root, found another: give another authority another name");
  }
  const auto add = [](auto& to, const auto& from) {
    for (const auto& each : from) {
      if (std::ranges::find(to, each) == to.end()) to.push_back(each);
    }
  };
  add(known.signers, added.signers);
  add(known.policies, added.policies);
}

void add_authority(TrustPolicy& policy, const Environment& environment,
                   const AddArguments& arguments) {
  expect(!arguments.root.empty(), "--root", "authority");
  expect(!arguments.signer.empty(), "--signer", "authority");
  auto& timestamps = policy.timestamps;
  if (!timestamps) timestamps = TimestampPolicy{.required = false};
  timestamps->required = timestamps->required || arguments.required;
  TimestampAuthority added = make_timestamp_authority(
      arguments.name, read_input(environment, arguments.root, kPublicKeyLimit),
      read_input(environment, arguments.signer, kPublicKeyLimit), arguments.policies);
  auto& authorities = timestamps->authorities;
  const auto known = std::ranges::find(authorities, arguments.name, &TimestampAuthority::name);
  if (known == authorities.end()) {
    authorities.push_back(std::move(added));
  } else {
    extend(*known, added);
  }
  set_address(timestamps->addresses, arguments);
}

void add_approver(TrustPolicy& policy, const Environment& environment,
                  const AddArguments& arguments) {
  auto& approvers = policy.approvals.approvers;
  const auto known = std::ranges::find(approvers, arguments.name, &Approver::name);
  if (known == approvers.end()) {
    expect(!arguments.roles.empty(), "--as", "approver");
    approvers.push_back({.name = arguments.name, .roles = arguments.roles});
  } else if (!arguments.roles.empty()) {
    known->roles = arguments.roles;
  }
  add_key(policy, environment, arguments, KeyRole::approver);
}

int show(const Session& session, const VaultArguments& arguments) {
  const Environment environment = system_environment();
  const TrustPolicy policy =
      load_trust_policy(*environment.files, policy_path(environment, arguments));
  if (session.console.json()) {
    session.console.object(to_json(policy));
  } else {
    print_policy(session.console, policy);
  }
  return 0;
}

int add(const Session& session, const AddArguments& arguments) {
  const Environment environment = system_environment();
  change_policy(session, arguments, "added " + arguments.role + " " + arguments.name,
                [&](TrustPolicy& policy) {
                  if (arguments.role == "witness") {
                    add_witness(policy, environment, arguments);
                  } else if (arguments.role == "authority") {
                    add_authority(policy, environment, arguments);
                  } else {
                    add_approver(policy, environment, arguments);
                  }
                });
  return 0;
}

int rule(const Session& session, const RuleArguments& arguments) {
  change_policy(
      session, arguments, arguments.action + " needs approvals", [&](TrustPolicy& policy) {
        auto& rules = policy.approvals.rules;
        const ApprovalRule* known = policy.approvals.find_rule(arguments.action);
        const std::uint64_t threshold = arguments.threshold.value_or(known ? known->threshold : 2);
        std::erase_if(rules,
                      [&](const ApprovalRule& rule) { return rule.action == arguments.action; });
        rules.push_back(
            {.action = arguments.action, .threshold = threshold, .roles = arguments.roles});
      });
  return 0;
}

void add_add(CommandLine& line, CLI::App& trust) {
  auto [command, arguments] =
      line.add(trust, "add", "Add a witness, a time-stamping authority or an approver", add);
  add_keys_options(command, arguments);
  add_trust_option(command, arguments);
  command.add_option("--role", arguments.role, "witness, authority or approver")
      ->required()
      ->check(CLI::IsMember({"witness", "authority", "approver"}));
  command.add_option("--name", arguments.name, "Of the service, or of the person")->required();
  command.add_option("--key", arguments.key,
                     "Public key of a witness or an approver in PEM (openssl pkey -pubout)");
  command.add_option("--root", arguments.root, "Root certificate of an authority, in PEM");
  command.add_option("--signer", arguments.signer, "Certificate that it signs with, in PEM");
  command.add_option("--policy", arguments.policies,
                     "Policy of its time-stamps, a dotted OID; repeatable");
  command.add_flag("--required", arguments.required,
                   "Believe nothing without a time-stamp (default: say where there is none)");
  command.add_option("--as", arguments.roles, "Role an approver approves in; repeatable");
  command.add_option("--url", arguments.url, "Where the service is asked");
  command.add_option("--threshold", arguments.threshold,
                     "How many witnesses a checkpoint needs (default: 1 at first)");
  add_dry_run(command, arguments.dry_run);
}

void add_rule(CommandLine& line, CLI::App& trust) {
  auto [command, arguments] = line.add(trust, "rule", "Say which approvals an act needs", rule);
  add_keys_options(command, arguments);
  add_trust_option(command, arguments);
  command.add_option("--action", arguments.action, "clock.correct, export or halt.resolve")
      ->required();
  command.add_option("--as", arguments.roles, "Role that must be among them; repeatable")
      ->required();
  command.add_option("--threshold", arguments.threshold, "How many different persons (default: 2)");
  add_dry_run(command, arguments.dry_run);
}

}  // namespace

void add_trust(CommandLine& line) {
  CLI::App& trust = line.add_family("trust", "Look at a trust policy, and add to it");
  const auto shown = line.add(trust, "show", "Check a trust policy and print it", show);
  add_keys_options(shown.command, shown.arguments);
  add_trust_option(shown.command, shown.arguments);
  add_add(line, trust);
  add_rule(line, trust);
}

}  // namespace atp::cli
