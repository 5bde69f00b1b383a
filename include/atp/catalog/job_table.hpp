// SPDX-License-Identifier: Apache-2.0
/// The jobs of a vault: who writes, or did when its process ended. Not restored by a rebuild.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/core/ids.hpp"
#include "atp/core/time.hpp"

namespace atp {
inline namespace v0 {

enum class JobState { running, completed, failed };

/// Durable before the job's first write to the store.
struct JobRow {
  std::string job_id;  ///< 32 hexadecimal digits.
  TenantId tenant;
  std::string kind;  ///< `backup`, `resolve`, or the rule of the act: `export`, `clock.correct`.
  JobState state;
  Time started_at;
  std::string recovery_point_id = {};  ///< The point that a backup makes; empty for others.
  bool operator==(const JobRow&) const = default;
};

/// Throws as `Catalog` says.
class ATP_EXPORT JobTable {
 public:
  virtual ~JobTable() = default;

  /// Throws: already_exists.
  virtual void begin_job(const JobRow& job) = 0;
  /// Throws: not_found.
  virtual void end_job(const std::string& job_id, JobState state) = 0;
  /// In order of their start.
  virtual std::vector<JobRow> running_jobs() = 0;
  virtual std::vector<JobRow> running_jobs(const TenantId& tenant) = 0;
  virtual std::optional<JobRow> job(const std::string& job_id) = 0;
};

}  // namespace v0
}  // namespace atp
