// SPDX-License-Identifier: Apache-2.0
/// Rows to put into catalogs, told apart by their numbers.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "atp/catalog/catalog.hpp"

namespace atp::test {

inline const std::string kVaultId = "0123456789abcdef0123456789abcdef";

inline Digest sample_digest(std::uint64_t number) {
  Digest digest;
  for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
    digest.bytes[i] = static_cast<std::byte>(number * 31 + i);
  }
  return digest;
}

/// Any bytes, of a size that makes a few rows fill a page.
inline std::string sample_manifest(std::uint64_t number) {
  std::string manifest = "{\"n\":" + std::to_string(number) + "}";
  while (manifest.size() < 1500) manifest += static_cast<char>(manifest.size() * (number + 7));
  return manifest;
}

inline SegmentRow sample_segment(std::uint64_t sequence, const std::string& tenant = "acme",
                                 const std::string& stream = "audit") {
  return {.tenant = TenantId(tenant),
          .stream = StreamId(stream),
          .sequence = sequence,
          .segment = SegmentId("segment-" + std::to_string(sequence)),
          .manifest_sha256 = sample_digest(sequence),
          .manifest = sample_manifest(sequence)};
}

inline PointRow sample_point(std::uint64_t index, const std::string& tenant = "acme") {
  return {.tenant = TenantId(tenant),
          .ledger_index = index,
          .recovery_point_id = "RP-" + std::to_string(index),
          .created_at = Time(std::chrono::nanoseconds(1'763'884'589'000'000'001 + index)),
          .manifest_sha256 = sample_digest(index + 100),
          .manifest = sample_manifest(index + 100)};
}

inline LedgerHeadRow sample_head(std::uint64_t size, const std::string& tenant = "acme") {
  return {.tenant = TenantId(tenant),
          .term = 0,
          .origin = "vault.invalid/0123456789abcdef/0",
          .size = size,
          .root = sample_digest(size + 200),
          .frontier = {sample_digest(size), sample_digest(size + 1)}};
}

inline JobRow sample_job(std::uint64_t number) {
  return {.job_id = "job-" + std::to_string(number),
          .tenant = TenantId("acme"),
          .kind = "backup",
          .state = JobState::running,
          .started_at = Time(std::chrono::seconds(1'763'884'589 + number)),
          .recovery_point_id = "RP-" + std::to_string(number)};
}

inline StatRow sample_stat(std::uint64_t number) {
  return {.tenant = TenantId("acme"),
          .stream = StreamId("audit"),
          .segment = SegmentId("segment-" + std::to_string(number)),
          .path = "/srv/audit/" + std::to_string(number),
          .size = number * 1000,
          .modified = Time(std::chrono::nanoseconds(5)),
          .changed = Time(std::chrono::nanoseconds(-6)),
          .inode = std::numeric_limits<std::uint64_t>::max() - number,
          .sha256 = sample_digest(number)};
}

}  // namespace atp::test
