// SPDX-License-Identifier: Apache-2.0
/// What a recovery point is called. Value type.
#pragma once

#include <string>

#include "atp/core/ids.hpp"

namespace atp {
inline namespace v0 {

/// A recovery point of one tenant: nothing of another need be read to find it.
struct PointName {
  TenantId tenant;
  std::string id;
  bool operator==(const PointName&) const = default;
};

}  // namespace v0
}  // namespace atp
