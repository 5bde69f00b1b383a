// SPDX-License-Identifier: Apache-2.0
/// What a store says of itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/core/ids.hpp"
#include "atp/model/document_header.hpp"

namespace atp {
inline namespace v0 {

/// `vault.json`: what the store belongs to. Put last by `init`.
struct ATP_EXPORT VaultDocument {
  static constexpr std::string_view type = "vault";
  DocumentHeader header;
  Region region;
  std::string domain;
  std::vector<std::string> recipients = {};  ///< age recipients of every key epoch's wraps.
  bool operator==(const VaultDocument&) const = default;
};

}  // namespace v0
}  // namespace atp
