// SPDX-License-Identifier: Apache-2.0
/// Why nothing more is written for a tenant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/model/document_header.hpp"

namespace atp {
inline namespace v0 {

/// `halts/<tenant>/<20-digit number>.json`: a tenant whose ledger was found not to be what it was.
/// Numbers count from 0 without gaps. It is in force until a `halt.resolved` statement names it, or
/// a later one.
struct ATP_EXPORT Halt {
  static constexpr std::string_view type = "halt";
  DocumentHeader header;
  std::uint64_t number;
  Time halted_at;       ///< When it was found; `header.created_at` says when it was stored.
  std::string subject;  ///< Key of the object that is not what it was.
  std::string reason;   ///< What was expected, and found.
  /// SHA-256 over the digests of all halts before, as stored, in their order; absent in the first.
  std::optional<Digest> before_sha256 = {};
  bool operator==(const Halt&) const = default;
};

}  // namespace v0
}  // namespace atp
