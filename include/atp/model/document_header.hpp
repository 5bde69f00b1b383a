// SPDX-License-Identifier: Apache-2.0
/// What all signed documents have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "atp/core/ids.hpp"
#include "atp/core/time.hpp"

namespace atp {
inline namespace v0 {

/// What every signed document begins with.
struct DocumentHeader {
  std::uint64_t format_version = 1;     ///< At most the newest of the document's type.
  std::string vault_id;                 ///< 32 hexadecimal digits.
  std::optional<TenantId> tenant = {};  ///< Absent only in `vault` documents.
  std::string nonce;                    ///< 32 random hexadecimal digits.
  Time created_at = {};
  bool operator==(const DocumentHeader&) const = default;
};

}  // namespace v0
}  // namespace atp
