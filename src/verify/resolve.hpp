// SPDX-License-Identifier: Apache-2.0
/// The second half of `resolve_point`, for who needs the first half too.
#pragma once

#include <vector>

#include "atp/verify/resolved_point.hpp"
#include "verify/point_chain.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

/// From a chain of points to the segments; `before` are the checks up to there.
ResolvedPoint resolve(const Context& context, const PointChain& points, std::vector<Check> before);

}  // namespace verify
}  // namespace v0
}  // namespace atp
