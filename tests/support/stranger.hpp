// SPDX-License-Identifier: Apache-2.0
/// T103: a verifier that shares no code with ours judges the vaults that tests make.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>

#include "atp/core/error.hpp"
#include "atp/ledger/ledger.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "atp/verify/verify.hpp"
#include "support/command.hpp"
#include "support/sanitized.hpp"
#include "support/shared_data.hpp"
#include "support/temp_dir.hpp"

namespace atp::test {

/// Whether every ledger holds, and every completed point verifies to its last record; nothing where
/// something of a point could not be checked.
inline std::optional<bool> our_verdict(ObjectStore& store, const TrustPolicy& trust,
                                       std::span<const age::Identity> identities) {
  bool sound = true;
  for (const TenantId& tenant : list_tenants(store)) {
    const LedgerReading ledger = read_ledger(store, &trust, tenant);
    const Report audit = audit_ledger(store, tenant, trust, {.workers = 1}).report;
    for (const Check& check : audit.failures()) {
      // What the newest checkpoint lacks says nothing of a point; the stranger asks for theirs.
      if (check.name != "ledger.timestamp" && check.name != "ledger.cosignatures") sound = false;
    }
    for (const LedgerEntry& entry : ledger.entries) {
      if (entry.statement.action != "recovery_point.completed") continue;
      const auto verdict =
          verify_point(store, find_point(store, entry.statement.subject_id.value_or("")), &trust,
                       identities, {.workers = 1})
              .verdict();
      if (verdict == CheckState::not_checked) return std::nullopt;
      if (verdict != CheckState::verified) sound = false;
    }
  }
  return sound;
}

/// The stranger agrees with us on a vault, whatever a test did to it. One that cannot be read, or
/// not looked at to its end, is nobody's to judge.
inline void expect_stranger_agrees(ObjectStore& store, const TrustPolicy& trust,
                                   std::span<const age::Identity> identities,
                                   const std::string& trust_json, const std::string& identity) {
  if (kSanitized) return;  // One build is enough.
  if (output_of("for tool in python3 openssl age zstd; do command -v $tool; done | wc -l") !=
      "4\n") {
    if (in_ci()) ADD_FAILURE() << "python3, openssl, age or zstd is missing";
    return;
  }
  std::optional<bool> ours = {};
  const TempDir folder;
  const auto write = [&](const std::string& name, std::string_view text) {
    const auto path = folder.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  };
  try {
    ours = our_verdict(store, trust, identities);
    for_each_key(store, "", [&](const std::string& key) {
      write("store/" + key, as_text(get_object(store, key, 64 << 20)));
    });
  } catch (const Error&) {
    return;
  }
  if (!ours) return;
  write("trust.json", trust_json);
  write("identity", identity);
  const std::string in = folder.path().string();
  const std::string said =
      output_of("python3 " + (project_path() / "tests/stranger/verify.py").string() + " vault " +
                in + "/store " + in + "/trust.json --identity " + in + "/identity 2>&1; echo $?");
  EXPECT_EQ(*ours, said.ends_with("\n0\n") || said == "0\n") << "the stranger: " << said;
}

}  // namespace atp::test
