// SPDX-License-Identifier: Apache-2.0
/// The tables of a catalog, and what tells its file from others.
///
/// Digests are 32 bytes, times nanoseconds since 1970; manifests and paths are bytes that need not
/// be text. A table's statement is kept by SQLite as it stands here, and compared at `open`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace atp {
inline namespace v0 {
namespace sqlite {

constexpr std::int64_t kApplicationId = 0x41545043;  // "ATPC"
constexpr std::int64_t kSchemaVersion = 5;
constexpr std::int64_t kOldestVersion = 2;
/// How many of the tables below each version had, from `kOldestVersion` on.
inline constexpr std::array<std::size_t, 4> kTablesOf{7, 14, 15, 15};
/// From here on a head has a last leaf only where a checkpoint covers it.
constexpr std::int64_t kCoveredLeaves = 5;

inline constexpr std::array<const char*, 15> kTables{
    R"(CREATE TABLE meta(
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT)",
    R"(CREATE TABLE segments(
  tenant TEXT NOT NULL,
  stream TEXT NOT NULL,
  sequence INTEGER NOT NULL CHECK(sequence >= 0),
  segment TEXT NOT NULL,
  manifest_sha256 BLOB NOT NULL CHECK(length(manifest_sha256) = 32),
  manifest BLOB NOT NULL,
  PRIMARY KEY(tenant, stream, sequence)
) STRICT)",
    R"(CREATE TABLE points(
  tenant TEXT NOT NULL,
  ledger_index INTEGER NOT NULL CHECK(ledger_index >= 0),
  recovery_point_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  manifest_sha256 BLOB NOT NULL CHECK(length(manifest_sha256) = 32),
  manifest BLOB NOT NULL,
  PRIMARY KEY(tenant, ledger_index)
) STRICT)",
    R"(CREATE TABLE ledger_heads(
  tenant TEXT PRIMARY KEY,
  term INTEGER NOT NULL CHECK(term >= 0),
  origin TEXT NOT NULL,
  size INTEGER NOT NULL CHECK(size >= 0),
  root BLOB NOT NULL CHECK(length(root) = 32),
  frontier BLOB NOT NULL CHECK(length(frontier) % 32 = 0)
) STRICT)",
    R"(CREATE TABLE jobs(
  job_id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('running', 'completed', 'failed')),
  started_at INTEGER NOT NULL,
  recovery_point_id TEXT NOT NULL
) STRICT)",
    R"(CREATE TABLE stats(
  tenant TEXT NOT NULL,
  stream TEXT NOT NULL,
  segment TEXT NOT NULL,
  path BLOB NOT NULL,
  size INTEGER NOT NULL CHECK(size >= 0),
  modified INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  sha256 BLOB NOT NULL CHECK(length(sha256) = 32),
  PRIMARY KEY(tenant, path)
) STRICT)",
    R"(CREATE TABLE halts(
  tenant TEXT PRIMARY KEY,
  halted_at INTEGER NOT NULL,
  subject TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT)",
    "CREATE INDEX segments_by_name ON segments(tenant, stream, segment)",
    "CREATE INDEX points_by_id ON points(recovery_point_id)",
    R"(CREATE TABLE kept(
  tenant TEXT PRIMARY KEY,
  documents_until INTEGER NOT NULL,
  policy_version INTEGER NOT NULL CHECK(policy_version >= 0),
  round_until INTEGER NOT NULL,
  round_after TEXT NOT NULL
) STRICT)",
    R"(CREATE TABLE checked(
  tenant TEXT PRIMARY KEY,
  checked_at INTEGER NOT NULL,
  stated_at INTEGER NOT NULL
) STRICT)",
    R"(CREATE TABLE halt_resolutions(
  tenant TEXT PRIMARY KEY,
  ledger_index INTEGER NOT NULL CHECK(ledger_index >= 0)
) STRICT)",
    R"(CREATE TABLE last_leaves(
  tenant TEXT PRIMARY KEY,
  size INTEGER NOT NULL CHECK(size > 0),
  leaf BLOB NOT NULL CHECK(length(leaf) = 32)
) STRICT)",
    "CREATE INDEX running_jobs ON jobs(tenant) WHERE state = 'running'",
    R"(CREATE TABLE scrubs(
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL CHECK(kind IN ('entries', 'packages', 'dates')),
  began_at INTEGER NOT NULL,
  since INTEGER NOT NULL,
  after TEXT NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY(tenant, kind)
) STRICT)"};

static_assert(kTablesOf.size() == kSchemaVersion - kOldestVersion + 1);
static_assert(kTablesOf.back() == kTables.size());

}  // namespace sqlite
}  // namespace v0
}  // namespace atp
