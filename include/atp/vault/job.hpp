// SPDX-License-Identifier: Apache-2.0
/// Jobs: the work of one run that writes, from its row in the catalog to the row's end. The row is
/// durable before the first write to the store, so that whoever comes after a crash finds it and
/// ends what was cut short; the job's lock tells a crash from work that goes on.
#pragma once

#include <functional>
#include <string_view>

#include "atp/catalog/job_table.hpp"
#include "atp/core/export.hpp"
#include "atp/vault/open_tenant.hpp"

namespace atp {
inline namespace v0 {

/// What makes a recovery point; every other kind is an act.
inline constexpr std::string_view kBackupJob = "backup";

/// A row for work that begins now, under a fresh id.
ATP_EXPORT JobRow new_job(const Vault& vault, const TenantId& tenant, std::string_view kind);

/// Does `work` between the beginning and the end of the row of `job`, under whose lock the caller
/// is. After an error of `work` an act that was intended and not done is abandoned, unless the
/// ledger does not hold or the tenant is halted; then, and where the catalog cannot be written any
/// more, the next run ends the row. What `work` has thrown is thrown on.
ATP_EXPORT void run_job(OpenTenant& tenant, const JobRow& job, const std::function<void()>& work);

/// Ends jobs of the tenant whose process is gone: their points are completed where everything is
/// there, what they intended and did not do is abandoned, others are given up. How many there were.
ATP_EXPORT std::size_t finish_lost_jobs(OpenTenant& tenant, unsigned workers);

}  // namespace v0
}  // namespace atp
