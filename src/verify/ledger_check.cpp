// SPDX-License-Identifier: Apache-2.0
#include "verify/ledger_check.hpp"

#include "atp/storage/layout.hpp"
#include "atp/verify/verify.hpp"

namespace atp::inline v0 {
namespace verify {
namespace {

constexpr const char* kEntries = "ledger.entries";

}  // namespace

LedgerReading check_ledger(const Context& context, std::vector<Check>& checks) {
  const std::string entries = layout::ledger_entries(context.tenant, 0);
  const std::string checkpoints = layout::ledger_checkpoints(context.tenant, 0);
  LedgerReading ledger;
  try {
    ledger = read_ledger(context.store, context.trust, context.tenant);
  } catch (const Error& error) {
    if (!is_finding(error)) throw;
    checks.push_back(failed(kEntries, error.subject().empty() ? entries : error.subject(),
                            "a readable ledger", error.message()));
    return ledger;
  }
  bool sound = true;
  for (const Problem& problem : ledger.problems) {
    const bool of_checkpoint = problem.subject.starts_with(checkpoints);
    sound = sound && of_checkpoint;
    checks.push_back(failed(of_checkpoint ? kCheckpoint : kEntries, problem));
  }
  if (sound) checks.push_back(verified(kEntries, entries));
  if (context.trust == nullptr) {
    checks.push_back(signed_by_trust(context, "ledger.signatures", entries));
  }
  return ledger;
}

}  // namespace verify

Report verify_ledger(ObjectStore& store, const TenantId& tenant, const TrustPolicy* trust,
                     const std::stop_token& stop) {
  const verify::Context context{store, trust, tenant, 1, stop};
  Report report;
  const LedgerReading ledger = verify::check_ledger(context, report.checks);
  if (!ledger.entries.empty() || !ledger.problems.empty()) return report;
  report.checks = {verify::not_checked(verify::kEntries, layout::ledger_entries(tenant, 0),
                                       "there is none, though objects of the tenant are stored: no "
                                       "point of it was completed, or its "
                                       "ledger is gone")};
  return report;
}

}  // namespace atp::inline v0
