// SPDX-License-Identifier: Apache-2.0
/// keys seal, keys rotate, trust show, trust add, trust rule.
#include <iostream>

#include "atp/core/error.hpp"
#include "atp/model/trust_policy_file.hpp"
#include "cli/session.hpp"

namespace atp::cli {
namespace {

constexpr std::size_t kPublicKeyLimit = 64 << 10;

/// The trust policy that `trust` verbs are about.
struct PolicyFile {
  explicit PolicyFile(const Session& session)
      : environment(system_environment()),
        path(session.arguments.trust ? *session.arguments.trust
                                     : key_paths(key_folder(environment, session.arguments)).trust),
        policy(load_trust_policy(*environment.files, path)) {}

  void replace(const Session& session, const std::string& done) const {
    if (session.arguments.dry_run) {
      parse_trust_policy(print_trust_policy(policy));
    } else {
      replace_trust_policy(*environment.files, *environment.random, path, policy);
    }
    session.console.object({{"file", json_text(path.string())},
                            {"dryRun", session.arguments.dry_run},
                            {"policy", parse_json(print_trust_policy(policy))}});
    session.console.line((session.arguments.dry_run ? "would write " : "wrote ") +
                         printable(path.string()) + ": " + done);
  }

  Environment environment;
  Path path;
  TrustPolicy policy;
};

std::string validity(const TrustedKey& trusted) {
  std::string text;
  if (trusted.not_before) text += ", from " + format_time(*trusted.not_before);
  if (trusted.not_after) text += ", until " + format_time(*trusted.not_after);
  return text;
}

std::string_view role_name(KeyRole role) {
  switch (role) {
    case KeyRole::document:
      return "document";
    case KeyRole::ledger:
      return "ledger";
    case KeyRole::witness:
      return "witness";
    case KeyRole::approver:
      return "approver";
  }
  return "";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void print_policy(Console& console, const TrustPolicy& policy) {
  console.line("vault " + policy.vault_id + ", domain " + policy.domain);
  for (const TrustedKey& trusted : policy.keys) {
    console.line("  " + std::string(role_name(trusted.role)) + (trusted.name.empty() ? "" : " ") +
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

void add_key(PolicyFile& file, const Arguments& arguments, KeyRole role) {
  expect(!arguments.key.empty(), "--key", arguments.role);
  file.policy.keys.push_back({.key = read_public_key(file.environment, arguments.key),
                              .role = role,
                              .not_before = {},
                              .not_after = {},
                              .name = arguments.name});
}

void set_address(std::vector<ServiceAddress>& addresses, const Arguments& arguments) {
  if (!arguments.url) return;
  std::erase_if(addresses,
                [&](const ServiceAddress& address) { return address.name == arguments.name; });
  addresses.push_back({.name = arguments.name, .url = *arguments.url});
}

void add_witness(PolicyFile& file, const Arguments& arguments) {
  auto& witnesses = file.policy.witnesses;
  if (!witnesses) witnesses = WitnessPolicy{.threshold = 1, .addresses = {}};
  if (arguments.threshold) witnesses->threshold = *arguments.threshold;
  set_address(witnesses->addresses, arguments);
  add_key(file, arguments, KeyRole::witness);
}

void add_authority(PolicyFile& file, const Arguments& arguments) {
  expect(!arguments.root.empty(), "--root", "authority");
  expect(!arguments.signer.empty(), "--signer", "authority");
  auto& timestamps = file.policy.timestamps;
  if (!timestamps)
    timestamps = TimestampPolicy{.required = false, .authorities = {}, .addresses = {}};
  timestamps->required = timestamps->required || arguments.required;
  std::erase_if(timestamps->authorities, [&](const TimestampAuthority& authority) {
    return authority.name == arguments.name;
  });
  timestamps->authorities.push_back(make_timestamp_authority(
      arguments.name, read_input(file.environment, arguments.root, kPublicKeyLimit),
      read_input(file.environment, arguments.signer, kPublicKeyLimit), arguments.policies));
  set_address(timestamps->addresses, arguments);
}

void add_approver(PolicyFile& file, const Arguments& arguments) {
  auto& approvers = file.policy.approvals.approvers;
  const auto known = std::ranges::find(approvers, arguments.name, &Approver::name);
  if (known == approvers.end()) {
    expect(!arguments.roles.empty(), "--as", "approver");
    approvers.push_back({.name = arguments.name, .roles = arguments.roles});
  } else if (!arguments.roles.empty()) {
    known->roles = arguments.roles;
  }
  add_key(file, arguments, KeyRole::approver);
}

}  // namespace

int run_keys_seal(const Session& session) {
  const Environment environment = system_environment();
  const Path folder = key_folder(environment, session.arguments);
  const Sealing sealing(environment, session.arguments);
  seal_keys(*environment.files, *environment.random, folder, sealing.options(),
            key_unlock(environment, session.arguments));
  session.console.object({{"keys", json_text(folder.string())}, {"sealed", true}});
  session.console.line("sealed the keys in " + printable(folder.string()));
  session.console.note("the disk may still hold the blocks of the files in clear");
  return 0;
}

int run_keys_rotate(const Session& session) {
  const Environment environment = system_environment();
  const Path folder = key_folder(environment, session.arguments);
  const Time now = environment.clock->now();
  const RotatedKeys rotated =
      rotate_keys(*environment.files, *environment.random, folder, now,
                  add_period(now, CalendarPeriod::parse(session.arguments.overlap)),
                  key_unlock(environment, session.arguments));
  session.console.object({{"signingKeyId", rotated.signing_key_id},
                          {"ledgerKeyId", rotated.ledger_key_id},
                          {"overlapEnds", format_time(rotated.overlap_ends)},
                          {"trust", json_text(key_paths(folder).trust.string())}});
  session.console.line("documents are signed by " + rotated.signing_key_id);
  session.console.line("checkpoints by         " + rotated.ledger_key_id);
  session.console.line("the keys before sign too until " + format_time(rotated.overlap_ends) +
                       ": give verifiers the new " + printable(key_paths(folder).trust.string()) +
                       " by then");
  return 0;
}

int run_trust_show(const Session& session) {
  const PolicyFile file(session);
  if (session.console.json()) {
    session.console.object(parse_json(print_trust_policy(file.policy)).as_object());
  } else {
    print_policy(session.console, file.policy);
  }
  return 0;
}

int run_trust_add(const Session& session) {
  PolicyFile file(session);
  if (session.arguments.role == "witness") {
    add_witness(file, session.arguments);
  } else if (session.arguments.role == "authority") {
    add_authority(file, session.arguments);
  } else {
    add_approver(file, session.arguments);
  }
  file.replace(session, "added " + session.arguments.role + " " + session.arguments.name);
  return 0;
}

int run_trust_rule(const Session& session) {
  PolicyFile file(session);
  const Arguments& arguments = session.arguments;
  auto& rules = file.policy.approvals.rules;
  std::erase_if(rules, [&](const ApprovalRule& rule) { return rule.action == arguments.action; });
  rules.push_back({.action = arguments.action,
                   .threshold = arguments.threshold.value_or(2),
                   .roles = arguments.roles});
  file.replace(session, arguments.action + " needs approvals");
  return 0;
}

}  // namespace atp::cli
