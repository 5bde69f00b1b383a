// SPDX-License-Identifier: Apache-2.0
/// Progress of work on many packages, in verify/ and restore/.
#pragma once

#include <string_view>
#include <vector>

#include "atp/core/progress.hpp"
#include "atp/verify/resolved_point.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

/// What there is to do, in stored bytes of packages.
inline Progress total_of(std::string_view stage,
                         const std::vector<const ResolvedSegment*>& segments) {
  Progress total{.stage = stage, .items_total = segments.size()};
  for (const ResolvedSegment* segment : segments) total.bytes_total += segment->stored_bytes();
  return total;
}

/// Options that count what a scan reads.
inline ScanOptions scan_options(ProgressMeter& meter, const std::stop_token& stop) {
  return {.stop = stop, .on_bytes = [&meter](std::uint64_t bytes) { meter.add(bytes, 0); }};
}

}  // namespace verify
}  // namespace v0
}  // namespace atp
