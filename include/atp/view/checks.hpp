// SPDX-License-Identifier: Apache-2.0
/// Checks and reports as JSON.
#pragma once

#include <vector>

#include "atp/core/export.hpp"
#include "atp/model/json.hpp"
#include "atp/verify/report.hpp"

namespace atp {
inline namespace v0 {

/// name, state, subject, stream, segment, frame, records (first, last), expected, found.
ATP_EXPORT Json::Object to_json(const Check& check);
ATP_EXPORT Json::Array to_json(const std::vector<Check>& checks);

/// recoveryPointId, verdict, checks.
ATP_EXPORT Json::Object to_json(const Report& report);

}  // namespace v0
}  // namespace atp
