// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace atp {
inline namespace v0 {

/// Records of a segment by number, both ends included.
struct RecordRange {
  std::uint64_t first;
  std::uint64_t last;
  bool operator==(const RecordRange&) const = default;
};

}  // namespace v0
}  // namespace atp
