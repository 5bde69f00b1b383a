// SPDX-License-Identifier: Apache-2.0
/// To whom the packages of a month are sealed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/model/document_header.hpp"

namespace atp {
inline namespace v0 {

/// `keys/<tenant>/<epoch>/<20-digit index>.json`: the recipient of everything sealed in an epoch.
struct ATP_EXPORT KeyEpoch {
  static constexpr std::string_view type = "keyEpoch";
  DocumentHeader header;
  std::string epoch;      ///< `yyyymm` of the writer's UTC clock.
  std::uint64_t index;    ///< 0, then one more with each rotation of the wraps.
  std::string recipient;  ///< `age1...`; the same at every index.
  std::string wrap_key;   ///< Key of the wrapped identity.
  Digest wrap_sha256;
  bool operator==(const KeyEpoch&) const = default;
};

}  // namespace v0
}  // namespace atp
