// SPDX-License-Identifier: Apache-2.0
/// The verbs of the command. Each returns its exit code and throws `Error` where it could not be
/// done.
#pragma once

#include <algorithm>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "atp/core/file_system.hpp"
#include "cli/console.hpp"

namespace atp::cli {

/// Exit codes beyond those of error kinds (style.md has them all).
inline constexpr int kExitBug = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitPartial = 3;
inline constexpr int kExitNoVault = 10;
inline constexpr int kExitWrongKey = 12;
inline constexpr int kExitIntegrity = 20;

/// The graver of two exit codes: a failure before what was not checked.
inline int graver(int a, int b) {
  if (a == 0 || b == 0) return std::max(a, b);
  if (a == kExitPartial || b == kExitPartial) return std::max(a, b);
  return std::min(a, b);
}

/// Everything that can be said on the command line.
struct Arguments {
  bool json = false;
  bool quiet = false;
  bool dry_run = false;
  Path vault;
  std::optional<Path> keys = {};
  std::optional<Path> trust = {};
  std::optional<Path> unlock = {};
  std::optional<Path> passphrase_file = {};
  bool passphrase = false;
  std::optional<std::string> recipient = {};
  std::string overlap = "P30D";
  std::string region;
  std::optional<std::string> domain = {};
  std::optional<std::string> tenant = {};
  Path from;
  std::optional<std::string> type = {};
  std::vector<std::string> map = {};
  std::optional<std::string> retention = {};
  bool reread = false;
  bool allow_empty = false;
  bool clock_is_right = false;
  std::optional<std::string> point = {};
  bool all = false;
  std::optional<std::string> segment = {};
  Path old;
  std::optional<std::string> record = {};
  std::optional<std::string> record_id = {};
  std::vector<std::string> records = {};
  std::optional<std::string> stream = {};
  std::string depth = "content";
  Path to;
  std::optional<std::string> since = {};
  std::optional<std::string> until = {};
  unsigned jobs = 0;
  std::string role;
  std::string name;
  Path key;
  std::vector<std::string> roles = {};
  std::string action;
  std::optional<std::string> url = {};
  std::optional<std::uint64_t> threshold = {};
  Path root;
  Path signer;
  std::vector<std::string> policies = {};
  bool required = false;
  std::vector<std::string> logs = {};
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::optional<Path> tls_certificate = {};
  std::optional<Path> tls_key = {};
  std::optional<Path> request = {};
  std::optional<std::string> sha256 = {};
  std::vector<std::string> approvals = {};
  std::string valid_for = "P7D";
};

struct Session {
  const Arguments& arguments;
  Console& console;
  std::stop_token stop = {};
};

int run_init(const Session& session);
int run_backup(const Session& session);
int run_points(const Session& session);
int run_show(const Session& session);
int run_verify(const Session& session);
int run_restore(const Session& session);
int run_catalog_rebuild(const Session& session);
int run_doctor(const Session& session);
int run_prove(const Session& session);
int run_check_proof(const Session& session);
int run_export(const Session& session);
int run_verify_export(const Session& session);
int run_ledger_checkpoint(const Session& session);
int run_ledger_consistency(const Session& session);
int run_ledger_audit(const Session& session);
int run_ledger_publish(const Session& session);
int run_ledger_resolve(const Session& session);
int run_ledger_accept_clock(const Session& session);
int run_ledger_anchor(const Session& session);
int run_witness(const Session& session);
int run_approve(const Session& session);
int run_keys_seal(const Session& session);
int run_keys_rotate(const Session& session);
int run_trust_show(const Session& session);
int run_trust_add(const Session& session);
int run_trust_rule(const Session& session);

}  // namespace atp::cli
