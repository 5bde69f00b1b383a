// SPDX-License-Identifier: Apache-2.0
/// keys seal, keys rotate, trust show, trust add, trust rule.
#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/model/trust_policy_file.hpp"
#include "atp/view/text.hpp"
#include "atp/view/vaults.hpp"
#include "cli/session.hpp"

namespace atp::cli {
namespace {

constexpr std::size_t kPublicKeyLimit = 64 << 10;

/// The trust policy that `trust` verbs are about.
Path policy_path(const Environment& environment, const Arguments& arguments) {
  if (arguments.trust) return *arguments.trust;
  return key_paths(key_folder(environment, arguments)).trust;
}

void change_policy(const Session& session, const std::string& done,
                   const std::function<void(TrustPolicy&)>& change) {
  const Environment environment = system_environment();
  const Path path = policy_path(environment, session.arguments);
  TrustPolicy policy;
  if (session.arguments.dry_run) {
    policy = load_trust_policy(*environment.files, path);
    change(policy);
    parse_trust_policy(print_trust_policy(policy));
  } else {
    policy = change_trust_policy(*environment.files, *environment.random, path, change);
  }
  session.console.object({{"file", json_text(path.string())},
                          {"dryRun", session.arguments.dry_run},
                          {"policy", to_json(policy)}});
  session.console.line((session.arguments.dry_run ? "would write " : "wrote ") +
                       printable(path.string()) + ": " + done);
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

void add_key(TrustPolicy& policy, const Environment& environment, const Arguments& arguments,
             KeyRole role) {
  expect(!arguments.key.empty(), "--key", arguments.role);
  policy.keys.push_back(
      {.key = read_public_key(environment, arguments.key), .role = role, .name = arguments.name});
}

void set_address(std::vector<ServiceAddress>& addresses, const Arguments& arguments) {
  if (!arguments.url) return;
  std::erase_if(addresses,
                [&](const ServiceAddress& address) { return address.name == arguments.name; });
  addresses.push_back({.name = arguments.name, .url = *arguments.url});
}

void add_witness(TrustPolicy& policy, const Environment& environment, const Arguments& arguments) {
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
                   const Arguments& arguments) {
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

void add_approver(TrustPolicy& policy, const Environment& environment, const Arguments& arguments) {
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
  Json::Object object = to_json(rotated);
  object.emplace("trust", json_text(key_paths(folder).trust.string()));
  session.console.object(object);
  session.console.line("documents are signed by " + rotated.signing_key_id);
  session.console.line("checkpoints by         " + rotated.ledger_key_id);
  session.console.line("the keys before sign too until " + format_time(rotated.overlap_ends) +
                       ": give verifiers the new " + printable(key_paths(folder).trust.string()) +
                       " by then");
  return 0;
}

int run_trust_show(const Session& session) {
  const Environment environment = system_environment();
  const TrustPolicy policy =
      load_trust_policy(*environment.files, policy_path(environment, session.arguments));
  if (session.console.json()) {
    session.console.object(to_json(policy));
  } else {
    print_policy(session.console, policy);
  }
  return 0;
}

int run_trust_add(const Session& session) {
  const Arguments& arguments = session.arguments;
  const Environment environment = system_environment();
  change_policy(session, "added " + arguments.role + " " + arguments.name,
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

int run_trust_rule(const Session& session) {
  const Arguments& arguments = session.arguments;
  change_policy(session, arguments.action + " needs approvals", [&](TrustPolicy& policy) {
    auto& rules = policy.approvals.rules;
    const ApprovalRule* known = policy.approvals.find_rule(arguments.action);
    const std::uint64_t threshold = arguments.threshold.value_or(known ? known->threshold : 2);
    std::erase_if(rules, [&](const ApprovalRule& rule) { return rule.action == arguments.action; });
    rules.push_back({.action = arguments.action, .threshold = threshold, .roles = arguments.roles});
  });
  return 0;
}

}  // namespace atp::cli
