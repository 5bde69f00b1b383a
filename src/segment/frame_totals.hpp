// SPDX-License-Identifier: Apache-2.0
/// What an index says of its segment as a whole.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "atp/core/time.hpp"
#include "atp/segment/package_index.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

struct FrameTotals {
  std::uint64_t records = 0;
  std::uint64_t opaque_records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t compressed_bytes = 0;
  std::optional<Time> first_time = {};
  std::optional<Time> last_time = {};

  /// Widens the span of times to `[first, last]`, both included; absent ends change nothing.
  void widen(const std::optional<Time>& first, const std::optional<Time>& last) {
    if (first && (!first_time || *first < *first_time)) first_time = first;
    if (last && (!last_time || *last > *last_time)) last_time = last;
  }
};

inline FrameTotals total(std::span<const FrameEntry> frames) {
  FrameTotals totals;
  for (const FrameEntry& entry : frames) {
    totals.records += entry.records;
    totals.opaque_records += entry.opaque_records;
    totals.bytes += entry.raw_size;
    totals.compressed_bytes += entry.compressed_size;
    totals.widen(entry.first_time, entry.last_time);
  }
  return totals;
}

}  // namespace segment
}  // namespace v0
}  // namespace atp
