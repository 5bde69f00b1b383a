// SPDX-License-Identifier: Apache-2.0
/// Rows of the catalog's tables to and from SQL. Callers hold a transaction where they write.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "atp/catalog/catalog.hpp"
#include "catalog/sqlite.hpp"

namespace atp {
inline namespace v0 {
namespace sqlite {

std::vector<SegmentRow> select_segments(Connection& connection);
std::vector<SegmentRow> select_segments(Connection& connection, const TenantId& tenant);
std::vector<SegmentRow> select_segments(Connection& connection, const TenantId& tenant,
                                        const StreamId& stream, std::uint64_t from,
                                        std::uint64_t limit);
std::optional<SegmentRow> select_segment(Connection& connection, const TenantId& tenant,
                                         const StreamId& stream, const SegmentId& segment);
std::vector<SegmentPlace> select_places(Connection& connection, const TenantId& tenant);
std::vector<StreamHeadRow> select_stream_heads(Connection& connection, const TenantId& tenant);
std::vector<PointRow> select_points(Connection& connection);
std::vector<PointRow> select_points(Connection& connection, const TenantId& tenant);
std::vector<PointRow> select_newest_points(Connection& connection, const TenantId& tenant,
                                           std::uint64_t limit);
std::vector<PointRow> select_points_of(Connection& connection, const std::string& id);
std::vector<TenantId> select_tenants(Connection& connection);
std::vector<LedgerHeadRow> select_heads(Connection& connection);
std::optional<LedgerHeadRow> select_head(Connection& connection, const TenantId& tenant);

/// An equal row already there is success. Throw: corrupt where another one is.
void insert_segments(Connection& connection, const std::vector<SegmentRow>& rows);
void insert_points(Connection& connection, const std::vector<PointRow>& rows);
/// Where it is further than the one recorded. Throws: corrupt where it is as far and another, or
/// of another origin in the same term.
void advance_head(Connection& connection, const LedgerHeadRow& head);
void delete_derived(Connection& connection);

/// Throws: already_exists.
void insert_job(Connection& connection, const JobRow& job);
/// Throws: not_found.
void update_job(Connection& connection, const std::string& job_id, JobState state);
std::vector<JobRow> select_running_jobs(Connection& connection);
std::vector<JobRow> select_running_jobs(Connection& connection, const TenantId& tenant);
std::optional<JobRow> select_job(Connection& connection, const std::string& job_id);

void insert_halt(Connection& connection, const HaltRow& row);
std::vector<HaltRow> select_halts(Connection& connection);
std::optional<HaltRow> select_halt(Connection& connection, const TenantId& tenant);
void delete_halt(Connection& connection, const TenantId& tenant);
std::optional<std::uint64_t> select_resolution(Connection& connection, const TenantId& tenant);
void replace_resolution(Connection& connection, const TenantId& tenant, std::uint64_t ledger_index);

std::optional<KeptRow> select_kept(Connection& connection, const TenantId& tenant);
void replace_kept(Connection& connection, const KeptRow& row);
void delete_kept(Connection& connection);
std::optional<CheckedRow> select_checked(Connection& connection, const TenantId& tenant);
void replace_checked(Connection& connection, const CheckedRow& row);
std::optional<ScrubRow> select_scrub(Connection& connection, const TenantId& tenant,
                                     ScrubKind kind);
void replace_scrub(Connection& connection, const ScrubRow& row);

std::vector<StatRow> select_sealed_stats(Connection& connection, const TenantId& tenant);
std::vector<StatRow> select_stats(Connection& connection, const TenantId& tenant);
/// One row per tenant and path, the last one.
void replace_stats(Connection& connection, const std::vector<StatRow>& rows);

}  // namespace sqlite
}  // namespace v0
}  // namespace atp
